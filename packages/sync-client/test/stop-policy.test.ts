/**
 * What a session does after its realm was closed: goes on until the server has everything, ends at once, or never; and gives way.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { App, SyncSession, webSocketTransport } from "../src/index.ts";
import type { SyncConfiguration, SyncUser } from "../src/index.ts";
import { endBackgroundSessions } from "../src/opening/synced-realm.ts";
import { QUICK, settle, shown, TEST_KEY, testUser } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode, withEncryption } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const LIMIT_MS = 60_000;
const NOT_LATER = { backOff: { firstMs: 3_600_000, maximumMs: 3_600_000, random: () => 0 } };
let server: SyncServer | undefined;
afterEach(async () => {
  Realm.shutdown();
  await server?.stop();
  server = undefined;
});

/** Runs a program to its end. */
function run(world: World, name: string, url: string, policy: string): Promise<{ code: number | null; said: string }> {
  const program = fileURLToPath(new URL("support/write-and-close.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", program, world.path(name), world.isEncrypted ? Buffer.from(TEST_KEY).toString("hex") : "", url, policy], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("exit", (code) => resolve({ code, said }));
  });
}

const sessions = (user: SyncUser): SyncSession[] => App.Sync.getAllSyncSessions(user);
const add = (realm: Realm, _id: number, name = "Ann"): void => void realm.write(() => realm.create("Person", { _id, name }));

