/**
 * Subscriptions and partitions in realm-js's shape.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { enableSync } from "../../src/index.ts";
import Realm from "../../src/realm.ts";
import { QUICK, SCHEMA, settle, testUser } from "../support/clients.ts";
import { Link } from "../support/link.ts";
import { ReferenceServer } from "../support/reference-server.ts";
import { sqliteServer } from "../support/sqlite-server.ts";

let folder = "";
beforeEach(() => {
  // Files run after one another in one process, and others take the provider away.
  enableSync();
  folder = mkdtempSync(join(tmpdir(), "holdfast-parity-"));
  Realm.defaultPath = join(folder, "default.realm");
});
afterEach(() => {
  Realm.shutdown();
  rmSync(folder, { recursive: true });
});

const open = (transport: object, sync: object = {}, more: object = {}): Promise<Realm> =>
  Realm.open({ path: join(folder, "a.realm"), schema: SCHEMA, ...more, sync: { user: testUser(), flexible: true, transport, timing: QUICK, ...sync } } as never);
const codeOf = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe("flexible", () => {
  it("[S-11.1][S-11.2][S-11.3][S-11.4][S-11.5][S-11.10] a set can be read: version, state, names, queries, each subscription", async () => {
    const realm = await open(new Link(new ReferenceServer()));
    const set = realm.subscriptions;
    expect(set).toBeInstanceOf(Realm.App.Sync.BaseSubscriptionSet);
    expect([set.isEmpty, set.length, set.version]).toEqual([true, 0, 0]);
    const ann = realm.objects("Person").filtered("name == $0", "Ann");
    const updating = set.update((mutable) => {
      expect([mutable.isEmpty, mutable.version]).toEqual([true, 0]);
      mutable.add(ann, { name: "ann" });
      mutable.add(realm.objects("Task"));
      expect([mutable.length, mutable.findByName("ann")?.objectType, [...mutable].length]).toEqual([2, "Person", 2]);
    });
    expect(set.state).toBe(Realm.SubscriptionSetState.Pending);
    await updating;
    await set.waitForSynchronization();
    expect([set.state, set.error, set.version, set.length]).toEqual(["complete", null, 1, 2]);
    const subscription = set.findByQuery(ann) as Realm.App.Sync.Subscription;
    expect(subscription).toBeInstanceOf(Realm.App.Sync.Subscription);
    expect(subscription).toMatchObject({ name: "ann", objectType: "Person", queryString: 'name == "Ann"' });
    expect([subscription.id instanceof Realm.BSON.ObjectId, subscription.createdAt instanceof Date, subscription.updatedAt instanceof Date]).toEqual([true, true, true]);
    expect([set.findByName("bob"), [...set].map(({ name }) => name)]).toEqual([null, ["ann", null]]);
  });

  it("[S-11.6][S-11.7] a set is changed inside `update` alone, in every way that Realm has", async () => {
    const realm = await open(new Link(new ReferenceServer()));
    const set = realm.subscriptions;
    const tasks = realm.objects("Task");
    const done = tasks.filtered("done == true");
    let kept: Parameters<Parameters<typeof set.update>[0]>[0] | undefined;
    await set.update((mutable) => {
      kept = mutable;
      for (const name of ["a", "b"]) mutable.add(tasks, { name });
      mutable.add(tasks, { name: "a" });
      mutable.add(done, { name: "b" });
      expect(() => mutable.add(done, { name: "a", throwOnUpdate: true })).toThrow("already exists but has a different query");
      expect(() => mutable.add(done, { nmae: "c" } as never)).toThrow("There is no option 'nmae'");
      mutable.add(realm.objects("Person"));
      mutable.add(realm.objects("Person").filtered('name == "Ann"'));
    });
    expect([...set].map(({ name, queryString }) => [name, queryString])).toEqual([["a", "TRUEPREDICATE"], ["b", "done == true"], [null, "TRUEPREDICATE"], [null, 'name == "Ann"']]);
    expect(codeOf(() => kept?.add(tasks))).toBe("SUBSCRIPTION_INVALID");
    await set.update((mutable) => {
      expect([mutable.removeByName("b"), mutable.removeByName("b"), mutable.remove(realm.objects("Person")), mutable.removeUnnamed()]).toEqual([true, false, true, 1]);
      const [first] = [...mutable] as [Realm.App.Sync.Subscription];
      expect([mutable.removeSubscription(first), mutable.removeByObjectType("Task"), mutable.removeAll()]).toEqual([true, 0, 0]);
    });
    expect(set.isEmpty).toBe(true);
  });

  it("[S-11.8][S-11.9] results are subscribed to and no more, waiting the first time, always, never or for a while", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const other = await open(link, { initialSubscriptions: { update: (set: { add(objects: object): unknown }, realm: Realm) => set.add(realm.objects("Person")) } }, { path: join(folder, "other.realm") });
    other.write(() => other.create("Person", { _id: 1, name: "Ann" }));
    await settle(other);
    const realm = await open(link);
    const people = realm.objects("Person");
    expect(await people.subscribe()).toBe(people);
    expect(people.length).toBe(1);
    people.unsubscribe();
    expect(realm.subscriptions.length).toBe(0);
    await realm.subscriptions.waitForSynchronization();
    expect(people.length).toBe(0);

    const { Always, FirstTime, Never } = Realm.WaitForSync;
    await people.subscribe({ name: "all", behavior: Never });
    expect(people.length).toBe(0);
    await people.subscribe({ name: "all", behavior: Always });
    expect(people.length).toBe(1);
    link.down();
    await people.subscribe({ name: "all", behavior: FirstTime }); // known: does not wait
    const ann = people.filtered('name == "Ann"');
    await ann.subscribe({ name: "ann", timeout: 5 }); // new, but only waited for so long
    expect(realm.subscriptions.findByName("ann")?.queryString).toBe('name == "Ann"');
    ann.unsubscribe();
    expect([...realm.subscriptions].map(({ name }) => name)).toEqual(["all"]);
    await expect(people.subscribe({ behavior: "sometimes" } as never)).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
    await expect(new Realm({ path: join(folder, "local.realm"), schema: [{ name: "A", properties: { b: "int" } }] }).objects("A").subscribe()).rejects.toMatchObject({ code: "CONFIGURATION_INVALID" });
  });

  it("[S-11.11] a write to a class without a subscription throws", async () => {
    const realm = await open(new Link(new ReferenceServer()));
    expect(() => realm.write(() => realm.create("Person", { _id: 1, name: "Ann" }))).toThrow("Cannot write to class Person when no flexible sync subscription has been created.");
  });
});

describe("partitions", () => {
  const at = (name: string, more: object = {}): object => ({ path: join(folder, `${name}.realm`), ...more });
  const NOTE = { name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string" } };
  const texts = (realm: Realm): string[] => realm.objects<{ text: string }>("Note").map(({ text }) => text).sort();

  /** Opens over a real server: it reads the queries. */
  async function serve(): Promise<(partitionValue: unknown, more?: object, sync?: object) => Promise<Realm>> {
    const server = await sqliteServer(folder);
    onTestFinished(() => server.stop());
    const user = { ...testUser(), url: server.url };
    return (partitionValue, more = {}, sync = {}) => Realm.open({ schema: [NOTE], ...more, sync: { user, partitionValue, timing: QUICK, ...sync } } as never);
  }

  it("[S-6.18] a realm holds its partition and nothing else, and writes into it without naming it", async () => {
    const openPartition = await serve();
    const [red, blue, twin] = [await openPartition("red", at("red")), await openPartition("blue", at("blue")), await openPartition("red", at("twin"))];
    red.write(() => red.create("Note", { _id: 1, text: "of red" }));
    blue.write(() => blue.create("Note", { _id: 2, text: "of blue" }));
    await settle(red, blue, twin);
    expect([texts(red), texts(blue), texts(twin)]).toEqual([["of red"], ["of blue"], ["of red"]]);
    expect(twin.objects<{ _partition: string }>("Note")[0]?._partition).toBe("red");
    expect(codeOf(() => red.subscriptions)).toBe("CONFIGURATION_INVALID");
    await expect(red.objects("Note").subscribe()).rejects.toMatchObject({ code: "CONFIGURATION_INVALID" });
  });

  it("[S-6.19] of every type, under the name that the schema has for it", async () => {
    const openPartition = await serve();
    const values = { string: "text", int: 7, objectId: new Realm.BSON.ObjectId(), uuid: new Realm.BSON.UUID(), "string?": null };
    for (const [type, value] of Object.entries(values)) {
      const name = `Note${type.replace("?", "Null")}`;
      const schema = [{ ...NOTE, name, properties: { ...NOTE.properties, realmId: { type, mapTo: "realm_id" } } }];
      const [one, two] = [await openPartition(value, at(`${name}1`, { schema }), { partitionKey: "realm_id" }), await openPartition(value, at(`${name}2`, { schema }), { partitionKey: "realm_id" })];
      one.write(() => one.create(name, { _id: 1, text: "here" }));
      await settle(one, two);
      expect(two.objects<{ realmId: unknown }>(name)[0]?.realmId).toEqual(value);
      expect(two.objects(name).filtered("realmId == $0 and text != 'realmId'", value)._subscription().query).toContain("realm_id == ");
    }
    await expect(openPartition(7, at("wrong", { schema: [{ ...NOTE, properties: { ...NOTE.properties, _partition: "string" } }] }))).rejects.toMatchObject({ code: "PARTITION_UNSUITABLE" });
  });

  it("[S-6.20] each has a file of its own; a file is not opened as another one's", async () => {
    const openPartition = await serve();
    const paths: string[] = [];
    for (const value of ["red", "../red", "1"]) paths.push((await openPartition(value)).path);
    expect(new Set(paths).size).toBe(3);
    expect(paths.every((path) => path.startsWith(join(folder, "holdfast-sync")))).toBe(true);
    (await openPartition("red", at("red"))).close();
    await expect(openPartition("blue", at("red"))).rejects.toMatchObject({ code: "PARTITION_UNSUITABLE" });
    class Note extends Realm.Object<{ _id: number }> {
      static schema: Realm.ObjectSchema = NOTE;
    }
    const models = await openPartition("red", at("models", { schema: [Note] }));
    models.write(() => models.create("Note", { _id: 1, text: "a" }));
    expect([models.objects(Note)[0] instanceof Note, models.objects<{ _partition: string }>("Note")[0]?._partition]).toEqual([true, "red"]);
  });
});
