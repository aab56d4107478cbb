/**
 * Changing a user's 64 bytes: who may, in which order, and how long former keys are kept.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { encryptedSqlite, functionProvider, localKeyProvider, openPostgresUserDatabase, openSqliteUserDatabase } from "../../src/index.ts";
import type { AuthOptions, AuthService, PgPool, UserDatabase } from "../../src/index.ts";
import { STORE_KINDS } from "../support/stores.ts";
import type { StoreKind } from "../support/stores.ts";
import { sharedCluster } from "../support/postgres.ts";
import { atEnd, codeOf, listen, logIn, startService, TestClock } from "./support.ts";

const DAY_MS = 86_400_000;
const WIDE = { burst: 100_000, perMinute: 100_000 };
const byName = functionProvider((payload) => ({ subject: String(payload["name"]) }));
const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex");

/** Connections of several servers to one database of users. */
async function connections(kind: StoreKind["name"]): Promise<() => UserDatabase> {
  if (kind === "postgres") {
    const address = await (await sharedCluster()).createDatabase();
    return () => {
      const pool = new pg.Pool({ ...address, max: 4 });
      const database = openPostgresUserDatabase(pool as unknown as PgPool);
      atEnd(() => pool.end());
      return database;
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
  atEnd(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "users.db");
  const driver = kind === "sqlite" ? undefined : await encryptedSqlite(path, { providers: [localKeyProvider({ key: randomBytes(32) })] });
  return () => {
    const database = openSqliteUserDatabase(path, driver);
    atEnd(() => database.close());
    return database;
  };
}

/** What a device would ask, by HTTP. */
async function post(url: string, path: string, token: string, body: object = {}): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(`${url}/app/clinic/auth${path}`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, answer: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

for (const kind of STORE_KINDS.filter(({ missing }) => missing === undefined)) {
  describe(`on ${kind.name}`, () => {
    /** Several servers over one database, and a user. */
    async function scene(count: number, changes: Partial<AuthOptions> = {}): Promise<{ services: AuthService[]; options: AuthOptions; log: unknown[]; open: () => UserDatabase }> {
      const open = await connections(kind.name);
      const common = { secrets: [randomBytes(32)], providers: [byName], key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] } as const, keyChangeLimit: WIDE, ...changes };
      const started = [];
      for (let index = 0; index < count; index++) started.push(await startService({ ...common, database: open() }));
      const [first] = started as [(typeof started)[0]];
      return { services: started.map(({ service }) => service), options: first.options, log: first.log, open };
    }

    it("changes at one time get one order, and every key of them can be had", async () => {
      const { services } = await scene(3);
      const [service] = services as [AuthService];
      const { user } = await logIn(service, "custom-function", { name: "ada" });
      const first = await service.key(user.id);
      const names = await Promise.all(Array.from({ length: 9 }, (_, index) => (services[index % 3] as AuthService).changeKey(user.id)));
      expect(names.map(({ version }) => version).toSorted((one, other) => one - other)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const newest = await service.key(user.id);
      expect([newest.version, newest.versions]).toEqual([10, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]);
      const all = await Promise.all(newest.versions.map((version) => service.key(user.id, version)));
      expect(new Set(all.map(({ key }) => hex(key))).size).toBe(10);
      for (const { keyId, version } of names) expect(all.find((each) => each.version === version)?.keyId).toBe(keyId);
      expect([hex(all.at(-1)!.key), all.at(-1)!.keyId]).toEqual([hex(first.key), first.keyId]);
      expect(await codeOf(service.key(user.id, 11))).toBe("KEY_UNKNOWN");
    });

    it("devices that order a change of one and the same key at once, or twice, cause one change", async () => {
      const { services } = await scene(2);
      const [service] = services as [AuthService];
      const { user } = await logIn(service, "custom-function", { name: "ada" });
      const { keyId } = await service.key(user.id);
      const names = await Promise.all(Array.from({ length: 6 }, (_, index) => (services[index % 2] as AuthService).changeOwnKey(user.id, keyId)));
      expect(new Set(names.map((name) => name.keyId)).size).toBe(1);
      expect(names[0]?.version).toBe(2);
    });

    it("former keys are kept until each device has said that it needs them no more, or was away for too long", async () => {
      const clock = new TestClock();
      const { services } = await scene(1, { now: clock.now, sessionIdleDays: 2000, formerKeyDays: 400 });
      const [service] = services as [AuthService];
      const [phone, tablet] = [await logIn(service, "custom-function", { name: "ada" }), await logIn(service, "custom-function", { name: "ada" })];
      const { id: userId } = phone.user;
      const settle = async (login: typeof phone, keyId: string): Promise<void> => service.keySettled({ userId, sessionId: (await service.verify(login.accessToken)).sessionId, keyId });
      const kept = async (): Promise<readonly number[]> => (await service.key(userId)).versions;
      const one = await service.key(userId);
      const two = await service.changeKey(userId);
      await settle(phone, two.keyId);
      // The tablet has said nothing at all, or that it has the first one.
      expect(await kept()).toEqual([2, 1]);
      await settle(tablet, one.keyId);
      expect(await kept()).toEqual([2, 1]);
      await settle(tablet, two.keyId);
      expect(await kept()).toEqual([2]);
      expect(await codeOf(settle(tablet, one.keyId))).toBe("KEY_UNKNOWN");
      const three = await service.changeKey(userId);
      clock.ms += 401 * DAY_MS;
      const again = await logIn(service, "custom-function", { name: "ada" });
      // A device that is new to the server: what it has nobody knows.
      expect(await kept()).toEqual([3, 2]);
      await settle(again, three.keyId);
      expect(await kept()).toEqual([3]);
    });

    it("a user from before there were changes has key number 1, and what unknown devices may need of it is kept", async () => {
      const { services, options, open } = await scene(1);
      const [service] = services as [AuthService];
      const login = await logIn(service, "custom-function", { name: "ada" });
      const { id: userId } = login.user;
      const first = await service.key(userId);
      const database = open();
      const prefix = database.dialect === "postgres" ? "sync.auth_" : "auth_";
      for (const table of ["user_key", "device"]) await database.query(`DROP TABLE ${prefix}${table}`);
      const { service: next } = await startService(options);
      const same = await next.key(userId);
      expect([same.version, same.versions, hex(same.key)]).toEqual([1, [1], hex(first.key)]);
      const { keyId } = await next.changeKey(userId);
      await next.keySettled({ userId, sessionId: (await next.verify(login.accessToken)).sessionId, keyId });
      expect((await next.key(userId)).versions).toEqual([2, 1]);
      // Those who come later are known from the start.
      const other = await logIn(next, "custom-function", { name: "bob" });
      await next.changeKey(other.user.id);
      await startService(options);
      await next.keySettled({ userId: other.user.id, sessionId: (await next.verify(other.accessToken)).sessionId, keyId: (await next.key(other.user.id)).keyId });
      expect((await next.key(other.user.id)).versions).toEqual([2]);
    });

    it("a re-wrap takes former keys along; deleting the user deletes them", async () => {
      const [before, after] = [randomBytes(32), randomBytes(32)];
      const { services, options, open } = await scene(1, { key: { mode: "issued", providers: [localKeyProvider({ key: before })] } });
      const [service] = services as [AuthService];
      const { user } = await logIn(service, "custom-function", { name: "ada" });
      await service.changeKey(user.id);
      const keys = await Promise.all([1, 2].map(async (version) => hex((await service.key(user.id, version)).key)));
      const { service: next } = await startService({ ...options, key: { mode: "issued", providers: [localKeyProvider({ key: after, former: [before] })] } });
      expect(await next.rewrapKeys()).toBe(2);
      const { service: alone } = await startService({ ...options, key: { mode: "issued", providers: [localKeyProvider({ key: after })] } });
      expect(await Promise.all([1, 2].map(async (version) => hex((await alone.key(user.id, version)).key)))).toEqual(keys);
      await alone.deleteUser(user.id);
      const database = open();
      const prefix = database.dialect === "postgres" ? "sync.auth_" : "auth_";
      for (const table of ["user_key", "device"]) expect(await database.query(`SELECT * FROM ${prefix}${table}`)).toEqual([]);
    });

    it("a user orders a change with an access token and nothing else, and not without end", async () => {
      const { services, log } = await scene(1, { keyChangeLimit: { burst: 2, perMinute: 0.001 } });
      const [service] = services as [AuthService];
      const url = await listen([service]);
      const { user, accessToken, refreshToken } = await logIn(service, "custom-function", { name: "ada" });
      const { key, keyId } = await service.key(user.id);
      const words = { key_id: keyId };
      for (const credential of [Buffer.from(key).toString("base64url"), refreshToken, keyId, "x"]) expect((await post(url, "/user/key/change", credential, words)).status).toBe(401);
      expect((await post(url, "/user/key/change", accessToken, {})).answer["error_code"]).toBe("REQUEST_INVALID");
      expect((await service.key(user.id)).version).toBe(1);
      expect(await post(url, "/user/key/change", accessToken, words)).toMatchObject({ status: 200, answer: { version: 2 } });
      expect(await post(url, "/user/key/change", accessToken, words)).toMatchObject({ status: 200, answer: { version: 2 } });
      expect((await post(url, "/user/key/change", accessToken, words)).answer["error_code"]).toBe("RATE_LIMITED");
      // The operator is not limited.
      await service.changeKey(user.id);
      expect((await post(url, "/user/key", accessToken, { version: 1 })).answer).toMatchObject({ version: 1, versions: [3, 2, 1], key: Buffer.from(key).toString("base64url") });
      expect(log.filter((entry) => (entry as { event: string }).event === "key-changed").length).toBe(2);
      expect(JSON.stringify(log)).not.toContain(Buffer.from(key).toString("base64url"));
    });
  });
}

it("a history that no device follows comes to an end with a clear error", async () => {
  const { service } = await startService({ providers: [byName] });
  const { user } = await logIn(service, "custom-function", { name: "ada" });
  for (let count = 0; count < 100; count++) await service.changeKey(user.id);
  expect(await codeOf(service.changeKey(user.id))).toBe("KEY_HISTORY_FULL");
  expect((await service.key(user.id)).version).toBe(101);
});

it("an application whose keys are the devices' has none to change", async () => {
  const { service } = await startService({ providers: [byName], key: { mode: "device" } });
  const { user } = await logIn(service, "custom-function", { name: "ada" });
  expect(await Promise.all([codeOf(service.changeKey(user.id)), codeOf(service.changeOwnKey(user.id, "x")), codeOf(service.changeAllKeys())])).toEqual(["KEY_NOT_ISSUED", "KEY_NOT_ISSUED", "KEY_NOT_ISSUED"]);
});

it("no key of a history stands in the clear in the database's file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
  atEnd(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "users.db");
  const database = openSqliteUserDatabase(path);
  const { service, log } = await startService({ database, providers: [byName] });
  const { user } = await logIn(service, "custom-function", { name: "ada" });
  await service.changeKey(user.id);
  await service.changeAllKeys();
  const keys = await Promise.all([1, 2, 3].map((version) => service.key(user.id, version)));
  await database.close();
  const haystack = Buffer.concat([readFileSync(path), Buffer.from(JSON.stringify(log))]);
  for (const { key } of keys) for (const needle of [Buffer.from(key), Buffer.from(key).subarray(0, 16), hex(key), Buffer.from(key).toString("base64"), Buffer.from(key).toString("base64url")]) expect(haystack.includes(needle)).toBe(false);
  expect(keys.every(({ keyId }) => haystack.includes(keyId))).toBe(true);
});