forEachMode((world) => {
  /** A realm that was closed with a write that its server has not heard of. */
  async function closedWithOneMore(link: Link, sync: Partial<SyncConfiguration> = {}, name = "a"): Promise<{ session: SyncSession; config: Realm.Configuration; user: SyncUser }> {
    const user = testUser();
    const config = world.config(name, link, { user, ...sync });
    const realm = await Realm.open(config);
    const session = realm.syncSession as SyncSession;
    link.down();
    add(realm, 1);
    realm.close();
    return { session, config, user };
  }

  it("by default it goes on until what was written is uploaded, then ends and closes the file", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const { session, user } = await closedWithOneMore(link);
    expect([session.state, sessions(user), reference.plain("Person", 1)]).toEqual(["active", [session], undefined]);
    const uploaded = session.uploadAllLocalChanges(LIMIT_MS);
    link.up();
    await uploaded;
    expect(reference.plain("Person", 1)).toEqual({ name: "Ann" });
    await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
    expect(sessions(user)).toEqual([]);
    expect(link.connections).toBe(2);
  });

  it("with nothing to upload it ends with the realm; so it does with `immediately`, paused, or after an error", async () => {
    const link = new Link(new ReferenceServer());
    for (const [index, [policy, isPaused, writes]] of ([["after-upload", false, false], ["immediately", false, true], ["after-upload", true, true], ["never", true, true]] as const).entries()) {
      const realm = await Realm.open(world.config(`a${String(index)}`, link, { _sessionStopPolicy: policy }));
      await settle(realm);
      const session = realm.syncSession as SyncSession;
      if (isPaused) session.pause();
      if (writes) add(realm, index);
      realm.close();
      expect([policy, session.state]).toEqual([policy, "invalid"]);
    }
    expect(sessions(testUser())).toEqual([]);
  });

  it("with `never` it goes on and fetches, until the realm is opened again or everything is shut down", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const config = world.config("a", link, { _sessionStopPolicy: "never" });
    const [realm, other] = [await Realm.open(config), await Realm.open(world.config("b", link))];
    const session = realm.syncSession as SyncSession;
    realm.close();
    add(other, 2, "Bob");
    await settle(other);
    await session.downloadAllServerChanges(LIMIT_MS);
    expect([session.state, session.isConnected()]).toEqual(["active", true]);
    link.down();
    const again = await Realm.open(config);
    expect(again.objects("Person").map((person) => (person as unknown as { name: string }).name)).toEqual(["Bob"]);
    expect([session.state, again.syncSession?.state]).toEqual(["invalid", "active"]);
    const second = again.syncSession as SyncSession;
    again.close();
    Realm.shutdown();
    expect(second.state).toBe("invalid");
  });

  it("opening the file again ends it and begins anew, with the new configuration's schema; nothing is lost or sent twice", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const { session, config } = await closedWithOneMore(link);
    link.up();
    const [people, ...others] = [...(config.schema as Realm.ObjectSchema[])].reverse();
    const wider = { ...people, name: (people as Realm.ObjectSchema).name, properties: { ...(people as Realm.ObjectSchema).properties, note: "string?" } } as Realm.ObjectSchema;
    const again = new Realm({ ...config, schema: [...others, wider], schemaVersion: 1 });
    expect(session.state).toBe("invalid");
    add(again, 2, "Bob");
    await settle(again);
    expect(Object.values(reference.all("Person"))).toEqual([{ name: "Ann" }, { name: "Bob" }]);
    expect(world.errors).toEqual([]);
  });

  it("gives way to whoever wants the file: deleted, given another key, opened to be read, opened with a wrong key", async () => {
    for (const [name, take] of [
      ["deleted", (config: Realm.Configuration) => Realm.deleteFile({ path: config.path as string })],
      ["rekeyed", (config: Realm.Configuration) => Realm.rekey({ path: config.path as string, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) }, world.isEncrypted ? undefined : TEST_KEY)],
      ["read", ({ path, encryptionKey }: Realm.Configuration) => new Realm({ path, encryptionKey, readOnly: true } as Realm.Configuration).close()],
      ["mistaken", (config: Realm.Configuration) => expect(() => new Realm({ ...config, encryptionKey: new Uint8Array(64) })).toThrow(world.isEncrypted ? /decryption failed/ : /unencrypted file/)],
    ] as const) {
      const { session, config } = await closedWithOneMore(new Link(new ReferenceServer()), {}, name);
      expect(session.state).toBe("active");
      take(config);
      expect([name, session.state, Realm.exists(config.path as string)]).toEqual([name, "invalid", name !== "deleted"]);
    }
  });

  it("a server that acknowledges nothing, or is not there, holds it up no longer than it is told", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const { session, config } = await closedWithOneMore(link, { timing: { ...QUICK, backgroundTimeoutMs: 30 } });
    await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
    expect(reference.plain("Person", 1)).toBeUndefined();
    link.up();
    await settle(new Realm(config));
    expect(reference.plain("Person", 1)).toEqual({ name: "Ann" });
  });

  it("ends when it is paused, when the server refuses it, and when the user's sessions are to end; the next opening uploads", async () => {
    for (const [name, end] of [
      ["paused", (link: Link, session: SyncSession) => session.pause()],
      ["ended", (link: Link, session: SyncSession) => endBackgroundSessions(session.user)],
      ["refused", (link: Link) => link.up()],
    ] as const) {
      let isRefusing = false;
      const reference = new ReferenceServer({ token: () => (isRefusing ? ({ msg: "error", code: "NO_ENTRY", action: "stop", message: "not here" } as never) : undefined) });
      const link = new Link(reference);
      const { session, config } = await closedWithOneMore(link, {}, name);
      isRefusing = name === "refused";
      end(link, session);
      await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
      expect(world.errors.splice(0).map(({ code }) => code)).toEqual(isRefusing ? ["NO_ENTRY"] : []);
      isRefusing = false;
      link.up();
      const again = new Realm(config);
      await settle(again);
      expect([name, reference.plain("Person", 1)]).toEqual([name, { name: "Ann" }]);
    }
  });

  it("a client reset waits for the next opening, which has realms for its callbacks", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const heard: string[] = [];
    const clientReset = { mode: "recoverUnsyncedChanges", onBefore: () => void heard.push("before"), onAfter: () => void heard.push("after") } as const;
    const { session, config } = await closedWithOneMore(link, { clientReset });
    reference.epoch = "e2";
    reference.clients.clear();
    link.up();
    await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
    expect([heard, reference.plain("Person", 1)]).toEqual([[], undefined]);
    const again = new Realm(config);
    await expect.poll(() => heard, { timeout: LIMIT_MS }).toEqual(["before", "after"]);
    await settle(again);
    expect(reference.plain("Person", 1)).toEqual({ name: "Ann" });
  });

  it("tells of writes that the server refuses meanwhile, before it ends", async () => {
    const link = new Link(new ReferenceServer({ reject: ({ type }) => (type === "Person" ? "PERMISSION_DENIED" : undefined) }));
    const { session } = await closedWithOneMore(link);
    link.up();
    await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
    expect(world.errors.map(({ code }) => code)).toEqual(["WRITE_REJECTED"]);
  });

  it("goes on for refusals alone: a realm that is closed as its last write was answered is still told that it was refused", async () => {
    const link = new Link(new ReferenceServer({ reject: ({ type }) => (type === "Person" ? "PERMISSION_DENIED" : undefined) }));
    const realm = await Realm.open(world.config("a", link));
    const session = realm.syncSession as SyncSession;
    link.down();
    add(realm, 1);
    // Called with the answer, before anybody is told what it says.
    session.addProgressNotification("upload", "forCurrentlyOutstandingWork", (estimate) => {
      if (estimate === 1) realm.close();
    });
    link.up();
    await expect.poll(() => [realm.isClosed, session.state], { timeout: LIMIT_MS }).toEqual([true, "invalid"]);
    expect(world.errors.map(({ code }) => code)).toEqual(["WRITE_REJECTED"]);
  });

  it("a transaction that was open as the realm was closed is none", async () => {
    const reference = new ReferenceServer();
    const link = new Link(reference);
    const realm = await Realm.open(world.config("a", link));
    add(realm, 1);
    realm.beginTransaction();
    realm.create("Person", { _id: 2, name: "half" });
    const session = realm.syncSession as SyncSession;
    realm.close();
    await expect.poll(() => session.state, { timeout: LIMIT_MS }).toBe("invalid");
    expect([reference.plain("Person", 1), reference.plain("Person", 2)]).toEqual([{ name: "Ann" }, undefined]);
  });

  it("`initiateClientReset` and a cancelled opening end it", async () => {
    const link = new Link(new ReferenceServer());
    const { session, config } = await closedWithOneMore(link, { timing: { ...QUICK, ...NOT_LATER } });
    App.Sync.initiateClientReset({ id: "clinic" }, config.path as string);
    expect(session.state).toBe("invalid");
    const opening = Realm.open(world.config("b", link, { _sessionStopPolicy: "never" }));
    setTimeout(() => opening.cancel(), 0);
    await expect(opening).rejects.toMatchObject({ code: "OPEN_CANCELLED" });
    expect(sessions(testUser())).toEqual([]);
  });
});

