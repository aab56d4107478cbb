/**
 * A user's key is changed in the server, and the files of the user's devices follow.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { isKeyOfFile } from "@holdfast/realm/replica";
import { AuthService, functionProvider, localKeyProvider, openPostgresUserDatabase, openSqliteUserDatabase, OPEN_RULES, PostgresStore, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";
import type { AuthLogEntry, PgPool } from "@holdfast/sync-server";
import { postgresMissing, sharedCluster } from "@holdfast/sync-server/testing";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { Credentials, enableSync } from "../../src/index.ts";
import type { User } from "../../src/index.ts";
import { FILES, keysIn, PASSIVE, SCHEMA } from "./key-scene.ts";
import { codeOf, TestDevice } from "./support.ts";

enableSync();

const WIDE = { burst: 100_000, perMinute: 100_000 };
const KINDS = (["sqlite", "postgres"] as const).filter((kind) => kind === "sqlite" || postgresMissing() === undefined);
const ada = Credentials.function({ name: "ada" });

interface Scene {
  readonly service: AuthService;
  readonly baseUrl: string;
  readonly log: AuthLogEntry[];
}

/** A sync server with its users, over one database or the other. */
async function serve(kind: (typeof KINDS)[number]): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
  const address = kind === "postgres" ? await (await sharedCluster()).createDatabase() : undefined;
  const pool = address === undefined ? undefined : new pg.Pool({ ...address, max: 4 });
  const database = pool === undefined ? openSqliteUserDatabase(join(folder, "users.db")) : openPostgresUserDatabase(pool as unknown as PgPool);
  const log: AuthLogEntry[] = [];
  const service = new AuthService({
    appId: "clinic",
    database,
    secrets: [randomBytes(32)],
    providers: [functionProvider(({ name }) => ({ subject: String(name) }))],
    key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
    addressLimit: WIDE,
    keyChangeLimit: WIDE,
    log: (entry) => log.push(entry),
  });
  await service.start();
  const store = address === undefined ? new SqliteStore(join(folder, "sync.db")) : new PostgresStore({ connection: address, connections: 4 });
  const server = new SyncServer({ store, authenticator: service.authenticator(), users: usersOf([service]), rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 50 });
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    await database.close();
    await pool?.end();
    rmSync(folder, { recursive: true });
  });
  return { service, baseUrl: `http://127.0.0.1:${String(server.port)}`, log };
}

const deviceOf = ({ baseUrl }: Scene): TestDevice => new TestDevice({ baseUrl } as never);

/** A synced realm; with `isOnline`, one that waits for what the server has. */
async function open(device: TestDevice, user: User, name: string, { encryptionKey, isOnline = false }: { encryptionKey?: Uint8Array; isOnline?: boolean } = {}): Promise<Realm> {
  const initialSubscriptions = { update: (set: { add(objects: unknown): void }, opened: Realm) => set.add(opened.objects("Note")) };
  const way = isOnline ? {} : { transport: PASSIVE, _sessionStopPolicy: "immediately", newRealmFileBehavior: { type: "openImmediately" } };
  const realm = await Realm.open({ path: join(device.folder, name), schema: SCHEMA, encryptionKey: encryptionKey ?? (await user.databaseKey()), sync: { user, flexible: true, initialSubscriptions, ...way } } as never);
  onTestFinished(() => {
    if (!realm.isClosed) realm.close();
  });
  return realm;
}

async function write(device: TestDevice, user: User, name: string, text: string): Promise<void> {
  const realm = await open(device, user, name);
  realm.write(() => realm.create("Note", { _id: realm.objects("Note").length, text }));
  realm.close();
}

const texts = (realm: Realm): string[] => [...realm.objects<{ _id: number; text: string }>("Note").sorted("_id")].map(({ text }) => text);
const isUnder = (device: TestDevice, name: string, encryptionKey: Uint8Array): boolean => isKeyOfFile({ path: join(device.folder, name), encryptionKey });
const inStore = (device: TestDevice, user: User): Promise<Uint8Array | null> => device.keys.read({ name: `app/clinic/user/${user.id}` });

/** What the key store holds: entries of keys of this user, the main one and those beside it. */
async function entryCount(device: TestDevice, user: User): Promise<number> {
  const names = [...(await device.keys.store.readAll()).entries.keys()];
  return names.filter((name) => name.startsWith(`app/clinic/user/${user.id}/`) && /key\d$/u.test(name)).length;
}

