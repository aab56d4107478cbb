/**
 * The sync server's keys under customer-managed keys: users' keys and those of the embedded store, through the vendors' SDKs over stubs that
 * check requests, and a SoftHSM.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pkcs11Wrap } from "@holdfast/key-store-wraps/pkcs11";
import type { Pkcs11WrapOptions } from "@holdfast/key-store-wraps/pkcs11";
import { anonymousProvider, AuthService, encryptedSqlite, openSqliteUserDatabase, rewrapStoreKey, SqliteStore } from "@holdfast/sync-server";
import type { KeyProvider, UserDatabase } from "@holdfast/sync-server";
import { makePkcs11Token, pkcs11Missing } from "../src/key-stores/bindings/wraps/hardware.ts";
import { missingPeer } from "../src/key-stores/bindings/wraps/peers.ts";
import { awsService, azureService, googleService } from "../src/key-stores/bindings/wraps/services.ts";
import type { WrapService } from "../src/key-stores/bindings/wraps/services.ts";
import type { StubMode } from "../src/key-stores/bindings/wraps/stub-keys.ts";

let folder = "";
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Store, users' file and three users of a server; `open` is what a start of it does. */
class TestServer {
  readonly path: string = join(folder, `${randomBytes(4).toString("hex")}.db`);
  readonly secret: Uint8Array = randomBytes(32);

  async open(...providers: KeyProvider[]): Promise<{ readonly store: SqliteStore; readonly users: AuthService; readonly database: UserDatabase }> {
    const store = new SqliteStore(this.path, await encryptedSqlite(this.path, { providers }));
    cleanups.push(() => store.close());
    await store.open();
    const database = openSqliteUserDatabase(`${this.path}-users`, await encryptedSqlite(`${this.path}-users`, { providers }));
    cleanups.push(() => database.close());
    const users = new AuthService({ appId: "clinic", database, secrets: [this.secret], providers: [anonymousProvider()], key: { mode: "issued", providers } });
    await users.start();
    return { store, users, database };
  }

  get keyFiles(): readonly string[] {
    return [this.path, `${this.path}-users`].map((path) => readFileSync(`${path}-key`, "utf8"));
  }
}

async function logIn(users: AuthService): Promise<{ readonly id: string; readonly accessToken: string }> {
  const { user, accessToken } = await users.logIn({ provider: "anon-user", payload: {}, nonce: randomBytes(16).toString("base64url"), address: "192.0.2.1" });
  return { id: user.id, accessToken };
}

async function keysOf(users: AuthService, ids: readonly string[]): Promise<readonly string[]> {
  return Promise.all(ids.map(async (id) => Buffer.from((await users.key(id)).key).toString("hex")));
}

async function failureOf(action: Promise<unknown>): Promise<{ readonly code?: string; readonly message?: string }> {
  return action.then(() => ({}), (error: { code: string; message: string }) => error);
}

async function wrapsOf(database: UserDatabase): Promise<readonly unknown[]> {
  return (await database.query("SELECT key_wrapped FROM auth_user ORDER BY id")).map((row) => row["key_wrapped"]);
}

