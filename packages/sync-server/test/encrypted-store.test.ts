/**
 * The encrypted embedded store at rest: what is in its files, which keys open it, what happens to its keys.
 *
 * That it behaves like any store is shown where all stores are: store, sessions, permissions, auth/keys.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs, { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { convertStore, encryptedSqlite, localKeyProvider, openSqliteUserDatabase, rewrapStoreKey, SqliteStore } from "../src/index.ts";
import type { Conversion, KeyProvider, StoreCipher, StoreEncryption } from "../src/index.ts";
import { EVERYTHING } from "../src/filters/filter.ts";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { clientId, Pen, TASKS, uploadOf } from "./support/operations.ts";
import { RawClient } from "./support/raw-client.ts";
import { tokenOf } from "./support/server.ts";

const MARKER = "marker-of-a-user";
const ann = clientId(0xa);
const CIPHERS: readonly StoreCipher[] = ["sqlcipher", "aegis-256"];
let folder = "";
let path = "";
const stores: SqliteStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-encrypted-"));
  path = join(folder, "sync.db");
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

function encryptionWith(key = randomBytes(32), cipher?: StoreCipher): StoreEncryption {
  return { providers: [localKeyProvider({ key })], ...(cipher === undefined ? {} : { cipher }) };
}

async function openStore(encryption?: StoreEncryption, at = path): Promise<SqliteStore> {
  const store = encryption === undefined ? new SqliteStore(at) : new SqliteStore(at, await encryptedSqlite(at, encryption));
  stores.push(store);
  await store.open();
  return store;
}

async function close(store: SqliteStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.close();
}

/** Rows with the marker, enough of them for pages to leave the cache. */
async function fill(store: SqliteStore, count = 300): Promise<void> {
  await store.applySchema(TASKS);
  await store.addClient(ann, "ann");
  const pen = new Pen(ann);
  const uploads = [uploadOf(ann, 1, Array.from({ length: count }, (_each, index) => pen.create(`t${String(index)}`, { title: `${MARKER} ${String(index)}` })).flat())];
  const layout = new SchemaLayout(TASKS);
  await store.flush({ uploads, foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => mergeBatch(uploads, input, { layout, nowMs: Date.now(), authorize: () => undefined }) });
}

async function countRows(store: SqliteStore): Promise<number> {
  const snapshot = await store.snapshot();
  try {
    return (await snapshot.rows("Task", EVERYTHING, { after: undefined, limit: 100_000 })).rows.length;
  } finally {
    await snapshot.release();
  }
}

/** Names of files that hold the marker, as it is or as UTF-16. */
function filesWithMarker(at = folder): string[] {
  return filesOf(at).filter((name) => [Buffer.from(MARKER), Buffer.from(MARKER, "utf16le")].some((needle) => readFileSync(join(at, name)).includes(needle)));
}

function filesOf(at: string): string[] {
  return readdirSync(at).filter((name) => statSync(join(at, name)).isFile());
}

/** Every file with its content. */
function image(at = folder): Record<string, string> {
  return Object.fromEntries(filesOf(at).map((name) => [name, createHash("sha256").update(readFileSync(join(at, name))).digest("hex")]));
}

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(() => "accepted", (error: { code?: unknown }) => error.code);
}

/** A copy as a crash would leave it: with the log that the last one to close would have removed. */
function crashImage(): string {
  const copy = join(folder, "crashed");
  mkdirSync(copy);
  for (const name of readdirSync(folder)) if (name !== "crashed") copyFileSync(join(folder, name), join(copy, name));
  return join(copy, "sync.db");
}

