import { afterEach, expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { Replica, sessionOf, setSyncProvider } from "../../src/replica.ts";
import type { ReplicaAccess, ReplicaChange, ReplicaFields, ReplicaKeeper } from "../../src/replica.ts";
import { forEachMode } from "../support/modes.ts";

const schema: Realm.ObjectSchema[] = [
  {
    name: "Task",
    primaryKey: "_id",
    properties: { _id: "int", title: "string", votes: { type: "int", presentation: "counter" }, owner: "Person?", helpers: "Person[]", place: "Place?", tags: "string<>", extra: "mixed", stops: "Place[]" } as never,
  },
  { name: "Person", primaryKey: "_id", properties: { _id: "string", name: { type: "string", mapTo: "n" } } },
  { name: "Place", embedded: true, properties: { street: "string", number: "double?", lines: "string[]" } },
];

/** Stands in for a sync client: the hook does not ask what a configuration says. */
const provider = { configure: (config: Realm.Configuration) => config, attach: () => undefined } as never;
afterEach(() => setSyncProvider(undefined));

interface Seen {
  readonly className: string;
  readonly key: unknown;
  readonly before: ReplicaFields | undefined;
  readonly after: ReplicaFields | undefined;
  readonly isAnother: boolean;
  readonly intents: object;
}

function openKept(config: Realm.Configuration, extra: Partial<ReplicaKeeper> = {}) {
  setSyncProvider(provider);
  const realm = new Realm({ ...config, schema, sync: {} });
  const seen: Seen[][] = [];
  const keeper: ReplicaKeeper = {
    beforeWrite: () => undefined,
    beforeCommit: (changes: readonly ReplicaChange[], access: ReplicaAccess) => {
      seen.push(changes.map((change) => ({ className: change.className, key: change.key, before: change.before(), after: change.after(), isAnother: change.isAnother, intents: Object.fromEntries(change.intents) })));
      access.tree("outbox").put(Uint8Array.of(seen.length), Uint8Array.of(changes.length));
      access.tree("meta").put(Uint8Array.of(1), Uint8Array.of(1));
    },
    advanced: () => undefined,
    closing: () => undefined,
    ...extra,
  };
  const replica = Replica.attach(sessionOf(realm) as never, keeper);
  return { realm, replica, seen };
}

forEachMode((mode) => {
  it("tells the keeper of every changed object with its values before and after, embedded objects inside their owners", () => {
    const { realm, seen } = openKept(mode.config({}));
    const task = realm.write(() => realm.create<Record<string, never>>("Task", { _id: 1, title: "a", votes: 3, owner: { _id: "p", name: "Ann" }, place: { street: "Long", number: 2 }, tags: ["x"], extra: [1, 1.5, "s"] } as never)) as never as { place: { street: string }; votes: Realm.Counter; title: string };
    expect(seen[0]?.map(({ className, key, before }) => [className, key, before])).toEqual([["Person", "p", undefined], ["Task", 1n, undefined]]);
    expect(seen[0]?.[1]?.after).toMatchObject({
      title: "a",
      votes: 3n,
      owner: { kind: "link", className: "Person", key: "p" },
      place: { kind: "embedded", fields: { street: "Long", number: 2 } },
      tags: { kind: "set", elements: ["x"] },
      extra: { kind: "list", elements: [1n, 1.5, "s"] },
    });
    realm.write(() => {
      task.place.street = "Short";
    });
    expect(seen[1]).toHaveLength(1);
    expect(seen[1]?.[0]?.before).toMatchObject({ place: { fields: { street: "Long" } } });
    expect(seen[1]?.[0]?.after).toMatchObject({ place: { fields: { street: "Short" } } });
    realm.write(() => task.votes.increment(2));
    realm.write(() => task.votes.set(9));
    expect([seen[2]?.[0]?.intents, seen[3]?.[0]?.intents]).toEqual([{}, { votes: "set" }]);
    realm.write(() => Object.assign(task, { tags: ["y"], place: { street: "Other", lines: ["1"] } }));
    realm.write(() => Object.assign(task.place, { lines: ["2"] }));
    expect([seen[4]?.[0]?.intents, seen[5]?.[0]?.intents]).toEqual([{ tags: "replace", place: "replace", "place.number": "default" }, { "place.lines": "replace" }]);
    realm.write(() => {
      realm.delete(task);
      realm.create("Task", { _id: 1, title: "b", votes: 0 } as never);
    });
    expect(seen[6]?.[0]).toMatchObject({ isAnother: true, before: { title: "a" }, after: { title: "b" } });
    realm.write(() => realm.deleteAll());
    expect(seen[7]?.map(({ className, after }) => [className, after])).toEqual([["Task", undefined], ["Person", undefined]]);
    expect(seen).toHaveLength(8);
  });

  it("a keeper that throws takes the transaction back with all that it wrote", () => {
    const { realm, replica } = openKept(mode.config({}), {
      beforeCommit: (_, access) => {
        access.tree("outbox").put(Uint8Array.of(1), Uint8Array.of(1));
        throw new Error("no");
      },
    });
    expect(() => realm.write(() => realm.create("Person", { _id: "p", name: "Ann" }))).toThrow("no");
    expect(realm.isInTransaction).toBe(false);
    expect([realm.isEmpty, replica.tree("outbox")]).toEqual([true, undefined]);
  });

  it("a class may be refused before its first object is written", () => {
    const { realm } = openKept(mode.config({}), {
      beforeWrite: (className) => {
        if (className === "Task") throw new Error(`not ${className}`);
      },
    });
    realm.write(() => {
      realm.create("Person", { _id: "p", name: "Ann" });
      expect(() => realm.create("Task", { _id: 1, title: "a", votes: 0 } as never)).toThrow("not Task");
    });
    expect([realm.objects("Person").length, realm.objects("Task").length]).toEqual([1, 0]);
  });

  it("writes of remote state are not told again, and fire listeners with what changed", async () => {
    const { realm, replica, seen } = openKept(mode.config({}));
    realm.write(() => realm.create("Task", { _id: 1, title: "a", votes: 1, place: { street: "Long" } } as never));
    const task = realm.objectForPrimaryKey<{ place: Realm.Object }>("Task", 1);
    const heard: unknown[] = [];
    task?.addListener((_, changes) => void heard.push(changes));
    await new Promise((resolve) => setTimeout(resolve, 5));
    heard.length = 0;
    const place = task?.place;
    const hidden = await replica.write((access) => access.put("Task", 1n, { ...access.read("Task", 1n), votes: 5n, owner: { kind: "link", className: "Person", key: "q" } }));
    expect(hidden).toEqual([{ kind: "link", className: "Person", key: "q" }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual([{ deleted: false, changedProperties: ["votes"] }]);
    expect([place?.isValid(), seen.length]).toEqual([true, 1]);
    await replica.write((access) => {
      access.put("Person", "q", { n: "Quinn" });
      access.put("Task", 1n, { ...access.read("Task", 1n), owner: { kind: "link", className: "Person", key: "q" } });
    });
    expect(await replica.write((access) => access.remove("Person", "q"))).toEqual([{ className: "Task", key: 1n }]);
    expect(seen.length).toBe(1);
    const path = realm.path;
    Realm.shutdown();
    expect(await Realm.verify(mode.config({ path }) as never)).toMatchObject({ isClean: true });
  });

  it("what is read can be written back: an object written from its own values does not change", async () => {
    const { realm, replica } = openKept(mode.config({}));
    realm.write(() => {
      const person = realm.create("Person", { _id: "p", name: "Ann" });
      realm.create("Task", { _id: 1, title: "é", votes: 1, owner: person, helpers: [person, person], place: { street: "L", number: -0 }, stops: [{ street: "1" }, { street: "2" }], tags: ["b", "a"], extra: { list: [1, 2.5, new Date(5), null, new Realm.BSON.UUID()], link: person } } as never);
    });
    const before = realm.exportJson();
    const epoch = await replica.write((access) => {
      access.put("Task", 1n, access.read("Task", 1n) as ReplicaFields);
      return access.keys("Task");
    });
    expect(epoch).toEqual([1n]);
    expect(realm.exportJson()).toEqual(before);
  });

  it("hidden trees are in no export, no copy and no way of a check; the file is written with sync alone", async () => {
    const { realm, replica } = openKept(mode.config({}));
    realm.write(() => realm.create("Person", { _id: "p", name: "Ann" }));
    expect(replica.tree("outbox")?.count).toBe(1);
    expect(JSON.stringify(realm.exportJson())).not.toContain("outbox");
    const copy = mode.path("copy.realm");
    realm.writeCopyTo(mode.config({ path: copy }));
    const { path } = realm;
    Realm.shutdown();
    expect(await Realm.verify(mode.config({ path }) as never)).toMatchObject({ isClean: true });
    expect(() => new Realm(mode.config({ path, schema })).write(() => undefined)).toThrow(expect.objectContaining({ code: "SYNC_REQUIRED" }));
    expect(() => new Realm(mode.config({ path, schema, sync: {} }))).toThrow(expect.objectContaining({ code: "CONFIGURATION_CONFLICT" }));
    Realm.shutdown();
    const local = new Realm(mode.config({ path: copy, schema }));
    local.write(() => local.create("Person", { _id: "q", name: "Quinn" }));
    expect(local.objects("Person").length).toBe(2);
    Realm.shutdown();
    setSyncProvider(undefined);
    expect(() => new Realm(mode.config({ path, sync: {} }))).toThrow(expect.objectContaining({ code: "SYNC_MISSING" }));
  });

  it("objects that are put aside are seen by nobody, and then all at once: with links, embedded objects, indexes and a change set", async () => {
    const { realm, replica, seen } = openKept(mode.config({}));
    realm.write(() => realm.create("Task", { _id: 7, title: "goes", votes: 1, owner: { _id: "old", name: "Old" } } as never));
    const heard: unknown[] = [];
    realm.objects("Task").addListener((_, changes) => void heard.push(changes));
    await new Promise((resolve) => setTimeout(resolve, 5));
    heard.length = 0;
    const before = realm.exportJson();
    const link = { kind: "link", className: "Person", key: "p" } as const;
    const fields = (title: string): ReplicaFields => ({ title, votes: 2n, owner: link, helpers: { kind: "list", elements: [link] }, place: { kind: "embedded", fields: { street: title, number: 1, lines: { kind: "list", elements: [] } } } });
    await replica.write((access) => {
      access.beginNext(["Task", "Person", "Place"]);
      access.aside(() => {
        expect([access.has("Task", 7n), access.put("Task", 1n, fields("a"))]).toEqual([false, [link, link]]);
        access.put("Person", "p", { n: "Ann" });
        access.put("Task", 1n, fields("a"));
      });
      expect([access.has("Task", 7n), access.has("Task", 1n)]).toEqual([true, false]);
    });
    await replica.write((access) => access.aside(() => void access.put("Task", 2n, fields("b"))));
    expect([realm.exportJson(), heard]).toEqual([before, []]);
    realm.write(() => realm.create("Person", { _id: "q", name: "Quinn" }));
    expect(await replica.write((access) => [access.next, access.takeNext(["Task", "Person", "Place"]), access.next])).toEqual([["Task", "Person", "Place"], undefined, undefined]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual([{ insertions: [0, 1], deletions: [0], newModifications: [], oldModifications: [] }]);
    const person = realm.objectForPrimaryKey<{ linkingObjectsCount(): number }>("Person", "p");
    expect([realm.objects("Task").map((task) => (task["place"] as { street: string }).street), realm.objects("Person").length, person?.linkingObjectsCount(), seen.length]).toEqual([["a", "b"], 1, 4, 2]);
    const { path } = realm;
    Realm.shutdown();
    expect(await Realm.verify(mode.config({ path }) as never)).toMatchObject({ isClean: true });
  });

  it("what is put aside is of one schema: it goes when another one comes, and the objects stay", async () => {
    const { realm, replica } = openKept(mode.config({}));
    realm.write(() => realm.create("Person", { _id: "q", name: "Quinn" }));
    await replica.write((access) => {
      access.beginNext(["Person"]);
      access.aside(() => void access.put("Person", "p", { n: "Ann" }));
    });
    const { path } = realm;
    Realm.shutdown();
    setSyncProvider(provider);
    const again = new Realm({ ...mode.config({ path }), schema: schema.map((entry) => (entry.name === "Person" ? { ...entry, properties: { ...entry.properties, name: { type: "string", mapTo: "n", indexed: true } } } : entry)) as never, sync: {} });
    const kept = Replica.attach(sessionOf(again) as never, { beforeWrite: () => undefined, beforeCommit: () => undefined, advanced: () => undefined, closing: () => undefined });
    await kept.write((access) => {
      expect(access.next).toBeUndefined();
      access.takeNext(["Person"]);
    });
    expect([...again.objects("Person").map((person) => person["name"])]).toEqual(["Quinn"]);
  });
});
