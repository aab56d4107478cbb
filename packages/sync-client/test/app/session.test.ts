/**
 * Users, tokens and sync on one port: a real server, two encrypted devices.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { AuthService, functionProvider, localKeyProvider, openSqliteUserDatabase, OPEN_RULES, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";
import type { AuthLogEntry } from "@holdfast/sync-server";
import { FaultProxy } from "@holdfast/sync-server/testing";
import { expect, it, onTestFinished } from "vitest";
import { Credentials, enableSync } from "../../src/index.ts";
import type { SyncSession, User } from "../../src/index.ts";
import { codeOf, TestDevice } from "./support.ts";

enableSync();

const schema = [{ name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string" } }];

/** A sync server with users by name. */
async function serve(folder: string, accessTokenSeconds: number): Promise<{ service: AuthService; baseUrl: string; log: AuthLogEntry[] }> {
  const log: AuthLogEntry[] = [];
  const database = openSqliteUserDatabase(":memory:");
  const service = new AuthService({
    appId: "clinic",
    database,
    secrets: [randomBytes(32)],
    providers: [functionProvider(({ name }) => ({ subject: String(name) }))],
    key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
    accessTokenSeconds,
    log: (entry) => log.push(entry),
  });
  await service.start();
  const server = new SyncServer({ store: new SqliteStore(join(folder, "server.db")), authenticator: service.authenticator(), users: usersOf([service]), rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 50 });
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    await database.close();
  });
  return { service, baseUrl: `http://127.0.0.1:${String(server.port)}`, log };
}

async function openNotes(device: TestDevice, user: User, policy?: string): Promise<Realm> {
  const realm = await Realm.open({
    path: join(device.folder, "notes.realm"),
    schema,
    encryptionKey: await user.databaseKey(),
    sync: { user, flexible: true, ...(policy === undefined ? {} : { _sessionStopPolicy: policy }), initialSubscriptions: { update: (set: { add(objects: unknown): void }, opened: Realm) => set.add(opened.objects("Note")) } },
  } as never);
  onTestFinished(() => {
    if (!realm.isClosed) realm.close();
  });
  return realm;
}

const textsOf = (realm: Realm): string[] => [...realm.objects<{ _id: number; text: string }>("Note").sorted("_id")].map(({ text }) => text);

it("tokens are renewed inside the session: no other connection; without a network it goes on until the server ends it, and then begins again", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  // Renewed at half of it: a busy machine has to get there in time.
  const { baseUrl } = await serve(phone.folder, 6);
  const ada = await (await phone.start({ baseUrl })).logIn(Credentials.function({ name: "ada" }));
  const realm = await openNotes(phone, ada);
  const states: string[] = [];
  realm.syncSession?.addConnectionNotification((now) => void states.push(now));
  const tokens = new Set<string | null>();
  await expect.poll(() => tokens.add(ada.accessToken).size, { timeout: 60_000, interval: 20 }).toBe(3);
  realm.write(() => realm.create("Note", { _id: 1, text: "a" }));
  await realm.syncSession?.uploadAllLocalChanges(30_000);
  expect(states).toEqual([]);
  phone.network.isCut = true;
  await expect.poll(() => states, { timeout: 60_000, interval: 20 }).toContain("disconnected");
  expect([ada.isLoggedIn, realm.syncSession?.state]).toEqual([true, "active"]);
  phone.network.isCut = false;
  realm.write(() => realm.create("Note", { _id: 2, text: "b" }));
  await realm.syncSession?.uploadAllLocalChanges(30_000);
});

it("two devices of a user log in, get one key, sync; tokens that end in mid session are refreshed and nothing stops", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { service, baseUrl, log } = await serve(phone.folder, 3);
  const tablet = new TestDevice({ baseUrl } as never);
  const ada = await (await phone.start({ baseUrl })).logIn(Credentials.function({ name: "ada" }));
  const twin = await (await tablet.start({ baseUrl })).logIn(Credentials.function({ name: "ada" }));
  const [one, two] = [await openNotes(phone, ada), await openNotes(tablet, twin)];
  const [firstToken, firstTwin] = [ada.accessToken, twin.accessToken];
  const sent: string[] = [];
  const sendOne = async (): Promise<void> => {
    const _id = sent.length;
    sent.push(`note ${String(_id)}`);
    one.write(() => one.create("Note", { _id, text: `note ${String(_id)}` }));
    await expect.poll(() => textsOf(two), { timeout: 60_000, interval: 20 }).toEqual(sent);
  };
  await sendOne();
  await expect.poll(() => ada.accessToken !== firstToken && twin.accessToken !== firstTwin, { timeout: 60_000, interval: 50 }).toBe(true);
  await sendOne();
  expect(log.filter(({ event }) => event !== "login" && event !== "first-login")).toEqual([]);
  expect(await service.authenticator().verify(await ada.freshAccessToken())).toMatchObject({ userId: ada.id });
});