describe.each(CIPHERS)("with %s", (cipher) => {
  it("no file holds a row in the clear: while it is open, in a crash, and after it was closed", async () => {
    const plain = await openStore(undefined, join(folder, "plain.db"));
    await fill(plain);
    expect(filesWithMarker()).toEqual(["plain.db-wal"]);
    await close(plain);
    expect(filesWithMarker()).toEqual(["plain.db"]);
    rmSync(join(folder, "plain.db"));
    const encryption = encryptionWith(undefined, cipher);
    const store = await openStore(encryption);
    await fill(store);
    expect(readdirSync(folder).toSorted()).toEqual(["sync.db", "sync.db-key", "sync.db-shm", "sync.db-wal"]);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(20_000);
    expect(filesWithMarker()).toEqual([]);
    const crashed = crashImage();
    await close(store);
    expect(filesWithMarker(join(folder, "crashed"))).toEqual([]);
    expect(await countRows(await openStore(encryption, crashed))).toBe(300);
    expect(readdirSync(folder).filter((name) => name !== "crashed").toSorted()).toEqual(["sync.db", "sync.db-key"]);
    rmSync(join(folder, "crashed"), { recursive: true, force: true });
    stores.length = 0;
    expect(filesWithMarker()).toEqual([]);
    expect(readFileSync(path).includes("SQLite format 3")).toBe(false);
  });

  it("a byte that was changed anywhere in the file is found", async () => {
    const encryption = encryptionWith(undefined, cipher);
    const store = await openStore(encryption);
    await fill(store);
    await close(store);
    const whole = readFileSync(path);
    const pages = whole.length / 4096;
    // One byte of each page, at another place in each; the last bytes of a page are its tag.
    for (let page = 0; page < pages; page++) {
      const place = page * 4096 + (page === 0 ? 20 : (page * 397) % 4096);
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      writeFileSync(path, changed);
      // What is read when a store opens, and then all the rest.
      const found = await codeOf(readWhole(encryption));
      expect([page, found]).toEqual([page, "STORE_DAMAGED"]);
    }
    for (const place of [0, 15]) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      writeFileSync(path, changed);
      expect(await codeOf(readWhole(encryption))).toBe("STORE_KEY_WRONG");
    }
    writeFileSync(path, whole);
    expect(await codeOf(readWhole(encryption))).toBe("accepted");
  });
});

async function readWhole(encryption: StoreEncryption): Promise<void> {
  const db = (await encryptedSqlite(path, encryption)).open(path, { isReadOnly: true });
  try {
    const [row] = db.prepare("PRAGMA integrity_check").all() as { integrity_check: string }[];
    if (row?.integrity_check !== "ok") throw Object.assign(new Error("integrity"), { code: "STORE_DAMAGED" });
  } finally {
    db.close();
  }
}