// Processes take long, and how the file is kept plays no part in them.
withEncryption((world) => {
  it("another process opens the file, writes through it, and goes on when it ends", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    const user = { ...testUser(), url: server.url };
    const realm = await Realm.open(world.config("a", webSocketTransport, { user, _sessionStopPolicy: "never" }));
    const session = realm.syncSession as SyncSession;
    realm.close();
    // The other process has nothing but this one's connection: it ends only when its write was uploaded.
    expect(await run(world, "a", server.url, "wait")).toEqual({ code: 0, said: "disconnected\n" });
    expect(session.isConnected()).toBe(true);
    Realm.shutdown();
    const { code } = await run(world, "a", server.url, "after-upload");
    expect(code).toBe(0);
    const elsewhere = await Realm.open(world.config("b", webSocketTransport, { user }));
    expect(elsewhere.objects("Task").length).toBe(2);
    expect(shown(elsewhere)).toBeDefined();
  });

  it("a program that opens, writes and closes ends by itself: uploaded where there is a server, and also where there is none", async () => {
    mkdirSync(join(world.folder(), "server"));
    server = await sqliteServer(join(world.folder(), "server"));
    const { url } = server;
    expect(await run(world, "a", url, "after-upload")).toEqual({ code: 0, said: "active\n" });
    const elsewhere = await Realm.open(world.config("b", webSocketTransport, { user: { ...testUser(), url } }));
    expect(elsewhere.objects("Task").length).toBe(1);
    Realm.shutdown();
    await server.stop();
    server = undefined;
    // Nobody listens there: between two attempts nothing keeps a process.
    expect(await run(world, "a", url, "never")).toEqual({ code: 0, said: "active\n" });
  });
});
