/**
 * The key of each user: one however many ask, bound to its user, readable with the wrapping key alone.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { anonymousProvider, encryptedSqlite, functionProvider, localKeyProvider, openPostgresUserDatabase, openSqliteUserDatabase } from "../../src/index.ts";
import type { KeyProvider, PgPool, UserDatabase } from "../../src/index.ts";
import { postgresMissing, sharedCluster } from "../support/postgres.ts";
import { atEnd, codeOf, logIn, startService } from "./support.ts";

const byName = functionProvider((payload) => ({ subject: String(payload["name"]) }));

/** Connections of several servers to one database. */
const databases: Record<string, () => Promise<() => UserDatabase>> = {
  async "encrypted SQLite"() {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
    atEnd(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "users.db");
    const driver = await encryptedSqlite(path, { providers: [localKeyProvider({ key: randomBytes(32) })] });
    return () => openSqliteUserDatabase(path, driver);
  },
  async SQLite() {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
    atEnd(() => rmSync(folder, { recursive: true }));
    return () => openSqliteUserDatabase(join(folder, "users.db"));
  },
  async PostgreSQL() {
    const address = await (await sharedCluster()).createDatabase();
    return () => {
      const pool = new pg.Pool({ ...address, max: 6 });
      const database = openPostgresUserDatabase(pool as unknown as PgPool);
      return { ...database, close: () => pool.end() };
    };
  },
};

for (const [name, makeDatabase] of Object.entries(databases)) {
  describe.skipIf(name === "PostgreSQL" && postgresMissing() !== undefined)(`on ${name}`, () => {
    it("sixteen first logins at once on four servers give one user and one key, and the next user another", async () => {
      const open = await makeDatabase();
      const secret = randomBytes(32);
      const provider = localKeyProvider({ key: randomBytes(32) });
      const servers = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const database = open();
          atEnd(() => database.close());
          return (await startService({ database, secrets: [secret], providers: [byName], key: { mode: "issued", providers: [provider] } })).service;
        }),
      );
      const keys = new Set<string>();
      for (const user of ["ada", "bob", "cy"]) {
        const logins = await Promise.all(Array.from({ length: 16 }, (_, index) => logIn(servers[index % 4] as (typeof servers)[0], "custom-function", { name: user })));
        expect(new Set(logins.map((login) => login.user.id)).size).toBe(1);
        const issued = await Promise.all(logins.map((login, index) => (servers[(index + 1) % 4] as (typeof servers)[0]).key(login.user.id)));
        const texts = new Set(issued.map(({ key }) => Buffer.from(key).toString("hex")));
        expect(texts.size).toBe(1);
        expect(issued.every(({ key, version }) => key.length === 64 && version === 1)).toBe(true);
        keys.add([...texts][0] as string);
      }
      expect(keys.size).toBe(3);
    });

    it("a user from before keys were issued gets one key, however many ask", async () => {
      const open = await makeDatabase();
      const database = open();
      atEnd(() => database.close());
      const { service: device, options } = await startService({ database, providers: [byName], key: { mode: "device" } });
      const { user } = await logIn(device, "custom-function", { name: "ada" });
      expect(await codeOf(device.key(user.id))).toBe("KEY_NOT_ISSUED");
      const { service } = await startService({ ...options, key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] } });
      const issued = await Promise.all(Array.from({ length: 8 }, () => service.key(user.id)));
      expect(new Set(issued.map(({ key }) => Buffer.from(key).toString("hex"))).size).toBe(1);
    });

    it("a deleted user who comes again is a new user with a new key", async () => {
      const database = (await makeDatabase())();
      atEnd(() => database.close());
      const { service } = await startService({ database, providers: [byName] });
      const { user } = await logIn(service, "custom-function", { name: "ada" });
      const former = await service.key(user.id);
      await service.deleteUser(user.id);
      const again = await logIn(service, "custom-function", { name: "ada" });
      const key = await service.key(again.user.id);
      expect(again.user.id).not.toBe(user.id);
      expect([Buffer.from(key.key).equals(former.key), key.keyId === former.keyId]).toEqual([false, false]);
      expect(await codeOf(service.key(user.id))).not.toBeUndefined();
    });

    it("a user whom somebody deletes while others log in is either there with a key or a new one", async () => {
      const open = await makeDatabase();
      const database = open();
      atEnd(() => database.close());
      const { service } = await startService({ database, providers: [byName] });
      const { user } = await logIn(service, "custom-function", { name: "ada" });
      const logins = Array.from({ length: 6 }, () => logIn(service, "custom-function", { name: "ada" }).catch((error: { code?: string }) => error.code));
      await service.deleteUser(user.id);
      for (const login of await Promise.all(logins)) expect(typeof login === "string" ? login : "in").toBeOneOf(["in", "TOKEN_INVALID"]);
      const after = await logIn(service, "custom-function", { name: "ada" });
      expect(after.user.id).not.toBe(user.id);
      expect((await service.key(after.user.id)).key.length).toBe(64);
    });

    it("a re-wrap changes every stored wrap and no key; afterwards the former wrapping key is not needed", async () => {
      const open = await makeDatabase();
      const database = open();
      atEnd(() => database.close());
      const [before, after] = [randomBytes(32), randomBytes(32)];
      const { service, options } = await startService({ database, key: { mode: "issued", providers: [localKeyProvider({ key: before })] } });
      const users = [await logIn(service, "anon-user"), await logIn(service, "anon-user"), await logIn(service, "anon-user")].map(({ user }) => user.id);
      const keys = await Promise.all(users.map(async (id) => (await service.key(id)).key));
      const { service: next } = await startService({ ...options, key: { mode: "issued", providers: [localKeyProvider({ key: after, former: [before] })] } });
      expect(await next.rewrapKeys()).toBe(3);
      const { service: alone } = await startService({ ...options, key: { mode: "issued", providers: [localKeyProvider({ key: after })] } });
      expect(await Promise.all(users.map(async (id) => (await alone.key(id)).key))).toEqual(keys);
      expect(await codeOf(service.key(users[0] as string))).toBe("KEY_UNREADABLE");
    });
  });
}

