/**
 * Verify, salvage, backup and restore of realms.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "@holdfast/storage-engine";
import type { WriteTransaction } from "@holdfast/storage-engine";
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { expect, it } from "vitest";
import Realm, { MemoryAnchor } from "../src/index.ts";
import type { ContentProblemKind } from "../src/index.ts";
import { forEachMode, TEST_KEY } from "./support/modes.ts";
import type { Mode } from "./support/modes.ts";

const PAGE_BYTES = 8192;

const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Person", primaryKey: "id", properties: { id: "int", name: { type: "string", indexed: true }, age: "int?", friend: "Person?", friends: "Person[]", home: "Address?", any: "mixed", bio: { type: "string", indexed: "full-text" } } },
  { name: "Address", embedded: true, properties: { street: "string", owner: "Person?" } },
  { name: "Note", properties: { text: "string", about: "Person?" } },
];

const text = new TextEncoder();

function fill(mode: Mode, people: number): Realm {
  const realm = new Realm(mode.config({ schema: SCHEMA }));
  realm.write(() => {
    for (let id = 0; id < people; id += 1) realm.create("Person", { id, name: `name ${id}`, age: id % 3 === 0 ? null : id, home: { street: `street ${id}` }, bio: `words of ${id} and more` });
    const byId = (id: number): unknown => realm.objectForPrimaryKey("Person", id);
    for (let id = 0; id < people; id += 1) {
      const person = byId(id) as { friend: unknown; friends: unknown; any: unknown };
      person.friend = byId((id + 1) % people);
      person.friends = [byId((id * 7) % people), byId((id * 11) % people)];
      person.any = byId((id * 3) % people);
      realm.create("Note", { text: `note ${id}`.padEnd(id % 50 === 0 ? 5000 : 30, "."), about: byId(id) });
    }
  });
  return realm;
}

/** Everything that an application sees, as plain values; links by the names of their targets. */
function contentOf(realm: Realm): Record<string, unknown> {
  const nameOf = (person: unknown): unknown => (person as { id?: number } | null)?.id ?? null;
  const people = [...realm.objects("Person")].map((person) => {
    const { id, name, age, friend, friends, home, any, bio } = person as unknown as Record<string, unknown>;
    return { id, name, age, bio, friend: nameOf(friend), friends: [...(friends as Iterable<unknown>)].map(nameOf), any: nameOf(any), home: (home as { street?: string } | null)?.street ?? null };
  });
  const notes = [...realm.objects("Note")].map((note) => ({ text: note["text"], about: nameOf(note["about"]) }));
  return { people, notes };
}

/** Changes the trees of a file below the realm. */
function tamper(path: string, key: Uint8Array | undefined, change: (transaction: WriteTransaction) => void): void {
  const store = Store.open({ path, ...(key === undefined ? {} : { encryptionKey: key }) });
  const transaction = store.beginWrite();
  change(transaction);
  transaction.commit();
  store.close();
}

function firstKey(transaction: WriteTransaction, tree: string): Uint8Array {
  const cursor = transaction.tree(tree).cursor();
  cursor.next();
  return cursor.key().slice();
}