it.skipIf(!existsSync("/proc/self/fd"))("what a large sort spills stays in memory", async () => {
  const db = (await encryptedSqlite(path, encryptionWith())).open(path);
  try {
    db.exec(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO t SELECT '${MARKER} ' || i || hex(zeroblob(200)) FROM n`);
    let spilled: string[] = [];
    // SQLite removes the names of its temporary files at once: what this process has open shows them.
    db.function("look", { deterministic: false }, (_text) => {
      if (spilled.length === 0) spilled = readdirSync("/proc/self/fd").filter((name) => linkOf(name).includes("etilqs") && readFileSync(join("/proc/self/fd", name)).includes(MARKER));
      return 1;
    });
    const sort = (): void => void db.prepare("SELECT sum(look(a)) FROM (SELECT a FROM t ORDER BY substr(a, 20) DESC LIMIT -1 OFFSET 11990)").get();
    db.exec("PRAGMA cache_size = 10");
    sort();
    expect(spilled).toEqual([]);
    // And files would be seen.
    db.exec("PRAGMA temp_store = FILE");
    sort();
    expect(spilled).not.toEqual([]);
  } finally {
    db.close();
  }
});

function linkOf(name: string): string {
  try {
    return readlinkSync(join("/proc/self/fd", name));
  } catch {
    return "";
  }
}

it("a wrong key, a missing one, a superfluous one and a lost one are told apart, and change no file", async () => {
  const encryption = encryptionWith();
  const store = await openStore(encryption);
  await fill(store);
  // With its log still there: opening it wrongly must not even put that into the file.
  const crashed = crashImage();
  await close(store);
  const at = join(folder, "crashed");
  rmSync(`${crashed}-shm`);
  const before = image(at);
  expect(Object.keys(before)).toEqual(["sync.db", "sync.db-key", "sync.db-wal"]);
  expect(await codeOf(openStore(encryptionWith(), crashed))).toBe("STORE_KEY_WRONG");
  expect(await codeOf(openStore({ providers: [{ ...localKeyProvider({ key: randomBytes(32) }), kind: "another" }] }, crashed))).toBe("STORE_KEY_WRONG");
  expect(await codeOf(openStore(undefined, crashed))).toBe("STORE_KEY_MISSING");
  expect(() => openSqliteUserDatabase(crashed)).toThrow(expect.objectContaining({ code: "STORE_KEY_MISSING" }) as Error);
  expect(image(at)).toEqual(before);

  const keyFile = readFileSync(`${crashed}-key`);
  rmSync(`${crashed}-key`);
  const withoutKey = image(at);
  expect(await codeOf(openStore(encryption, crashed))).toBe("STORE_KEY_LOST");
  expect(image(at)).toEqual(withoutKey);
  // Another store's key, wrapped by the same provider.
  const other = join(folder, "other.db");
  await close(await openStore(encryption, other));
  copyFileSync(`${other}-key`, `${crashed}-key`);
  expect(await codeOf(openStore(encryption, crashed))).toBe("STORE_KEY_WRONG");
  writeFileSync(`${crashed}-key`, "{}");
  expect(await codeOf(openStore(encryption, crashed))).toBe("STORE_KEY_WRONG");
  writeFileSync(`${crashed}-key`, keyFile);
  expect(image(at)).toEqual(before);

  const plain = join(folder, "plain.db");
  await close(await openStore(undefined, plain));
  const plainBefore = image();
  expect(await codeOf(openStore(encryption, plain))).toBe("STORE_NOT_ENCRYPTED");
  expect(image()).toEqual(plainBefore);
  expect(await countRows(await openStore(encryption, crashed))).toBe(300);
  await close(stores[0] as SqliteStore);
});

it("sixteen who make one store at once get one key", async () => {
  const encryption = encryptionWith();
  await Promise.all(Array.from({ length: 16 }, () => encryptedSqlite(path, encryption)));
  const store = await openStore(encryption);
  await fill(store, 3);
  await close(store);
  expect(await countRows(await openStore(encryption))).toBe(3);
  expect(readdirSync(folder).filter((name) => name.includes("-key"))).toEqual(["sync.db-key"]);
});

it("with the wrapping key disabled a store that is open goes on, and none opens; enabled again, all is as before", async () => {
  let isDisabled = false;
  const local = localKeyProvider({ key: randomBytes(32) });
  const refuse = <Result>(action: () => Promise<Result>): Promise<Result> => (isDisabled ? Promise.reject(Object.assign(new Error("disabled"), { code: "WRAPPING_KEY_DISABLED" })) : action());
  const provider: KeyProvider = { kind: "local", wrap: (key, context) => refuse(() => local.wrap(key, context)), unwrap: (payload, context) => refuse(() => local.unwrap(payload, context)) };
  const encryption = { providers: [provider] };
  const store = await openStore(encryption);
  isDisabled = true;
  await fill(store, 5);
  expect(await countRows(store)).toBe(5);
  await close(store);
  const refusal = await openStore(encryption).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "PROVIDER_UNAVAILABLE", message: expect.stringContaining("WRAPPING_KEY_DISABLED") as string });
  expect(await codeOf(openStore(encryption, join(folder, "new.db")))).toBe("PROVIDER_UNAVAILABLE");
  expect(existsSync(join(folder, "new.db"))).toBe(false);
  isDisabled = false;
  expect(await countRows(await openStore(encryption))).toBe(5);
});

it("a rotation of the wrapping key wraps the data key anew, beside a store that is open, and touches no page", async () => {
  const [before, after] = [randomBytes(32), randomBytes(32)];
  const store = await openStore(encryptionWith(before));
  await fill(store, 5);
  await close(store);
  const wrapped = readFileSync(`${path}-key`, "utf8");
  const running = await openStore(encryptionWith(before));
  const pages = readFileSync(path);
  expect(await rewrapStoreKey(path, { providers: [localKeyProvider({ key: after, former: [before] })] })).toBe(true);
  expect(readFileSync(`${path}-key`, "utf8")).not.toBe(wrapped);
  expect((JSON.parse(readFileSync(`${path}-key`, "utf8")) as { current: { keyId: string } }).current.keyId).toBe((JSON.parse(wrapped) as { current: { keyId: string } }).current.keyId);
  expect(readFileSync(path).equals(pages)).toBe(true);
  expect(await countRows(running)).toBe(5);
  await close(running);
  expect(await codeOf(openStore(encryptionWith(before)))).toBe("STORE_KEY_WRONG");
  expect(await countRows(await openStore(encryptionWith(after)))).toBe(5);
});

describe.each<[Conversion, StoreCipher | undefined]>([["encrypt", undefined], ["rekey", undefined], ["rekey", "aegis-256"], ["decrypt", undefined]])("%s (to %s)", (conversion, cipher) => {
  it("a crash at any moment leaves the whole store, under a key that is there; done again it is done", async () => {
    const encryption = encryptionWith();
    const source = await openStore(conversion === "encrypt" ? undefined : encryption);
    await fill(source);
    await close(source);
    const goal = { ...encryption, ...(cipher === undefined ? {} : { cipher }) };
    const images = await whileRecording(() => convertStore(path, conversion, goal));
    expect(images.length).toBeGreaterThan(10);
    const kinds = new Set<string>();
    for (const at of [...images, folder]) {
      const db = join(at, "sync.db");
      const isPlain = readFileSync(db).includes("SQLite format 3");
      kinds.add(isPlain ? "plain" : "sealed");
      const store = await openStore(isPlain ? undefined : encryption, db);
      expect(await countRows(store)).toBe(300);
      await close(store);
      expect(readdirSync(at).filter((name) => name.includes("converting") && !name.startsWith("image"))).toEqual([]);
      if (!isPlain) expect(filesWithMarker(at).filter((name) => name.startsWith("sync"))).toEqual([]);
      await convertStore(db, conversion, goal);
      const again = await openStore(conversion === "decrypt" ? undefined : encryption, db);
      expect(await countRows(again)).toBe(300);
      await close(again);
      if (conversion === "decrypt") expect(existsSync(`${db}-key`)).toBe(false);
    }
    expect(kinds).toEqual(new Set(conversion === "rekey" ? ["sealed"] : ["plain", "sealed"]));
  });
});

it("a re-key changes every page and the key's id; the former key file opens nothing", async () => {
  const encryption = encryptionWith();
  const store = await openStore(encryption);
  await fill(store);
  await close(store);
  const [pages, keyFile] = [readFileSync(path), readFileSync(`${path}-key`)];
  expect(await convertStore(path, "rekey", encryption)).toBe(true);
  const now = readFileSync(path);
  for (let at = 0; at + 4096 <= Math.min(pages.length, now.length); at += 4096) expect(now.subarray(at, at + 4096).equals(pages.subarray(at, at + 4096))).toBe(false);
  writeFileSync(`${path}-key`, keyFile);
  expect(await codeOf(openStore(encryption))).toBe("STORE_KEY_WRONG");
});

it("a server that was killed in mid flush leaves no plaintext, keeps what it acknowledged, and may not be converted while it runs", async () => {
  const encryption: StoreEncryption = { providers: [localKeyProvider({ key: new Uint8Array(32).fill(5) })] };
  const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "support/server-process.ts"), "encrypted", path], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    const client = await RawClient.connect({ url: `ws://127.0.0.1:${String(port).trim()}/`, token: tokenOf("ann") });
    for (let index = 0; index < 20; index++) await client.up(...client.pen.create(`t${String(index)}`, { owner: "ann", title: `${MARKER} ${String(index)}` }));
    expect(filesWithMarker()).toEqual([]);
    expect(await codeOf(convertStore(path, "rekey", encryption))).toBe("STORE_IN_USE");
    void client.up(...client.pen.create("last", { owner: "ann", title: MARKER })).catch(() => undefined);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  expect(readdirSync(folder).toSorted()).toEqual(["sync.db", "sync.db-key", "sync.db-shm", "sync.db-wal"]);
  expect(filesWithMarker()).toEqual([]);
  expect(await countRows(await openStore(encryption))).toBeOneOf([20, 21]);
});

/** A copy of the folder before each of the calls that change files. */
async function whileRecording(action: () => Promise<unknown>): Promise<string[]> {
  const images: string[] = [];
  const names = ["openSync", "writeSync", "fsyncSync", "renameSync", "linkSync", "rmSync"] as const;
  const original = Object.fromEntries(names.map((name) => [name, fs[name]]));
  let isCopying = false;
  for (const name of names) {
    (fs as unknown as Record<string, unknown>)[name] = (...values: unknown[]): unknown => {
      if (!isCopying) {
        isCopying = true;
        const at = join(folder, `image${String(images.length)}`);
        images.push(at);
        mkdirSync(at);
        for (const file of readdirSync(folder)) if (file.startsWith("sync.db")) cpSync(join(folder, file), join(at, file));
        isCopying = false;
      }
      return (original[name] as (...values: unknown[]) => unknown)(...values);
    };
  }
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    Object.assign(fs, original);
    syncBuiltinESMExports();
  }
  return images;
}