it("a wrap put in another user's place does not open", async () => {
  const database = openSqliteUserDatabase(":memory:");
  atEnd(() => database.close());
  const { service } = await startService({ database });
  const [ada, bob] = [(await logIn(service, "anon-user")).user.id, (await logIn(service, "anon-user")).user.id];
  await database.query("UPDATE auth_user SET (key_id, key_wrapped) = (SELECT key_id, key_wrapped FROM auth_user WHERE id = $1) WHERE id = $2", [ada, bob]);
  expect(await codeOf(service.key(bob))).toBe("KEY_UNREADABLE");
  expect(await codeOf(service.key(ada))).toBeUndefined();
});

it("neither key nor tokens stand in the database's files or the log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
  atEnd(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "users.db");
  const database = openSqliteUserDatabase(path);
  const { service, log } = await startService({ database, apiKeys: true, emailPassword: {} });
  await service.register({ email: "one@example.org", password: "correct horse" }, "192.0.2.1");
  const login = await logIn(service, "local-userpass", { email: "one@example.org", password: "correct horse" });
  const { key } = await service.key(login.user.id);
  const apiKey = (await service.apiKeys.create(login.user.id, "backup")).key as string;
  await codeOf(logIn(service, "local-userpass", { email: "one@example.org", password: "wrong marker" }));
  await database.close();
  const haystack = Buffer.concat([readFileSync(path), Buffer.from(JSON.stringify(log))]);
  const bytes = Buffer.from(key);
  const tokens = [login.accessToken, login.refreshToken, login.refreshToken.split(".").at(-1) as string, apiKey.slice(29), "correct horse", "wrong marker"];
  for (const needle of [bytes, bytes.subarray(0, 16), bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url"), ...tokens]) expect(haystack.includes(needle)).toBe(false);
  // The search finds what is there.
  expect(haystack.includes(login.user.id)).toBe(true);
});

it("without its wrapping key a server does not start, and a first login makes no user", async () => {
  const refusal = Object.assign(new Error("disabled"), { code: "WRAPPING_KEY_DISABLED" });
  let isDisabled = true;
  const local = localKeyProvider({ key: randomBytes(32) });
  const provider: KeyProvider = { kind: "local", wrap: async (key, context) => (isDisabled ? Promise.reject(refusal) : local.wrap(key, context)), unwrap: (payload, context) => local.unwrap(payload, context) };
  expect(await codeOf(startService({ key: { mode: "issued", providers: [provider] } }))).toBe("PROVIDER_UNAVAILABLE");
  isDisabled = false;
  const { service, log } = await startService({ providers: [byName, anonymousProvider()], key: { mode: "issued", providers: [provider] } });
  isDisabled = true;
  expect(await codeOf(logIn(service, "custom-function", { name: "ada" }))).toBe("PROVIDER_UNAVAILABLE");
  expect(log.filter(({ event }) => event === "first-login")).toEqual([]);
  isDisabled = false;
  expect(await codeOf(logIn(service, "custom-function", { name: "ada" }))).toBeUndefined();
});

it("a wrapping key of another length, or in a file that others may read, is refused", () => {
  expect(() => localKeyProvider({ key: randomBytes(31) })).toThrow(expect.objectContaining({ code: "AUTH_CONFIGURATION_INVALID" }));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-users-"));
  atEnd(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "key");
  writeFileSync(file, randomBytes(32).toString("base64"), { mode: 0o644 });
  expect(() => localKeyProvider({ key: { file } })).toThrow(expect.objectContaining({ code: "AUTH_CONFIGURATION_INVALID" }));
  // What systemd hands to a unit may show a right of the group, and nobody else gets into its folder.
  vi.stubEnv("CREDENTIALS_DIRECTORY", folder);
  atEnd(() => vi.unstubAllEnvs());
  expect(localKeyProvider({ key: { file } }).kind).toBe("local");
});

it("the first login's trigger runs once for logins that come at once, and again after it has failed", async () => {
  const runs: string[] = [];
  let fails = true;
  const { service } = await startService({
    providers: [byName],
    onFirstLogin: async ({ userId, identity }) => {
      runs.push(identity.subject);
      if (fails) throw new Error("the application's database is away");
      return { customData: { team: "north", id: userId } };
    },
    onLogin: ({ customData }) => ({ customData: { ...customData, logins: Number(customData["logins"] ?? 0) + 1 } }),
  });
  expect(await codeOf(logIn(service, "custom-function", { name: "ada" }))).toBe("TRIGGER_FAILED");
  fails = false;
  const logins = await Promise.all(Array.from({ length: 6 }, () => logIn(service, "custom-function", { name: "ada" })));
  expect(runs).toEqual(["ada", "ada"]);
  expect(logins.every(({ user }) => user.customData["team"] === "north" && user.customData["id"] === user.id)).toBe(true);
});