for (const kind of KINDS) {
  describe(`on ${kind}`, () => {
    it("two devices that sync follow a change that the operator has ordered, each when it next opens its file; the server forgets the former key then", async () => {
      const scene = await serve(kind);
      const [phone, tablet] = [deviceOf(scene), deviceOf(scene)];
      const users = [await (await phone.start()).logIn(ada), await (await tablet.start()).logIn(ada)] as const;
      const [one, two] = [await open(phone, users[0], "a.realm", { isOnline: true }), await open(tablet, users[1], "a.realm", { isOnline: true })];
      one.write(() => one.create("Note", { _id: 1, text: "before" }));
      await expect.poll(() => texts(two), { timeout: 60_000 }).toEqual(["before"]);
      const former = (await scene.service.key(users[0].id)).key;
      await scene.service.changeKey(users[0].id);
      const newest = (await scene.service.key(users[0].id)).key;
      for (const user of users) {
        await user.refreshAccessToken();
        await user.keysFollowed();
      }
      // Open files go on under the former key, and sync.
      one.write(() => one.create("Note", { _id: 2, text: "meanwhile" }));
      await expect.poll(() => texts(two), { timeout: 60_000 }).toEqual(["before", "meanwhile"]);
      expect([isUnder(phone, "a.realm", former), (await scene.service.key(users[0].id)).versions]).toEqual([true, [2, 1]]);
      for (const [device, user, realm] of [[phone, users[0], one], [tablet, users[1], two]] as const) {
        expect((await scene.service.key(user.id)).versions).toEqual([2, 1]);
        realm.close();
        const again = await open(device, user, "a.realm", { isOnline: true });
        expect([texts(again).slice(0, 2), isUnder(device, "a.realm", newest), isUnder(device, "a.realm", former)]).toEqual([["before", "meanwhile"], true, false]);
        again.write(() => again.create("Note", { _id: 3, text: "after" }, "modified" as never));
        await again.syncSession?.uploadAllLocalChanges(60_000);
        again.close();
        await user.keysFollowed();
        expect([await inStore(device, user), await entryCount(device, user)]).toEqual([newest, 1]);
      }
      expect((await scene.service.key(users[0].id)).versions).toEqual([2]);
      // The former key is one like any other now.
      expect(await codeOf(() => new Realm({ path: join(phone.folder, "a.realm"), schema: SCHEMA, encryptionKey: former }))).toBe("KEY_WRONG");
      phone.network.isCut = true;
      const offline = await open(phone, (await phone.start()).currentUser as User, "a.realm");
      expect(texts(offline)).toEqual(["before", "meanwhile", "after"]);
      const secrets = [former, newest].flatMap((key) => ["hex", "base64", "base64url"].map((form) => Buffer.from(key).toString(form as "hex")));
      for (const secret of secrets) expect(JSON.stringify(scene.log)).not.toContain(secret);
    });

    it("a user changes the key on one device: what was fetched before goes on, offline too, on a device that was away during several changes", async () => {
      const scene = await serve(kind);
      const [phone, tablet] = [deviceOf(scene), deviceOf(scene)];
      const user = await (await phone.start()).logIn(ada);
      const twin = await (await tablet.start()).logIn(ada);
      for (const name of FILES) await write(tablet, twin, name, name);
      const first = await twin.databaseKey();
      tablet.network.isCut = true;
      for (let count = 0; count < 3; count++) await user.changeKey();
      const { key: newest, versions } = await scene.service.key(user.id);
      expect(versions).toEqual([4, 3, 2, 1]);
      expect(await user.databaseKey()).toEqual(newest);
      for (const name of FILES) await write(tablet, twin, name, "offline");
      expect(isUnder(tablet, FILES[0], first)).toBe(true);
      tablet.network.isCut = false;
      await twin.refreshAccessToken();
      await twin.keysFollowed();
      // One file follows, the other one not yet: both open, and with either key.
      await write(tablet, twin, FILES[0], "online");
      expect(FILES.map((name) => isUnder(tablet, name, newest))).toEqual([true, false]);
      expect((await inStore(tablet, twin))?.length).toBe(64);
      await twin.keysFollowed();
      expect(await entryCount(tablet, twin)).toBe(2);
      tablet.network.isCut = true;
      for (const [index, name] of FILES.entries()) {
        const realm = await open(tablet, twin, name, { encryptionKey: first });
        expect(texts(realm)).toEqual([name, "offline", ...(index === 0 ? ["online"] : [])]);
        realm.close();
        expect(isUnder(tablet, name, newest)).toBe(true);
      }
      tablet.network.isCut = false;
      await twin.keysFollowed();
      await twin.keysFollowed();
      expect([await inStore(tablet, twin), await entryCount(tablet, twin)]).toEqual([newest, 1]);
    });
  });
}

