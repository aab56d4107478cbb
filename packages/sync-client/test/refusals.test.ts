/**
 * Every code with which the server ends or refuses something, and what becomes of an application that waits in `Realm.open`.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { ErrorAction, ServerMessage } from "@holdfast/sync-protocol";
import { testUser } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

/** What an opening comes to: it fails with a code, it goes on trying, or it opens over another connection. */
type Outcome = { readonly rejects: string; readonly because?: string } | "waits" | "opens";

const ended = (code: string): Outcome => ({ rejects: code });
const loggedOut = (code: string): Outcome => ({ rejects: "USER_LOGGED_OUT", because: code });
const reset = (code: string): Outcome => ({ rejects: "CLIENT_RESET", because: code });

/** As the server sends them: its code, its action, and the client's reaction where it says so again and again. */
const REFUSALS: readonly (readonly [code: string, action: ErrorAction, outcome: Outcome])[] = [
  ["CLIENT_FOREIGN", "reset", reset("CLIENT_FOREIGN")],
  ["HELLO_MISSING", "stop", ended("HELLO_MISSING")],
  ["HELLO_REPEATED", "stop", ended("HELLO_REPEATED")],
  ["HISTORY_LOST", "reset", reset("HISTORY_LOST")],
  ["MESSAGE_MALFORMED", "stop", ended("MESSAGE_MALFORMED")],
  ["PROTOCOL_UNSUPPORTED", "stop", ended("PROTOCOL_UNSUPPORTED")],
  ["QUERY_UNSUPPORTED", "warn", { rejects: "SUBSCRIPTION_INVALID" }],
  ["RESUME_INVALID", "reset", reset("RESUME_INVALID")],
  ["SCHEMA_MISMATCH", "migrate", ended("SCHEMA_MISMATCH")],
  ["SCHEMA_UNSUPPORTED", "migrate", ended("SCHEMA_UNSUPPORTED")],
  ["SERVER_STOPPING", "retry", "waits"],
  ["SESSIONS_TOO_MANY", "retry", "waits"],
  ["SESSION_REPLACED", "stop", "waits"],
  ["SESSION_REVOKED", "refreshToken", loggedOut("SESSION_REVOKED")],
  ["SHARD_CHANGED", "retry", "waits"],
  ["SHARD_UNKNOWN", "stop", ended("SHARD_UNKNOWN")],
  ["STAMP_FOREIGN", "reset", reset("STAMP_FOREIGN")],
  ["STORE_UNAVAILABLE", "retry", "waits"],
  ["TOKEN_EXPIRED", "refreshToken", loggedOut("TOKEN_EXPIRED")],
  ["TOKEN_INVALID", "logOut", loggedOut("TOKEN_INVALID")],
  ["TOO_MANY", "stop", ended("TOO_MANY")],
  ["UPLOAD_DIFFERS", "reset", reset("UPLOAD_DIFFERS")],
  ["UPLOAD_GAP", "reset", reset("UPLOAD_GAP")],
  ["USER_DIFFERS", "logOut", loggedOut("USER_DIFFERS")],
  ["USER_DISABLED", "logOut", loggedOut("USER_DISABLED")],
  // Not sent by this server, but by the protocol's word.
  ["ANY_CODE", "resetWithoutRecovery", reset("ANY_CODE")],
];

const frame = (code: string, action: ErrorAction): ServerMessage => ({ msg: "error", code, action, message: "planted" });