/** Users' keys and the store's: made, bound, moved, wrapped anew. `rotate` gives the providers after a rotation. */
async function lifeOfKeys(provider: KeyProvider, rotate: () => KeyProvider[]): Promise<void> {
  const server = new TestServer();
  const { users, database } = await server.open(provider);
  const [ada = "", bob = "", cy = ""] = [(await logIn(users)).id, (await logIn(users)).id, (await logIn(users)).id];
  const keys = await keysOf(users, [ada, bob, cy]);
  expect(new Set(keys).size).toBe(3);
  const [wraps, files] = [await wrapsOf(database), server.keyFiles];

  // A new wrapping key, or a new version of it: everything opens as before, and after the re-wrap with it alone.
  const providers = rotate();
  const next = await server.open(...providers);
  expect(await keysOf(next.users, [ada, bob, cy])).toEqual(keys);
  expect(await next.users.rewrapKeys()).toBe(3);
  for (const path of [server.path, `${server.path}-users`]) expect(await rewrapStoreKey(path, { providers })).toBe(true);
  for (const [index, wrap] of (await wrapsOf(next.database)).entries()) expect(wrap).not.toBe(wraps[index]);
  for (const [index, file] of server.keyFiles.entries()) expect(file).not.toBe(files[index]);
  const alone = await server.open(providers[0] as KeyProvider);
  expect(await keysOf(alone.users, [ada, bob, cy])).toEqual(keys);

  // A wrap is bound: another user's, and another key's of the store.
  await alone.database.query("UPDATE auth_user SET (key_id, key_wrapped) = (SELECT key_id, key_wrapped FROM auth_user WHERE id = $1) WHERE id = $2", [ada, bob]);
  expect((await failureOf(alone.users.key(bob))).code).toBe("KEY_UNREADABLE");
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  const file = JSON.parse(server.keyFiles[0] as string) as { current: { keyId: string } };
  writeFileSync(`${server.path}-key`, JSON.stringify({ ...file, current: { ...file.current, keyId: randomBytes(16).toString("base64url") } }));
  expect((await failureOf(server.open(providers[0] as KeyProvider))).code).toBe("STORE_KEY_WRONG");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-server-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const services: readonly (readonly [name: string, peer: string, start: () => Promise<WrapService>])[] = [
  ["AWS KMS", "@aws-sdk/client-kms", awsService],
  ["Azure Key Vault", "@azure/keyvault-keys", azureService],
  ["Google Cloud KMS", "@google-cloud/kms", googleService],
];

for (const [name, peer, start] of services) {
  const missing = missingPeer(peer)?.reason;
  describe.skipIf(missing !== undefined)(`under ${name}${missing === undefined ? "" : ` (not run: ${missing})`}`, () => {
    let service: WrapService;

    beforeAll(async () => {
      service = await start();
    });
    afterAll(() => service.stub.close());
    afterEach(() => {
      service.stub.mode = "works";
    });

    it("keys are made, bound and, after a rotation, wrapped anew: nothing else changes", async () => {
      await lifeOfKeys(service.wrapWithin(10_000), () => {
        service.stub.rotate();
        return [service.wrapWithin(10_000)];
      });
    });

    it("with the key disabled, deleted, forbidden or the service broken no server starts; one that runs goes on with its store and its sessions", async () => {
      const server = new TestServer();
      const provider = service.wrapWithin(10_000);
      const { store, users } = await server.open(provider);
      const { id, accessToken } = await logIn(users);
      const files = server.keyFiles;
      const codes: readonly (readonly [StubMode, string])[] = [["disabled", "WRAPPING_KEY_DISABLED"], ["deleted", "WRAPPING_KEY_GONE"], ["denied", "ACCESS_DENIED"], ["broken", "STORE_UNAVAILABLE"]];
      for (const [mode, code] of codes) {
        service.stub.mode = mode;
        const refusal = await failureOf(server.open(provider));
        expect([mode, refusal.code, refusal.message]).toEqual([mode, "PROVIDER_UNAVAILABLE", expect.stringContaining(code)]);
        expect((await failureOf(users.key(id))).code).toBe("PROVIDER_UNAVAILABLE");
        await store.addClient(`${mode}-client`.padStart(16, "0"), id);
        expect((await store.position()).version).toBe(0);
        expect(await users.authenticator().verify(accessToken)).toMatchObject({ userId: id });
        expect((await failureOf(rewrapStoreKey(server.path, { providers: [provider] }))).code).toBe("PROVIDER_UNAVAILABLE");
      }
      service.stub.mode = "works";
      expect(server.keyFiles).toEqual(files);
      expect((await (await server.open(provider)).users.key(id)).key.length).toBe(64);
    });

    it("a service that throttles is asked again; one that is silent is given up in time", async () => {
      const server = new TestServer();
      const provider = service.wrapWithin(10_000);
      const { users } = await server.open(provider);
      const { id } = await logIn(users);
      let refusals = 0;
      const patient: KeyProvider = {
        ...provider,
        unwrap: async (payload, context) => {
          try {
            return await provider.unwrap(payload, context);
          } catch (error) {
            refusals++;
            service.stub.mode = "works";
            throw error;
          }
        },
      };
      const { users: asked } = await server.open(patient);
      service.stub.mode = "throttled";
      expect((await asked.key(id)).key.length).toBe(64);
      expect(refusals).toBe(1);
      service.stub.mode = "silent";
      expect(await failureOf(server.open(service.wrapWithin(200)))).toMatchObject({ code: "PROVIDER_UNAVAILABLE", message: expect.stringContaining("STORE_UNAVAILABLE") as string });
    });
  });
}

const tokenMissing = pkcs11Missing()?.reason;

describe.skipIf(tokenMissing !== undefined)(`under a PKCS#11 token${tokenMissing === undefined ? "" : ` (not run: ${tokenMissing})`}`, () => {
  let token: { readonly options: Pkcs11WrapOptions; remove(): void };

  beforeAll(() => {
    token = makePkcs11Token();
  });
  afterAll(() => token.remove());

  it("keys are made, bound and, after a rotation, wrapped anew: nothing else changes", async () => {
    await lifeOfKeys(pkcs11Wrap(token.options), () => [pkcs11Wrap({ ...token.options, keyLabel: "second", formerKeyLabels: ["first"] })]);
  });

  it("with the key gone from the token, or another PIN, no server starts; one that runs goes on", async () => {
    const server = new TestServer();
    const { store } = await server.open(pkcs11Wrap(token.options));
    expect(await failureOf(new TestServer().open(pkcs11Wrap({ ...token.options, keyLabel: "third" })))).toMatchObject({ code: "PROVIDER_UNAVAILABLE", message: expect.stringContaining("WRAPPING_KEY_GONE") as string });
    expect(await failureOf(server.open(pkcs11Wrap({ ...token.options, pin: "9999" })))).toMatchObject({ code: "PROVIDER_UNAVAILABLE", message: expect.stringContaining("AUTH_WRONG") as string });
    expect((await failureOf(server.open(pkcs11Wrap({ ...token.options, keyLabel: "second" })))).code).toBe("STORE_KEY_WRONG");
    expect((await store.position()).version).toBe(0);
  });
});