it("a synced file of a removed user goes when it is closed", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { baseUrl } = await serve(phone.folder, 600);
  const app = await phone.start({ baseUrl });
  const ada = await app.logIn(Credentials.function({ name: "ada" }));
  const realm = await openNotes(phone, ada);
  const { path } = realm;
  await app.removeUser(ada);
  expect(Realm.exists(path)).toBe(true);
  realm.close();
  await expect.poll(() => Realm.exists(path)).toBe(false);
});

it("a session that goes on after its realm was closed ends when its user is removed, which takes the file, and when the app is closed", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { baseUrl } = await serve(phone.folder, 600);
  for (const end of ["removeUser", "logOut", "close"] as const) {
    const app = await phone.start({ baseUrl });
    const ada = await app.logIn(Credentials.function({ name: "ada" }));
    const realm = await openNotes(phone, ada, "never");
    const { path } = realm;
    const session = realm.syncSession as SyncSession;
    realm.close();
    expect(session.state).toBe("active");
    if (end === "removeUser") await app.removeUser(ada);
    else if (end === "logOut") await ada.logOut();
    else app.close();
    expect([end, session.state]).toEqual([end, "invalid"]);
    await expect.poll(() => Realm.exists(path)).toBe(end !== "removeUser");
  }
});

it("sessions, requests and logins go on at the address that the app moves to", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { baseUrl } = await serve(phone.folder, 600);
  const proxy = await FaultProxy.listen({ port: Number(new URL(baseUrl).port) });
  onTestFinished(() => proxy.close());
  const moved = `http://127.0.0.1:${String(proxy.port)}`;
  const app = await phone.start({ baseUrl });
  const ada = await app.logIn(Credentials.function({ name: "ada" }));
  const realm = await openNotes(phone, ada);
  const session = realm.syncSession as SyncSession;
  const states: string[] = [];
  session.addConnectionNotification((now) => void states.push(now));
  await app.updateBaseUrl(moved);
  realm.write(() => realm.create("Note", { _id: 1, text: "a" }));
  await session.uploadAllLocalChanges(30_000);
  expect([states, session.url]).toEqual([["disconnected", "connecting", "connected"], `${moved.replace("http", "ws")}/app/clinic/sync`]);
  await ada.refreshCustomData();
  // Nothing goes to the old address any more: through a proxy that lets nothing through there is no answer.
  proxy.swallows = true;
  const hasty = await phone.start({ baseUrl, timeout: 200 });
  expect(await codeOf(hasty.logIn(Credentials.function({ name: "bob" })))).toBe("NETWORK_UNAVAILABLE");
  expect(hasty.currentUser?.id).toBe(ada.id);
});

it("when the operator ends a user's sessions, open connections end and the user is logged out", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { service, baseUrl } = await serve(phone.folder, 600);
  const ada = await (await phone.start({ baseUrl })).logIn(Credentials.function({ name: "ada" }));
  const realm = await openNotes(phone, ada);
  await service.revokeSessions(ada.id);
  await expect.poll(() => ada.isLoggedIn, { timeout: 20_000 }).toBe(false);
  // The open file stays readable and writable: local work never waits.
  realm.write(() => realm.create("Note", { _id: 1, text: "still here" }));
  expect(textsOf(realm)).toEqual(["still here"]);
});

it("a realm and then its app, closed at once, leave nothing to fail later", async () => {
  const phone = new TestDevice({ baseUrl: "http://127.0.0.1:9" } as never);
  const { baseUrl } = await serve(phone.folder, 600);
  const app = await phone.start({ baseUrl });
  const realm = await openNotes(phone, await app.logIn(Credentials.function({ name: "ada" })));
  const failures: unknown[] = [];
  const note = (error: unknown): void => void failures.push(error);
  process.on("uncaughtException", note);
  realm.close();
  app.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off("uncaughtException", note);
  expect(failures).toEqual([]);
});