/** Codes with actions in the server's own sources. */
function sentByServer(): [code: string, action: string][] {
  const folder = new URL("../../sync-server/src/", import.meta.url);
  const text = ["sessions/session.ts", "sync-server.ts"].map((path) => readFileSync(new URL(path, folder), "utf8")).join("\n");
  const direct = [...text.matchAll(/(?:SessionEnd|end)\("([A-Z_]+)", "(\w+)"/gu)].map(([, code = "", action = ""]): [string, string] => [code, action]);
  const described = [...text.matchAll(/((?:case "[A-Z_]+":\s*)+)return \{ code: error\.code, action: "(\w+)"/gu)].flatMap(([, cases = "", action = ""]) => [...cases.matchAll(/"([A-Z_]+)"/gu)].map(([, code = ""]): [string, string] => [code, action]));
  return [...direct, ...described];
}

it("the table has every code of the server's sessions, with its action", () => {
  const known = new Map(REFUSALS.map(([code, action]) => [code, action]));
  const sent = sentByServer();
  expect(sent.length).toBeGreaterThan(15);
  for (const [code, action] of sent) expect([code, known.get(code)]).toEqual([code, action]);
});

forEachMode((world) => {
  for (const [code, action, outcome] of REFUSALS) {
    it(`${code}, which it cannot get over: ${typeof outcome === "string" ? outcome : `rejects with ${outcome.rejects}`}`, async () => {
      const isSubscription = action === "warn";
      const server = new ReferenceServer(isSubscription ? { subscription: () => frame(code, action) } : { token: () => frame(code, action) });
      const opening = Realm.open(world.config("a", new Link(server), { clientReset: { mode: "recoverOrDiscardUnsyncedChanges" } }));
      if (outcome === "waits") {
        const first = await Promise.race([opening.then(() => "opened"), new Promise((resolve) => setTimeout(resolve, 60, "waits"))]);
        delete server.options.token;
        expect([first, (await opening).isClosed]).toEqual(["waits", false]);
        return;
      }
      const error = (await opening.then(() => undefined, (reason: unknown) => reason)) as (Error & { code?: string }) | undefined;
      const { rejects, because } = outcome as { rejects: string; because?: string };
      expect([error?.code, (error?.cause as { code?: string } | undefined)?.code]).toEqual([rejects, because]);
      // The application hears of the same error once, and no instance stays open.
      expect(world.errors.map((heard) => heard.code)).toEqual([isSubscription ? code : rejects]);
      expect(() => Realm.deleteFile({ path: world.path("a") })).not.toThrow();
    });
  }

  it("what is only for now is waited for as long as the configuration says", async () => {
    const server = new ReferenceServer({ token: () => frame("STORE_UNAVAILABLE", "retry") });
    const behavior = { type: "downloadBeforeOpen", timeOut: 60 } as const;
    const link = new Link(server);
    await expect(Realm.open(world.config("a", link, { newRealmFileBehavior: behavior }))).rejects.toMatchObject({ code: "TIMEOUT" });
    const local = await Realm.open(world.config("b", link, { newRealmFileBehavior: { ...behavior, timeOutBehavior: "openLocalRealm" } }));
    expect(local.objects("Task").length).toBe(0);
  });

  it("a file whose first download was refused is a new one the next time", async () => {
    const server = new ReferenceServer({ token: () => frame("SCHEMA_MISMATCH", "migrate") });
    const link = new Link(server);
    await expect(Realm.open(world.config("a", link))).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    await expect(Realm.open(world.config("a", link))).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    delete server.options.token;
    expect((await Realm.open(world.config("a", link))).subscriptions.state).toBe("complete");
  });

  it("[S-6.3] initial subscriptions that were refused are made anew when the file is opened, of the application as it is now", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const initial = (query: string) => ({ initialSubscriptions: { update: (set: { add(results: object): unknown }, realm: Realm) => void set.add(realm.objects("Task").filtered(query)) } });
    const refused = "title CONTAINS 'x' AND votes > 1";
    for (let times = 0; times < 2; times++) await expect(Realm.open(world.config("a", link, initial(refused)))).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
    expect(world.errors.map((error) => error.code)).toEqual(["QUERY_UNSUPPORTED", "QUERY_UNSUPPORTED"]);
    const a = await Realm.open(world.config("a", link, initial("done == true")));
    expect([a.subscriptions.state, [...a.subscriptions].map((entry) => entry.queryString)]).toEqual(["complete", ["done == true"]]);
    // A later set that is refused is not: what was in effect before it still is, and the application knows what it asked for.
    await expect(a.subscriptions.update((set) => void set.add(a.objects("Task").filtered(refused)))).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
    a.close();
    const again = await Realm.open(world.config("a", link, initial("done == false")));
    expect([again.subscriptions.state, again.subscriptions.length]).toEqual(["error", 2]);
  });

  it("a wait that begins when the session has ended is not begun; another opening tries again", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const a = await Realm.open(world.config("a", link));
    server.options.token = () => frame("SCHEMA_MISMATCH", "migrate");
    link.down();
    link.up();
    await expect.poll(() => a.syncSession?.state).toBe("inactive");
    a.write(() => a.create("Person", { _id: 1, name: "Ann" }));
    for (const wait of [a.syncSession?.uploadAllLocalChanges(), a.syncSession?.downloadAllServerChanges(), a.subscriptions.update((set) => void set.add(a.objects("Task").filtered("done == true")))]) {
      await expect(wait).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    }
    delete server.options.token;
    const again = await Realm.open(world.config("a", link, { existingRealmFileBehavior: { type: "downloadBeforeOpen" } }));
    await again.syncSession?.uploadAllLocalChanges();
    expect(server.plain("Person", 1)).toEqual({ name: "Ann" });
  });

  it("a user who has logged out meanwhile ends the session; a network that is away does not", async () => {
    const link = new Link(new ReferenceServer());
    const refusing = (code: string) => ({ ...testUser(), freshAccessToken: () => Promise.reject(Object.assign(new Error("planted"), { code })) });
    await expect(Realm.open(world.config("a", link, { user: refusing("USER_NOT_LOGGED_IN") }))).rejects.toMatchObject({ code: "USER_LOGGED_OUT", cause: { code: "USER_NOT_LOGGED_IN" } });
    const behavior = { type: "downloadBeforeOpen", timeOut: 30 } as const;
    await expect(Realm.open(world.config("b", link, { user: refusing("NETWORK_UNAVAILABLE"), newRealmFileBehavior: behavior }))).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("an opening that is cancelled ends, and leaves nothing open", async () => {
    const opening = Realm.open(world.config("a", new Link(new ReferenceServer({ token: () => frame("STORE_UNAVAILABLE", "retry") }))));
    await new Promise((resolve) => setTimeout(resolve, 10));
    opening.cancel();
    await expect(opening).rejects.toMatchObject({ code: "OPEN_CANCELLED" });
    expect(() => Realm.deleteFile({ path: world.path("a") })).not.toThrow();
  });
});
