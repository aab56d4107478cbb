/**
 * Ways to make Holdfast throw, each with a key and data that can be recognised.
 *
 * @module
 */
import { linkSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { createNodeUnitSeal } from "@holdfast/core-cipher/node";
import { Realm } from "@holdfast/realm";
import { SecretKey, Store } from "@holdfast/storage-engine";
import { CrashDisk, CrashVolume } from "@holdfast/storage-engine/simulation";
import { RECOGNISABLE_KEY, WORDS } from "./marks.ts";
import { fill, schemaOf } from "./workload.ts";

/** Something that throws. */
export interface Provocation {
  readonly name: string;
  run(folder: string): unknown;
}

const [text, className, property, value, primaryKey, bytes] = WORDS as [string, string, string, string, string, string];
const OTHER_KEY = RECOGNISABLE_KEY.map((byte) => byte ^ 0x55);
const encryptionKey = RECOGNISABLE_KEY;
const valueBytes = new TextEncoder().encode(`${value} ${bytes} ${text}`.repeat(20));
const LOG_OFFSET = 24_576;

function realmIn(folder: string, extra: Realm.Configuration = {}): Realm {
  const realm = new Realm({ path: join(folder, "a.realm"), schema: schemaOf(0), encryptionKey, ...extra });
  if (realm.isEmpty) fill(realm, 40);
  return realm;
}

/** Runs with a realm that is closed in any case. */
function withRealm(name: string, run: (realm: Realm, folder: string) => unknown): Provocation {
  return {
    name,
    async run(folder) {
      const realm = realmIn(folder);
      try {
        return await run(realm, folder);
      } finally {
        if (!realm.isClosed && realm.isInTransaction) realm.cancelTransaction();
        realm.close();
      }
    },
  };
}

function storeIn(folder: string): Store {
  const store = Store.open({ path: join(folder, "a.store"), encryptionKey });
  const transaction = store.beginWrite();
  transaction.tree(className).put(new TextEncoder().encode(text), valueBytes);
  transaction.tree(className).put(Uint8Array.of(9), new Uint8Array(9000).fill(7));
  transaction.commit();
  return store;
}

function withStore(name: string, run: (store: Store, folder: string) => unknown): Provocation {
  return {
    name,
    run(folder) {
      const store = storeIn(folder);
      try {
        return run(store, folder);
      } finally {
        store.close();
      }
    },
  };
}

/** A closed store with some bytes changed, opened and read. */
function damaged(name: string, change: (file: Uint8Array) => Uint8Array | undefined): Provocation {
  return {
    name,
    run(folder) {
      const path = join(folder, "a.store");
      const open = storeIn(folder);
      const unclosed = readFileSync(path);
      open.close();
      const closed = new Uint8Array(readFileSync(path));
      const forged = change(name.includes("log") ? new Uint8Array(unclosed) : closed) ?? closed;
      writeFileSync(path, forged);
      const store = Store.open({ path, encryptionKey });
      try {
        const cursor = store.snapshot().tree(className)?.cursor();
        while (cursor?.next() === true) cursor.value();
        store.beginWrite().abort();
      } finally {
        store.close();
      }
    },
  };
}

function fillRange(file: Uint8Array, from: number, to: number): Uint8Array {
  return file.fill(0x5a, from, to);
}

const onRealm: readonly Provocation[] = [
  withRealm("wrong class", (realm) => realm.objects(`${className}Missing`)),
  withRealm("existing primary key", (realm) => realm.write(() => realm.create(className, { [primaryKey]: `${text} 1`, [property]: value, list: [] }))),
  withRealm("wrong type", (realm) => realm.write(() => realm.create(className, { [primaryKey]: "new", [property]: { [value]: valueBytes }, list: [] }))),
  withRealm("bytes for a string", (realm) => realm.write(() => realm.create(className, { [primaryKey]: valueBytes, [property]: RECOGNISABLE_KEY, list: [] }))),
  withRealm("a list for a string", (realm) => realm.write(() => realm.create(className, { [primaryKey]: [value], [property]: [...RECOGNISABLE_KEY], list: [] }))),
  withRealm("a string for bytes", (realm) => realm.write(() => realm.create(className, { [primaryKey]: "n", [property]: "p", data: value, list: [] }))),
  withRealm("a missing value", (realm) => realm.write(() => realm.create(className, { [primaryKey]: value }))),
  withRealm("a null primary key", (realm) => realm.write(() => realm.create(className, { [primaryKey]: null, [property]: value, list: [] }))),
  withRealm("a changed primary key", (realm) => realm.write(() => ((realm.objects(className)[0] as unknown as Record<string, unknown>)[primaryKey] = valueBytes))),
  withRealm("outside a transaction", (realm) => realm.create(className, { [primaryKey]: value, [property]: value, list: [] })),
  withRealm("a transaction in another", (realm) => realm.write(() => realm.beginTransaction())),
  withRealm("a deleted object", (realm) => {
    const object = realm.objects(className)[0] as unknown as Record<string, unknown>;
    realm.write(() => realm.delete(object));
    return object[property];
  }),
  withRealm("no listener", (realm) => realm.addListener("change", value as never)),
  withRealm("a listener of a wrong kind", (realm) => realm.objects(className).addListener({ value } as never)),
  withRealm("an event that is none", (realm) => realm.addListener("rename" as never, () => undefined)),
  withRealm("an index outside a list", (realm) => realm.write(() => ((realm.objects(className)[0] as unknown as { list: string[] }).list[99] = value))),
  withRealm("a query that is none", (realm) => realm.objects(className).filtered(`${property} === == $0`, value).length),
  withRealm("a query of an unknown property", (realm) => realm.objects(className).filtered(`unknownProperty == '${"x"}'`).length),
  withRealm("a query without its argument", (realm) => realm.objects(className).filtered(`${property} == $3`, value).length),
  withRealm("a query with a wrong type", (realm) => realm.objects(className).filtered(`${property} == $0`, 7).length),
  withRealm("a query with a strange argument", (realm) => realm.objects(className).filtered(`${property} == $0`, () => value).length),
  withRealm("a copy onto a file", (realm, folder) => realm.writeCopyTo({ path: join(folder, "a.realm"), encryptionKey: OTHER_KEY })),
  withRealm("a copy into nowhere", (realm, folder) => realm.writeCopyTo({ path: join(folder, "no/a.realm"), encryptionKey: OTHER_KEY })),
  withRealm("another key for an open file", (_realm, folder) => realmIn(folder, { encryptionKey: OTHER_KEY })),
  withRealm("another schema for an open file", (_realm, folder) => realmIn(folder, { schema: [{ name: "Other", properties: { a: "int" } }] })),
  withRealm("a re-key of an open file", (_realm, folder) => Realm.rekey({ path: join(folder, "a.realm"), encryptionKey }, OTHER_KEY)),
  withRealm("a closed realm", (realm) => {
    realm.close();
    return realm.objects(className);
  }),
  withRealm("a wrong update mode", (realm) => realm.write(() => realm.create(className, { [primaryKey]: value, [property]: value, list: [] }, value as never))),
  withRealm("JSON that is none", (realm) => realm.write(() => (realm as unknown as { importJson(json: unknown): void }).importJson({ classes: { [className]: [{ [primaryKey]: valueBytes }] } }))),
];

const onFiles: readonly Provocation[] = [
  { name: "a wrong key", run: (folder) => (realmIn(folder).close(), realmIn(folder, { encryptionKey: OTHER_KEY })) },
  { name: "no key", run: (folder) => (realmIn(folder).close(), new Realm({ path: join(folder, "a.realm"), schema: schemaOf(0) })) },
  { name: "a key for a plain file", run: (folder) => (new Realm({ path: join(folder, "a.realm"), schema: schemaOf(0) }).close(), realmIn(folder)) },
  { name: "a short key", run: (folder) => realmIn(folder, { encryptionKey: RECOGNISABLE_KEY.slice(0, 40) }) },
  { name: "a key as text", run: (folder) => realmIn(folder, { encryptionKey: Buffer.from(RECOGNISABLE_KEY).toString("hex") as never }) },
  { name: "a key with a wrong entry", run: (folder) => realmIn(folder, { encryptionKey: [...RECOGNISABLE_KEY.slice(0, 63), 171.5] }) },
  { name: "a key with a wrong kind of entry", run: (folder) => realmIn(folder, { encryptionKey: [...RECOGNISABLE_KEY.slice(0, 63), value] as never }) },
  { name: "a store's short key", run: (folder) => Store.open({ path: join(folder, "a"), encryptionKey: RECOGNISABLE_KEY.slice(0, 40) }) },
  { name: "a store's key as text", run: (folder) => Store.open({ path: join(folder, "a"), encryptionKey: Buffer.from(RECOGNISABLE_KEY).toString("base64") }) },
  { name: "a store's key with a wrong entry", run: (folder) => Store.open({ path: join(folder, "a"), encryptionKey: [...RECOGNISABLE_KEY.slice(0, 63), 300] }) },
  { name: "a lower schema version", run: (folder) => (realmIn(folder, { schemaVersion: 5 }).close(), realmIn(folder, { schemaVersion: 4 })) },
  { name: "a changed schema", run: (folder) => (realmIn(folder).close(), realmIn(folder, { schema: [{ name: className, properties: { [property]: "int" } }] })) },
  { name: "a schema that is none", run: (folder) => realmIn(folder, { schema: [{ name: className, properties: { [property]: "no type?" } }] }) },
  { name: "a wrong configuration", run: (folder) => realmIn(folder, { readOnly: true, deleteRealmIfMigrationNeeded: true }) },
  { name: "a wrong type in a configuration", run: (folder) => realmIn(folder, { schemaVersion: value as never }) },
  { name: "a missing file", run: (folder) => new Realm({ path: join(folder, "a.realm"), schema: schemaOf(0), readOnly: true, encryptionKey }) },
  { name: "a write on a read-only realm", run: (folder) => readOnlyWrite(folder) },
  { name: "a file that is none", run: (folder) => (writeFileSync(join(folder, "a.realm"), valueBytes), realmIn(folder)) },
  { name: "a file with two names", run: (folder) => (storeIn(folder).close(), linkSync(join(folder, "a.store"), join(folder, "b")), storeIn(folder)) },
  { name: "a missing folder", run: (folder) => Store.open({ path: join(folder, "no/a"), encryptionKey }) },
  { name: "a folder for a file", run: (folder) => (mkdirSync(join(folder, "a")), Store.open({ path: join(folder, "a"), encryptionKey })) },
  damaged("a damaged header", (file) => fillRange(file, 60, 80)),
  damaged("damaged slots", (file) => fillRange(fillRange(file, 8600, 8700), 16_800, 16_900)),
  damaged("damaged pages", (file) => fillRange(file, 1024 * 1024 + LOG_OFFSET, file.length)),
  damaged("a newer format", (file) => withVersion(file, 99)),
  { name: "a backup of nothing", run: (folder) => Realm.restore({ from: [join(folder, "a")], path: join(folder, "b"), encryptionKey }) },
  { name: "a backup that is none", run: (folder) => (writeFileSync(join(folder, "a"), valueBytes), Realm.restore({ from: [join(folder, "a")], path: join(folder, "b"), encryptionKey })) },
  { name: "a realm restored as a backup", run: (folder) => (storeIn(folder).close(), Realm.restore({ from: [join(folder, "a.store"), join(folder, "a.store")], path: join(folder, "b"), encryptionKey })) },
  { name: "a salvage of nothing", run: (folder) => Realm.salvage({ from: join(folder, "a"), path: join(folder, "b"), encryptionKey }) },
];

/** Another format version, with a checksum that fits. */
function withVersion(file: Uint8Array, version: number): Uint8Array {
  for (const at of [0, 8192 + 16, 16_384 + 16]) {
    file[at + 8] = version;
    new DataView(file.buffer, file.byteOffset).setUint32(at + 252, crc32(file.subarray(at, at + 252)), true);
  }
  return file;
}

function readOnlyWrite(folder: string): void {
  realmIn(folder).close();
  const realm = realmIn(folder, { readOnly: true });
  try {
    realm.write(() => undefined);
  } finally {
    realm.close();
  }
}

const onStore: readonly Provocation[] = [
  withStore("a key too long", (store) => store.beginWrite().tree("a").put(new Uint8Array(2000).fill(RECOGNISABLE_KEY[0] ?? 0), valueBytes)),
  withStore("a value too large", (store) => store.beginWrite().tree("a").put(Uint8Array.of(1), new Uint8Array(65 * 1024 * 1024))),
  withStore("two transactions", (store) => (store.beginWrite(), store.beginWrite())),
  withStore("an ended transaction", (store) => {
    const transaction = store.beginWrite();
    transaction.abort();
    transaction.tree(value);
  }),
  withStore("a closed snapshot", (store) => {
    const snapshot = store.snapshot();
    snapshot.close();
    snapshot.tree(value);
  }),
  withStore("a closed store", (store) => (store.close(), store.snapshot())),
  withStore("a copy onto a file", (store, folder) => store.writeCopyTo({ path: join(folder, "a.store"), encryptionKey: OTHER_KEY })),
  withStore("a re-key while another handle is open", (store, folder) => {
    const other = Store.open({ path: join(folder, "a.store"), encryptionKey });
    try {
      store.rekey(OTHER_KEY);
    } finally {
      other.close();
    }
  }),
  withStore("a lock that another handle has", (store, folder) => {
    const other = Store.open({ path: join(folder, "a.store"), encryptionKey, lockTimeoutMs: 5 });
    store.beginWrite();
    try {
      other.beginWrite();
    } finally {
      other.close();
    }
  }),
  withStore("a write on a read-only handle", (_store, folder) => {
    const other = Store.open({ path: join(folder, "a.store"), encryptionKey, readOnly: true });
    try {
      other.beginWrite();
    } finally {
      other.close();
    }
  }),
  withStore("a replaced file", (store, folder) => {
    writeFileSync(join(folder, "b"), readFileSync(join(folder, "a.store")));
    renameSync(join(folder, "b"), join(folder, "a.store"));
    store.beginWrite();
  }),
  withStore("a damaged log", (store, folder) => {
    for (let index = 0; index < 3; index++) {
      const transaction = store.beginWrite();
      transaction.tree(className).put(Uint8Array.of(index), valueBytes);
      transaction.commit();
    }
    const file = new Uint8Array(readFileSync(join(folder, "a.store")));
    writeFileSync(join(folder, "c.store"), fillRange(file, LOG_OFFSET, LOG_OFFSET + 100));
    Store.open({ path: join(folder, "c.store"), encryptionKey }).close();
  }),
  ...(["ENOSPC", "EIO"] as const).map((outcome) => ({ name: `a disk that answers ${outcome}`, run: () => onDisk(outcome, "write") })),
  { name: "a sync that fails", run: () => onDisk("EIO", "sync") },
];

function onDisk(outcome: "ENOSPC" | "EIO", operation: "write" | "sync"): void {
  const disk = new CrashDisk({ seed: 1 });
  const volume = new CrashVolume(disk);
  volume.makeDirectory("/db");
  const store = Store.open({ path: "/db/a", volume, encryptionKey });
  volume.inject({ operation, outcome });
  const transaction = store.beginWrite();
  transaction.tree(className).put(Uint8Array.of(1), valueBytes);
  transaction.commit();
}

const onCipher: readonly Provocation[] = [
  { name: "a wiped key", run: () => wiped() },
  ...unitMistakes(),
];

function wiped(): void {
  const key = SecretKey.from(RECOGNISABLE_KEY);
  key.wipe();
  createNodeUnitSeal(key);
}

function unitMistakes(): Provocation[] {
  const identity = { kind: 3, fileId: new Uint8Array(16), place: 1, birth: 1, context: new Uint8Array(16) };
  const seal = (): ReturnType<typeof createNodeUnitSeal> => createNodeUnitSeal(SecretKey.from(RECOGNISABLE_KEY));
  const target = new Uint8Array(100_000);
  return [
    { name: "an IV of a wrong length", run: () => seal().seal(identity, valueBytes, RECOGNISABLE_KEY.slice(0, 8), target, 0) },
    { name: "a target too small", run: () => seal().seal(identity, valueBytes, new Uint8Array(16), new Uint8Array(9), 0) },
    { name: "an identity of wrong lengths", run: () => seal().seal({ ...identity, fileId: RECOGNISABLE_KEY }, valueBytes, new Uint8Array(16), target, 0) },
    { name: "a kind that is none", run: () => seal().seal({ ...identity, kind: -1 }, valueBytes, new Uint8Array(16), target, 0) },
    {
      name: "a closed seal",
      run() {
        const closed = seal();
        closed.close();
        closed.seal(identity, valueBytes, new Uint8Array(16), target, 0);
      },
    },
  ];
}

/** All of them. */
export const PROVOCATIONS: readonly Provocation[] = [...onRealm, ...onFiles, ...onStore, ...onCipher];