forEachMode((mode) => {
  const key = mode.name === "encrypted" ? TEST_KEY : undefined;
  const withKey = key === undefined ? {} : { encryptionKey: key };

  it("verify finds nothing in a sound realm, also while it is open, and changes nothing", async () => {
    const realm = fill(mode, 60);
    const open = await Realm.verify({ path: mode.path(), ...withKey });
    expect(open.content?.problems).toEqual([]);
    realm.close();
    const before = readFileSync(mode.path());
    const report = await Realm.verify({ path: mode.path(), ...withKey });
    expect(report.isClean).toBe(true);
    expect(report.content).toEqual({ schemaVersion: 0, problems: [], classes: [{ name: "Address", objects: 60 }, { name: "Note", objects: 60 }, { name: "Person", objects: 60 }] });
    expect(Buffer.compare(readFileSync(mode.path()), before)).toBe(0);
  });

  const faults: readonly [ContentProblemKind, string, (transaction: WriteTransaction) => void][] = [
    ["index", "an entry that is missing", (transaction) => transaction.tree("index:Person.name").delete(firstKey(transaction, "index:Person.name"))],
    ["index", "an entry too much", (transaction) => transaction.tree("index:Person.bio").put(Uint8Array.of(1, 2, 3), new Uint8Array(0))],
    ["backlink", "a backlink that is missing", (transaction) => transaction.tree("links:Person").delete(firstKey(transaction, "links:Person"))],
    ["backlink", "a backlink too much", (transaction) => transaction.tree("links:Person").put(Uint8Array.of(0, 1, 9, 1, 65, 1, 66, 7), new Uint8Array(0))],
    ["link", "a link to nothing", (transaction) => transaction.tree("class:Person").delete(firstKey(transaction, "class:Person"))],
    ["embedded", "an embedded object without a parent", (transaction) => transaction.tree("class:Person").delete(firstKey(transaction, "class:Person"))],
    ["record", "a record that is none", (transaction) => transaction.tree("class:Person").put(firstKey(transaction, "class:Person"), Uint8Array.of(250, 1))],
    ["row id", "a counter that is too low", (transaction) => transaction.tree("meta").put(text.encode("rowid:Note"), text.encode("2"))],
    ["tree", "a tree of no class", (transaction) => transaction.tree("class:Unknown").put(Uint8Array.of(1), Uint8Array.of(1))],
    ["schema", "no schema", (transaction) => transaction.tree("meta").delete(text.encode("schema"))],
  ];
  it.each(faults)("verify finds a fault of the kind %s: %s; salvage puts it right", async (kind, _about, change) => {
    fill(mode, 20).close();
    tamper(mode.path(), key, change);
    const report = await Realm.verify({ path: mode.path(), ...withKey });
    expect(report.file.isClean).toBe(true);
    expect(report.isClean).toBe(false);
    expect(report.content?.problems.map((problem) => problem.kind)).toContain(kind);
    const target = mode.path("salvaged.realm");
    await Realm.salvage({ from: mode.path(), path: target, ...withKey, schema: SCHEMA });
    const after = await Realm.verify({ path: target, ...withKey });
    expect(after.content?.problems.filter((problem) => problem.kind !== "tree")).toEqual([]);
    const realm = new Realm({ path: target, schema: SCHEMA, ...withKey });
    expect(realm.objects("Person").length).toBeGreaterThan(18);
    realm.close();
  });

  it("salvage of a sound realm is complete and equal", async () => {
    const realm = fill(mode, 80);
    const before = contentOf(realm);
    realm.close();
    const target = mode.path("salvaged.realm");
    const report = await Realm.salvage({ from: mode.path(), path: target, ...withKey });
    expect(report).toMatchObject({ state: "complete", content: { schema: "file", schemaVersion: 0 } });
    expect(report.content?.classes.every(({ unreadable, withMissingParts, orphans }) => unreadable + withMissingParts + orphans === 0)).toBe(true);
    const salvaged = new Realm({ path: target, schema: SCHEMA, ...withKey });
    expect(contentOf(salvaged)).toEqual(before);
    salvaged.write(() => salvaged.create("Note", { text: "goes on", about: null }));
    expect(salvaged.objects("Note").length).toBe(81);
    salvaged.close();
  });

  it.each([1, 2, 3])("salvage of a damaged realm gives objects that were there, links that lead somewhere, and a sound file, seed %i", async (seed) => {
    const random = new SeededRandom(seed);
    const realm = fill(mode, 300);
    const before = contentOf(realm) as { people: { id: number; name: string; friends: number[] }[]; notes: unknown[] };
    realm.close();
    const bytes = readFileSync(mode.path());
    const first = (3 * PAGE_BYTES + 1024 * 1024) / PAGE_BYTES;
    for (let round = 0; round < 4; round += 1) {
      const damaged = Buffer.from(bytes);
      for (let count = 0; count < random.pick([1, 3, 8]); count += 1) {
        const place = first + random.below(Math.floor(bytes.length / PAGE_BYTES) - first);
        damaged.set(random.bytes(64), place * PAGE_BYTES + random.below(PAGE_BYTES - 64));
      }
      const from = mode.path(`damaged-${round}.realm`);
      const target = mode.path(`salvaged-${round}.realm`);
      writeFileSync(from, damaged);
      const report = await Realm.salvage({ from, path: target, ...withKey, schema: SCHEMA });
      expect(Buffer.compare(readFileSync(from), damaged)).toBe(0);
      expect((await Realm.verify({ path: target, ...withKey })).isClean).toBe(true);
      const salvaged = new Realm({ path: target, schema: SCHEMA, ...withKey });
      const after = contentOf(salvaged) as typeof before;
      if (report.state === "complete") expect(after).toEqual(before);
      const known = new Map(before.people.map((person) => [person.id, person]));
      for (const person of after.people) {
        const original = known.get(person.id);
        expect(person.name).toBe(original?.name);
        expect(person.friends.every((id) => original?.friends.includes(id))).toBe(true);
      }
      const lost = before.people.length - after.people.length;
      const classes = new Map(report.content?.classes.map((entry) => [entry.name, entry]));
      expect(classes.get("Person")?.objects).toBe(after.people.length);
      if (lost > 0) expect(classes.get("Person")?.linksCut).toBeGreaterThan(0);
      salvaged.close();
    }
  });

  it("a lost schema is asked for, and the one that is given is used", async () => {
    fill(mode, 20).close();
    tamper(mode.path(), key, (transaction) => transaction.dropTree("meta"));
    const target = mode.path("salvaged.realm");
    await expect(Realm.salvage({ from: mode.path(), path: target, ...withKey })).rejects.toMatchObject({ code: "SCHEMA_MISSING" });
    expect(existsSync(target)).toBe(false);
    const report = await Realm.salvage({ from: mode.path(), path: target, ...withKey, schema: SCHEMA, schemaVersion: 3 });
    expect(report.content).toMatchObject({ schema: "given", schemaVersion: 3 });
    const salvaged = new Realm({ path: target, schema: SCHEMA, schemaVersion: 3, ...withKey });
    expect(salvaged.objects("Person").length).toBe(20);
    // The counter of row ids went with the tree: it was found again from the rows.
    salvaged.write(() => salvaged.create("Note", { text: "new" }));
    expect(salvaged.objects("Note").length).toBe(21);
    salvaged.close();
  });

  it("backup, increment and restore give the objects of their moments, while the realm goes on", async () => {
    const realm = fill(mode, 100);
    const moments = [contentOf(realm)];
    const paths = [mode.path("full.backup"), mode.path("one.backup"), mode.path("two.backup")];
    await realm.backup({ path: paths[0] as string });
    for (const index of [1, 2]) {
      realm.write(() => {
        realm.create("Person", { id: index, name: `changed ${index}`, bio: "" }, "modified");
        realm.delete(realm.objectForPrimaryKey("Person", 50 + index));
      });
      moments.push(contentOf(realm));
      const report = await realm.backup({ path: paths[index] as string, since: paths.slice(0, index) });
      expect(report).toMatchObject({ kind: "increment", sequence: index });
    }
    realm.close();
    const direct = new Realm({ path: paths[0] as string, schema: SCHEMA, readOnly: true, ...withKey });
    expect(contentOf(direct)).toEqual(moments[0]);
    direct.close();
    for (const index of [0, 1, 2]) {
      const path = mode.path(`restored-${index}.realm`);
      await Realm.restore({ from: paths.slice(0, index + 1), path, ...withKey });
      expect((await Realm.verify({ path, ...withKey })).isClean).toBe(true);
      const restored = new Realm({ path, schema: SCHEMA, ...withKey });
      expect(contentOf(restored)).toEqual(moments[index]);
      restored.close();
    }
    await expect(Realm.restore({ from: [paths[0] as string, paths[2] as string], path: mode.path("no"), ...withKey })).rejects.toMatchObject({ code: "BACKUP_MISSING" });
    await expect(Realm.restore({ from: paths, path: mode.path("full.backup"), ...withKey })).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    expect(existsSync(mode.path("no"))).toBe(false);
  });
});

