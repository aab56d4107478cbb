/**
 * A page and its worker, and other tabs: over Node's ports and channels, with a file in a temporary folder.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Realm from "../../src/index.ts";
import { Decimal128, ObjectId, UUID, referenceOf } from "../../src/client.ts";
import type { Snapshots } from "../../src/client.ts";
import type { ServeOptions } from "../../src/worker.ts";
import { isSameValue } from "../../src/remote/snapshots.ts";
import { FakeBrowser } from "./fake-tabs.ts";
import { Heard } from "./support.ts";

const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Note", primaryKey: "_id", properties: { _id: "int", title: "string", done: { type: "bool", default: false }, folder: "Folder?" } },
  { name: "Folder", primaryKey: "_id", properties: { _id: "int", name: "string", parent: "Folder?", notes: { type: "linkingObjects", objectType: "Note", property: "folder" } } },
  {
    name: "Everything",
    properties: {
      _id: "int?", int: "int?", bool: "bool?", float: "float?", double: "double?", string: "string?", data: "data?", date: "date?",
      decimal: "decimal128?", objectId: "objectId?", uuid: "uuid?", mixed: "mixed", list: "int[]", set: "string<>", dictionary: "mixed{}",
      link: "Note?", links: "Note[]", point: "Point?", points: "Point[]", counter: { type: "int", presentation: "counter", default: 5 },
    },
  },
  { name: "Point", embedded: true, properties: { x: "double", note: "Note?" } },
];

interface Note {
  _id: number;
  title: string;
  done: boolean;
  folder: { _id: number; name: string; parent: { _id: number } | null } | null;
}

const procedures = {
  addNote(realm: Realm, _id: number, title: string) {
    return realm.create<Note>("Note", { _id, title });
  },
  async slowly(realm: Realm, _id: number) {
    realm.create<Note>("Note", { _id, title: "slow" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return realm.objects("Note").length;
  },
  fail(realm: Realm) {
    realm.create<Note>("Note", { _id: 999, title: "never" });
    throw Object.assign(new RangeError("as planned"), { code: "PLANNED" });
  },
  giveFunction: (realm: Realm) => {
    realm.create<Note>("Note", { _id: 998, title: "never" });
    return () => 1;
  },
};
const SERVE: ServeOptions = { schema: SCHEMA, procedures };
type Calls = typeof procedures;

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
});
afterEach(() => browser.close());

describe("a page with its worker", () => {
  it("writes, reads, counts and aggregates", async () => {
    const { realm } = await browser.open<Calls>(SERVE);
    const note = await realm.write((tx) => {
      const folder = tx.create<{ _id: number }>("Folder", { _id: 1, name: "Inbox" });
      for (let _id = 0; _id < 5; _id++) tx.create("Note", { _id, title: `n${_id}`, folder });
      return tx.create<Note>("Note", { _id: 5, title: "last", folder });
    });
    expect(note).toEqual({ _id: 5, title: "last", done: false, folder: { _id: 1, name: "Inbox", parent: null } });
    const notes = realm.objects<Note>("Note");
    expect(await notes.count()).toBe(6);
    expect(await notes.filtered("_id > $0", 3).sorted("_id", true).run()).toEqual([note, { ...note, _id: 4, title: "n4" }]);
    expect((await notes.sorted("_id").window(1, 2).run()).map(({ _id }) => _id)).toEqual([1, 2]);
    expect((await notes.window(5, 9).run()).total).toBe(6);
    expect([await notes.min("_id"), await notes.max("_id"), await notes.sum("_id"), await notes.avg("_id")]).toEqual([0, 5, 15, 2.5]);
    expect(await realm.objectForPrimaryKey<Note>("Note", 5)).toEqual(note);
    expect(await realm.objectForPrimaryKey("Note", 77)).toBeNull();
    await realm.write((tx) => {
      tx.update(note, { title: "changed" });
      tx.delete(notes.filtered("_id < 3"));
    });
    expect((await notes.sorted("_id").run()).map(({ title }) => title)).toEqual(["n3", "n4", "changed"]);
    const [made, gone] = await realm.write([{ create: "Note", values: { _id: 9, title: "listed" }, mode: "modified" }, { delete: note }]);
    expect([(made as Note).title, gone]).toEqual(["listed", null]);
    await realm.close();
    expect(realm.isClosed).toBe(true);
    await expect(notes.count()).rejects.toMatchObject({ code: "REALM_CLOSED" });
  });

  it("carries every type both ways, and snapshots cannot be changed", async () => {
    const { realm } = await browser.open(SERVE);
    const [objectId, uuid] = [new ObjectId("0123456789abcdef01234567"), new UUID("01234567-89ab-cdef-0123-456789abcdef")];
    const values = {
      int: 7, bool: true, float: 1.5, double: 2.25, string: "é\u0000", data: new Uint8Array([1, 2, 3]).buffer, date: new Date(86_400_000),
      decimal: Decimal128.fromString("1.50"), objectId, uuid, mixed: { a: [1, "x", null, objectId], ["__proto__"]: 2 }, list: [3, 1, 2], set: new Set(["b", "a", "b"]),
      dictionary: { _bsontype: "ObjectId", kind: uuid, class: 5 }, link: null, links: [], point: { x: 1, note: { _id: 1, title: "embedded's" } }, points: [{ x: 2, note: null }],
    };
    const made = await realm.write((tx) => tx.create<Record<string, unknown>>("Everything", values));
    expect([...(made["set"] as Set<string>)]).toEqual(["a", "b"]);
    expect({ ...made, set: 0 }).toEqual({ ...values, _id: null, counter: 5, set: 0, point: { x: 1, note: { _id: 1, title: "embedded's", done: false, folder: null } } });
    expect(String(made["decimal"])).toBe("1.50");
    expect(Object.keys(made["mixed"] as object)).toContain("__proto__");
    const [read] = await realm.objects("Everything").run();
    expect(isSameValue(read, made)).toBe(true);
    const again = await realm.write((tx) => tx.create<Record<string, unknown>>("Everything", { ...read }));
    expect(isSameValue({ ...again }, { ...made })).toBe(true);
    expect(isSameValue({ ...again, set: new Set() }, { ...made })).toBe(false);
    expect(() => ((made as { int: number }).int = 8)).toThrow(TypeError);
    expect(() => (made["list"] as number[]).push(1)).toThrow(TypeError);
    expect(() => (made["set"] as Set<string>).add("c")).toThrow("snapshot");
    expect(() => Object.assign(made["dictionary"] as object, { x: 1 })).toThrow(TypeError);
  });

  it("carries integers that a number cannot hold", async () => {
    const { realm } = await browser.open({ ...SERVE, integers: "exact" });
    const made = await realm.write((tx) => tx.create<Record<string, unknown>>("Everything", { int: 2n ** 62n, list: [2n ** 61n] }));
    expect(made).toMatchObject({ int: 2n ** 62n, list: [2n ** 61n] });
  });

  it("follows links as deep as it is asked to, and takes snapshots as links", async () => {
    const { realm } = await browser.open(SERVE);
    await realm.write((tx) => {
      const top = tx.create("Folder", { _id: 1, name: "top" });
      const middle = tx.create("Folder", { _id: 2, name: "middle", parent: top });
      tx.create("Folder", { _id: 3, name: "bottom", parent: middle });
    });
    const bottom = async (depth: number): Promise<unknown> => (await realm.objects("Folder").filtered("_id == 3").depth(depth).run())[0];
    expect(await bottom(0)).toEqual({ _id: 3, name: "bottom", parent: { _id: 2 } });
    expect(await bottom(1)).toEqual({ _id: 3, name: "bottom", parent: { _id: 2, name: "middle", parent: { _id: 1 } } });
    expect(await bottom(2)).toEqual({ _id: 3, name: "bottom", parent: { _id: 2, name: "middle", parent: { _id: 1, name: "top", parent: null } } });
    const { parent } = (await bottom(0)) as { parent: object };
    expect(referenceOf(parent)?.type).toBe("Folder");
    await realm.write((tx) => tx.create("Note", { _id: 1, title: "in the middle", folder: parent }));
    expect(await realm.objects("Note").filtered("folder == $0", parent).count()).toBe(1);
    expect(await realm.objects("Note").filtered("folder.name == 'middle'").count()).toBe(1);
  });

  it("runs procedures in one transaction each", async () => {
    const { realm } = await browser.open<Calls>(SERVE);
    expect(await realm.call("addNote", 1, "one")).toEqual({ _id: 1, title: "one", done: false, folder: null });
    const [slow, quick] = await Promise.all([realm.call("slowly", 2), realm.objects("Note").count()]);
    expect([slow, quick]).toEqual([2, 2]);
    await expect(realm.call("fail")).rejects.toMatchObject({ name: "RangeError", message: "as planned", code: "PLANNED" });
    await expect(realm.call("fail")).rejects.toBeInstanceOf(RangeError);
    await expect(realm.call("giveFunction")).rejects.toMatchObject({ code: "TYPE_MISMATCH" });
    await expect(realm.call("toString" as never)).rejects.toMatchObject({ code: "PROCEDURE_UNKNOWN" });
    expect(await realm.objects("Note").count()).toBe(2);
  });

  it("passes errors on with class, code and message, and takes the whole transaction back", async () => {
    const { realm } = await browser.open(SERVE);
    const refused = (work: Promise<unknown>): Promise<unknown> => work.then(() => "nothing thrown", (error: Error & { code: string }) => [error.name, error.code, error.message]);
    const note = await realm.write((tx) => tx.create<Note>("Note", { _id: 1, title: "one" }));
    expect(await refused(realm.objects("Nothing").count())).toEqual(["RealmError", "CLASS_UNKNOWN", expect.stringContaining("Nothing")]);
    expect(await refused(realm.objects("Note").filtered("title ==").run())).toEqual(["QueryError", "QUERY_SYNTAX", expect.any(String)]);
    expect(await refused(realm.write((tx) => [tx.update(note, { title: "two" }), tx.create("Note", { _id: 1, title: "again" })]))).toEqual(["RealmError", "OBJECT_EXISTS", expect.stringContaining("existing primary key value '1'")]);
    expect(await refused(realm.write((tx) => tx.update(note, { titel: "typo" } as never)))).toEqual(["RealmError", "ARGUMENT_INVALID", "Property 'titel' does not exist on 'Note' objects"]);
    expect(await refused(realm.write((tx) => tx.update(note, { title: 5 })))).toEqual(["TypeAssertionError", "TYPE_MISMATCH", "Expected 'title' to be a string, got a number"]);
    expect((await realm.objectForPrimaryKey<Note>("Note", 1))?.title).toBe("one");
    await realm.write((tx) => tx.delete(note));
    expect(await refused(realm.write((tx) => tx.update(note, { title: "late" })))).toEqual(["RealmError", "OBJECT_INVALID", expect.any(String)]);
    expect(await refused(realm.objects("Note").addListener(() => undefined, "nothing"))).toEqual(["RealmError", "LISTENER_INVALID", expect.any(String)]);
  });

  it("hands the key over, and keeps none", async () => {
    const key = new Uint8Array(64).map((_, index) => index);
    const given = Uint8Array.from(key);
    const { realm } = await browser.open(SERVE, { encryptionKey: given });
    expect(given.every((byte) => byte === 0)).toBe(true);
    await realm.write((tx) => tx.create("Note", { _id: 1, title: "secret" }));
    await realm.close();
    expect(() => new Realm({ path: `${browser.folder}/a.realm` })).toThrow(expect.objectContaining({ code: "KEY_MISSING" }));
    await expect(browser.open(SERVE, { encryptionKey: Uint8Array.from(key).reverse() })).rejects.toMatchObject({ code: "KEY_WRONG" });
    await expect(browser.open(SERVE, { encryptionKey: new Uint8Array(63) })).rejects.toMatchObject({ code: "KEY_INVALID", name: "RangeError" });
    const next = await browser.open(SERVE, { encryptionKey: () => Promise.resolve(Uint8Array.from(key)) });
    expect(await next.realm.objects("Note").count()).toBe(1);
  });
});

describe("live queries", () => {
  it("tell the first state, then what changed, and keep the identity of what did not", async () => {
    const { realm } = await browser.open(SERVE);
    await realm.write([0, 1, 2, 3].map((_id) => ({ create: "Note", values: { _id, title: `n${_id}` } })));
    const query = realm.objects<Note>("Note").filtered("done == false").sorted("title");
    const heard = new Heard<Note>();
    await query.addListener(heard.listener);
    expect(heard.changes).toEqual([{ insertions: [], deletions: [], newModifications: [], oldModifications: [] }]);
    const before = heard.results as Snapshots<Note>;
    await realm.write((tx) => {
      tx.update(before[1] as Note, { done: true });
      tx.update(before[2] as Note, { title: "a first" });
      tx.create("Note", { _id: 9, title: "n9" });
    });
    await vi.waitFor(() => expect(heard.changes).toHaveLength(2));
    expect(heard.results?.map(({ title }) => title)).toEqual(["a first", "n0", "n3", "n9"]);
    expect(heard.changes[1]).toEqual({ deletions: [1, 2], insertions: [0, 3], newModifications: [], oldModifications: [] });
    expect(heard.results?.[1]).toBe(before[0]);
    expect(heard.results?.[2]).toBe(before[3]);
    query.removeListener(heard.listener);
    await realm.write([{ delete: before[0] as Note }]);
    await realm.objects("Note").count();
    expect(heard.changes).toHaveLength(2);
  });

  it("tell of changes in place, also of an object behind a link", async () => {
    const { realm } = await browser.open(SERVE);
    const notes = await realm.write((tx) => {
      const folder = tx.create("Folder", { _id: 1, name: "Inbox" });
      return [0, 1].map((_id) => tx.create<Note>("Note", { _id, title: `n${_id}`, ...(_id === 1 ? { folder } : {}) }));
    });
    const heard = new Heard<Note>();
    await realm.objects<Note>("Note").addListener(heard.listener);
    await realm.write((tx) => tx.update(notes[0] as Note, { title: "changed" }));
    await vi.waitFor(() => expect(heard.results?.map(({ title }) => title)).toEqual(["changed", "n1"]));
    expect(heard.changes.at(-1)).toEqual({ deletions: [], insertions: [], oldModifications: [0], newModifications: [0] });
    await realm.write((tx) => tx.update(notes[1]?.folder as object, { name: "Outbox" }));
    await vi.waitFor(() => expect(heard.results?.[1]?.folder?.name).toBe("Outbox"));
    expect(heard.changes.at(-1)).toEqual({ deletions: [], insertions: [], oldModifications: [1], newModifications: [1] });
    expect(heard.misfits).toEqual([]);
  });

  it("put what happens while a change is under way into the next one", async () => {
    const { realm, page } = await browser.open(SERVE);
    const heard = new Heard<Note>();
    await realm.objects<Note>("Note").addListener(heard.listener);
    const thaw = page.freeze();
    const writes: Promise<unknown>[] = [];
    for (let _id = 0; _id < 10; _id++) {
      writes.push(realm.write((tx) => tx.create("Note", { _id, title: `n${_id}` })));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    thaw();
    await Promise.all(writes);
    await vi.waitFor(() => expect(heard.results).toHaveLength(10));
    // The first state, the change that was under way, and all the rest.
    expect(heard.changes.length).toBeLessThanOrEqual(3);
    expect(heard.misfits).toEqual([]);
  });

  it("send a window, and move it", async () => {
    const { realm } = await browser.open(SERVE);
    await realm.write([2, 4, 6, 8].map((_id) => ({ create: "Note", values: { _id, title: `n${_id}` } })));
    const heard = new Heard<Note>();
    await realm.objects<Note>("Note").sorted("_id").window(1, 2).addListener(heard.listener);
    expect([heard.results?.map(({ _id }) => _id), heard.results?.total]).toEqual([[4, 6], 4]);
    await realm.write([{ create: "Note", values: { _id: 1, title: "n1" } }]);
    await vi.waitFor(() => expect([heard.results?.map(({ _id }) => _id), heard.results?.total]).toEqual([[2, 4], 5]));
    expect(heard.changes.at(-1)).toEqual({ deletions: [1], insertions: [0], oldModifications: [], newModifications: [] });
    await realm.write([{ create: "Note", values: { _id: 9, title: "n9" } }]);
    await vi.waitFor(() => expect(heard.results?.total).toBe(6));
    expect(heard.misfits).toEqual([]);
  });
});