describe("a device", () => {
  it("that has lost its key store fetches the former key of a file, and re-keys it; what is none of the user's keys stays wrong", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const user = await (await device.start()).logIn(ada);
    const other = deviceOf(scene);
    const twin = await (await other.start()).logIn(ada);
    await write(device, user, "a.realm", "kept");
    const former = await user.databaseKey();
    await twin.changeKey();
    await twin.changeKey();
    for (const name of await device.entries.names()) await device.entries.remove(name);
    await device.stop();
    const fresh = new TestDevice(scene as never);
    // Neither the key store nor the list of users is there any more: only the file.
    rmSync(join(device.folder, "holdfast-app"), { recursive: true, force: true });
    const again = await (await fresh.start({ baseFilePath: device.folder })).logIn(ada);
    const newest = await again.databaseKey();
    expect([newest, isUnder(device, "a.realm", former)]).toEqual([(await scene.service.key(user.id)).key, true]);
    // A stranger's key, with this user: as ever.
    const stranger = randomBytes(64);
    const message = `Failed to open Realm file at path '${join(device.folder, "a.realm")}': Realm file decryption failed (the encryption key is not the one this file was written with)`;
    await expect(open(device, again, "a.realm", { encryptionKey: stranger })).rejects.toMatchObject({ code: "KEY_WRONG", message });
    fresh.network.isCut = true;
    await expect(open(device, again, "a.realm")).rejects.toMatchObject({ code: "KEY_WRONG", message });
    fresh.network.isCut = false;
    const realm = await open(device, again, "a.realm");
    expect([texts(realm), isUnder(device, "a.realm", newest)]).toEqual([["kept"], true]);
    realm.close();
    // A file that somebody else has put there.
    new Realm({ path: join(device.folder, "b.realm"), schema: SCHEMA, encryptionKey: stranger }).close();
    expect(await codeOf(open(device, again, "b.realm"))).toBe("KEY_WRONG");
    new Realm({ path: join(device.folder, "c.realm"), schema: SCHEMA }).close();
    expect(await codeOf(open(device, again, "c.realm"))).toBe("KEY_SUPERFLUOUS");
  });

  it("gives a realm without sync its key by name, and keeps the former one until that has the newest, too", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const user = await (await device.start()).logIn(ada);
    const path = join(device.folder, "local.realm");
    const local = new Realm({ path, schema: SCHEMA, encryptionKey: await user.databaseKey({ path }) });
    local.write(() => local.create("Note", { _id: 1, text: "local" }));
    const former = await user.databaseKey();
    await user.changeKey();
    // It is open: its key is what it was.
    expect([await user.databaseKey({ path }), await entryCount(device, user)]).toEqual([former, 2]);
    expect((await scene.service.key(user.id)).versions).toEqual([2, 1]);
    local.close();
    const encryptionKey = await user.databaseKey({ path });
    expect([encryptionKey, isUnder(device, "local.realm", encryptionKey)]).toEqual([(await scene.service.key(user.id)).key, true]);
    await user.keysFollowed();
    expect([await entryCount(device, user), (await scene.service.key(user.id)).versions]).toEqual([1, [2]]);
  });

  it("that logs out while keys are on their way keeps none", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const user = await (await device.start()).logIn(ada);
    await write(device, user, "a.realm", "kept");
    await scene.service.changeKey(user.id);
    let ended: Promise<void> | undefined;
    device.network.onAnswer = (path) => void (path.endsWith("/user/key") ? (ended ??= user.logOut()) : undefined);
    await user.refreshAccessToken();
    await user.keysFollowed();
    await ended;
    device.network.onAnswer = undefined;
    expect([user.isLoggedIn, await entryCount(device, user)]).toEqual([false, 0]);
    const again = await (await device.start()).logIn(ada);
    const realm = await open(device, again, "a.realm");
    expect([texts(realm), isUnder(device, "a.realm", (await scene.service.key(user.id)).key)]).toEqual([["kept"], true]);
  });

  it("whose answer was lost asks once more, and the key is changed once", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const user = await (await device.start()).logIn(ada);
    await user.databaseKey();
    device.network.onAnswer = (path) => void (device.network.isCut = path.endsWith("/change"));
    expect(await codeOf(user.changeKey())).toBe("NETWORK_UNAVAILABLE");
    device.network.onAnswer = undefined;
    device.network.isCut = false;
    await user.changeKey();
    expect((await scene.service.key(user.id)).version).toBe(2);
    expect(await user.databaseKey()).toEqual((await scene.service.key(user.id)).key);
  });
});