it("under a freshness anchor a restored realm is another file, until it is accepted once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-restored-"));
  try {
    const path = join(folder, "notes.realm");
    const freshness = { anchor: new MemoryAnchor() };
    const config = { path, encryptionKey: TEST_KEY, schema: SCHEMA, freshness };
    const realm = new Realm(config);
    realm.write(() => realm.create("Note", { text: "kept" }));
    await realm.backup({ path: join(folder, "full") });
    realm.write(() => realm.create("Note", { text: "later" }));
    realm.close();
    rmSync(path);
    await Realm.restore({ from: [join(folder, "full")], path, encryptionKey: TEST_KEY });
    expect(() => new Realm(config)).toThrow(expect.objectContaining({ code: "FILE_REPLACED" }));
    const accepted = new Realm({ ...config, freshness: { ...freshness, accept: "restored" } });
    expect(accepted.objects("Note").length).toBe(1);
    accepted.close();
    const again = new Realm(config);
    expect(again.objects("Note").length).toBe(1);
    again.close();
  } finally {
    Realm.shutdown();
    rmSync(folder, { recursive: true });
  }
});

it("arguments are checked before anything is done", async () => {
  await expect(Realm.verify({ path: "" })).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
  await expect(Realm.verify(undefined as never)).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
  await expect(Realm.restore({ from: "one" as never, path: "/tmp/none" })).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
  await expect(Realm.salvage({ from: "/tmp/none", path: "/tmp/none2", encryptionKey: new Uint8Array(3) })).rejects.toMatchObject({ code: "KEY_INVALID" });
  await expect(Realm.verify({ path: "/tmp/there-is-no-such.realm" })).rejects.toMatchObject({ code: "FILE_MISSING" });
});

it("an in-memory realm can be backed up to a file", async () => {
  const path = `memory-${process.pid}.realm`;
  const realm = new Realm({ path, inMemory: true, schema: [SCHEMA[2] as Realm.ObjectSchema, SCHEMA[0] as Realm.ObjectSchema, SCHEMA[1] as Realm.ObjectSchema] });
  realm.write(() => realm.create("Note", { text: "kept" }));
  const target = `${process.env["TMPDIR"] ?? "/tmp"}/holdfast-memory-${process.pid}.realm`;
  try {
    await realm.backup({ path: target, encryptionKey: TEST_KEY });
    realm.close();
    const copy = new Realm({ path: target, encryptionKey: TEST_KEY });
    expect(copy.objects("Note").length).toBe(1);
    copy.close();
  } finally {
    Realm.deleteFile({ path: target });
  }
});