describe("several processes", () => {
  it("a file that another one has open stays under its key, and gets the newest when nobody has it", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const app = await device.start({ keys: keysIn(device.folder) });
    const user = await app.logIn(ada);
    await write(device, user, FILES[0], "one");
    const former = await user.databaseKey();
    const child = spawn(process.execPath, ["--conditions=@holdfast/source", join(import.meta.dirname, "programs/hold-file.ts"), device.folder, FILES[0], Buffer.from(former).toString("hex")], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await user.changeKey();
    const newest = (await scene.service.key(user.id)).key;
    await write(device, user, FILES[0], "two");
    expect([isUnder(device, FILES[0], former), isUnder(device, FILES[0], newest)]).toEqual([true, false]);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const realm = await open(device, user, FILES[0]);
    expect([texts(realm), isUnder(device, FILES[0], newest)]).toEqual([["one", "two"], true]);
  });

  it("one that is killed at any step of a change leaves files that open, and the next one finishes it", async () => {
    const scene = await serve("sqlite");
    const device = deviceOf(scene);
    const user = await (await device.start({ keys: keysIn(device.folder) })).logIn(ada);
    for (const name of FILES) await write(device, user, name, name);
    await user.keysFollowed();
    let steps = 0;
    // Each step needs a process: all of them with HOLDFAST_EVERY_STEP=1, else every fifth from one that changes.
    const stride = process.env["HOLDFAST_EVERY_STEP"] === "1" ? 1 : 5;
    const first = 1 + (Date.now() % stride);
    process.stdout.write(`steps from ${String(first)} by ${String(stride)}\n`);
    for (let step = first; ; step += stride) {
      await device.stop();
      await scene.service.changeKey(user.id);
      const { key: newest, version } = await scene.service.key(user.id);
      const { signal, text } = await runToStep(device.folder, scene.baseUrl, step);
      // Offline, as the process has left it.
      device.network.isCut = true;
      const after = (await device.start({ keys: keysIn(device.folder) })).currentUser as User;
      for (const name of FILES) {
        const realm = await open(device, after, name);
        expect([step, texts(realm)]).toEqual([step, [name]]);
        realm.close();
      }
      device.network.isCut = false;
      await after.refreshAccessToken();
      for (let round = 0; round < 2; round++) {
        await after.keysFollowed();
        for (const name of FILES) (await open(device, after, name)).close();
      }
      await after.keysFollowed();
      expect([step, ...FILES.map((name) => isUnder(device, name, newest))]).toEqual([step, true, true]);
      expect([step, readdirSync(join(device.folder, "key-store")).filter((name) => !name.startsWith("new-")).length, (await scene.service.key(user.id)).versions]).toEqual([step, 2, [version]]);
      expect(scene.log.filter(({ event }) => event === "session-revoked")).toEqual([]);
      if (signal === null) {
        steps = Number(text);
        expect(step).toBeLessThanOrEqual(steps + stride);
        break;
      }
      expect(signal).toBe("SIGKILL");
    }
    expect(steps).toBeGreaterThan(12);
  }, 300_000);
});

/** Runs the other program up to a step. The server answers from this process, so waiting must not stop it. */
async function runToStep(folder: string, baseUrl: string, step: number): Promise<{ signal: string | null; text: string }> {
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "programs/follow-and-die.ts"), folder, baseUrl, String(step)], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => void (text += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.on("close", (...ended) => resolve(ended)));
  if (signal === null) expect(code).toBe(0);
  return { signal, text };
}
