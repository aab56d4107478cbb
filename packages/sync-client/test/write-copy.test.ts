/**
 * Copies: synced to synced as another client, local to synced as writes, synced to local; under any key, whole or not at all.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncConfiguration } from "../src/index.ts";
import type { Meta } from "../src/replica/records.ts";
import { syncedRealmOf } from "../src/opening/synced-realm.ts";
import { sessionOf } from "@holdfast/realm/replica";
import { SCHEMA, settle, shown, TEST_KEY, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const OTHER_KEY = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);
const LOCAL = SCHEMA.filter(({ name }) => name !== "Event");
const BLUE = { flexible: undefined, initialSubscriptions: undefined, partitionValue: "blue" } as unknown as Partial<SyncConfiguration>;

const fileOf = (realm: Realm): Meta["file"] => syncedRealmOf(sessionOf(realm))?.file.read("file") as Meta["file"];
const codeOf = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

/** An object of every kind of property, with links in a circle of two. */
function fill(realm: Realm, of = "a"): void {
  realm.write(() => {
    const people = [1, 2].map((_id) => realm.create("Person", { _id, name: `Zyzzyva-${String(_id)}` }));
    realm.create("Task", {
      _id: `${of}1`, title: "whole", done: true, votes: 3, owner: "ann", score: 1.5, person: people[1], people: [people[1], people[0], people[1]], tags: ["x", "y"], notes: ["n", "m"], extra: { deep: [1, "two", people[0]] }, place: { street: "Elm", lines: ["1", "2"] }, byName: { one: 1 },
    } as never);
  });
}

/** A configuration under another key, or none. */
const under = (config: Realm.Configuration, key: Uint8Array | undefined): Realm.Configuration => {
  const { encryptionKey: _unused, ...plain } = config;
  return key === undefined ? plain : { ...plain, encryptionKey: key };
};

forEachMode((world: World) => {
  it("a copy of a synced realm is another client, opens without a network, and goes on with sync; so does the original", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const realm = await Realm.open(world.config("a", link));
    fill(realm);
    await settle(realm);
    for (const [index, key] of [undefined, TEST_KEY, OTHER_KEY].entries()) {
      const config = under(world.config(`copy${String(index)}`, link), key);
      link.down();
      realm.writeCopyTo(config);
      if (key !== undefined) expect(readFileSync(config.path as string).includes("Zyzzyva")).toBe(false);
      // An existing file opens at once, as any does that has its data.
      const copy = await Realm.open(config);
      expect(shown(copy)).toEqual(shown(realm));
      expect([fileOf(copy).isProvisional, fileOf(copy).client === fileOf(realm).client]).toEqual([true, false]);
      // Written before it was ever connected, on both sides.
      copy.write(() => {
        copy.create("Person", { _id: 10 + index, name: "of the copy" });
        (copy.objectForPrimaryKey<Task>("Task", "a1") as unknown as Task).votes.increment(2);
        (copy.objectForPrimaryKey<Task>("Task", "a1") as unknown as Task).notes.push(`copy ${String(index)}`);
      });
      realm.write(() => {
        realm.create("Person", { _id: 20 + index, name: "of the original" });
        (realm.objectForPrimaryKey<Task>("Task", "a1") as unknown as Task).votes.increment(1);
      });
      link.up();
      await settle(copy, realm, copy);
      expect(shown(copy)).toEqual(shown(realm));
      expect(new Set([...server.clients.keys()]).size).toBe(2 + index);
      expect((realm.objectForPrimaryKey<Task>("Task", "a1") as unknown as Task).votes.value).toBe(3 * (index + 2));
      copy.close();
      const again = await Realm.open(config);
      await settle(again);
      expect(fileOf(again).isProvisional).toBeUndefined();
      again.close();
    }
    expect(world.errors).toEqual([]);
  });

  it("nobody is told of a client reset, and one that comes meanwhile is one", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const heard: string[] = [];
    const clientReset = { mode: "recoverUnsyncedChanges", onBefore: () => void heard.push("before"), onAfter: () => void heard.push("after"), onFallback: () => void heard.push("fallback") } as const;
    const realm = await Realm.open(world.config("a", link));
    fill(realm);
    await settle(realm);
    const config = world.config("copy", link, { clientReset });
    realm.writeCopyTo(config);
    const copy = await Realm.open(config);
    copy.write(() => copy.create("Person", { _id: 10, name: "new" }));
    await settle(copy);
    expect([heard, server.plain("Person", 10)]).toEqual([[], { name: "new" }]);
    server.epoch = "e2";
    server.clients.clear();
    copy.syncSession?.pause();
    copy.syncSession?.resume();
    await expect.poll(() => heard).toEqual(["before", "after"]);
    await settle(copy);
  });

  it("what is not uploaded, another user, another kind of sync or partition, and a target that is there are refused; nothing is made", async () => {
    const link = new Link(new ReferenceServer());
    const realm = await Realm.open(world.config("a", link));
    const blue = await Realm.open(world.config("blue", link, BLUE));
    await settle(realm, blue);
    const before = readdirSync(world.folder()).sort();
    const refused = (source: Realm, sync: Partial<SyncConfiguration>): unknown => codeOf(() => source.writeCopyTo(world.config("copy", link, sync)));
    expect(refused(realm, { user: testUser("other") })).toBe("USER_DIFFERS");
    expect(refused(realm, BLUE)).toBe("CONFIGURATION_INVALID");
    expect(refused(blue, {})).toBe("CONFIGURATION_INVALID");
    expect(refused(blue, { ...BLUE, partitionValue: "red" } as never)).toBe("PARTITION_UNSUITABLE");
    expect(refused(realm, { flexible: "no" } as never)).toBe("CONFIGURATION_INVALID");
    link.down();
    realm.write(() => realm.create("Person", { _id: 1, name: "Ann" }));
    expect(refused(realm, {})).toBe("CHANGES_NOT_UPLOADED");
    expect(codeOf(() => realm.writeCopyTo(world.config("blue", link)))).not.toBeUndefined();
    expect(readdirSync(world.folder()).sort()).toEqual(before);
    link.up();
    await settle(realm);
    expect(codeOf(() => realm.writeCopyTo(world.config("blue", link)))).toBe("TARGET_EXISTS");
    expect(codeOf(() => realm.write(() => realm.writeCopyTo(world.config("copy", link))))).toBe("TRANSACTION_OPEN");
    expect(existsSync(world.path("copy"))).toBe(false);
  });

  it("a local realm becomes a synced one: its objects are what the copy has written, and reach the others", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const local = new Realm({ path: world.path("local"), schema: LOCAL, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) });
    fill(local);
    // More than one transaction of the copy's, with links to objects that come later.
    local.write(() => {
      for (let index = 0; index < 220; index++) local.create("Task", { _id: `t${String(index)}`, done: false, votes: index, person: local.objectForPrimaryKey("Person", 1 + (index % 2)), place: { street: String(index), lines: [] } } as never);
    });
    const config = { ...under(world.config("copy", link), world.isEncrypted ? undefined : OTHER_KEY), schema: LOCAL };
    local.writeCopyTo(config);
    link.down();
    const copy = new Realm(config);
    expect(shown(copy)).toEqual(shown(local));
    link.up();
    await settle(copy);
    const other = await Realm.open({ ...world.config("other", link), schema: LOCAL });
    expect(shown(other)).toEqual(shown(local));
    expect((other.objectForPrimaryKey<Task>("Task", "a1") as unknown as Task).people.map((person) => (person as { _id: number })._id)).toEqual([2, 1, 2]);
    expect(world.errors).toEqual([]);
  });

  it("a local realm becomes a partition; classes that cannot be synced or nobody subscribes to are refused", async () => {
    const server = new ReferenceServer();
    const link = new Link(server);
    const local = new Realm({ path: world.path("local"), schema: LOCAL, ...(world.isEncrypted ? { encryptionKey: TEST_KEY } : {}) });
    fill(local);
    const config = { ...world.config("blue", link, BLUE), schema: LOCAL };
    local.writeCopyTo(config);
    const blue = new Realm(config);
    await settle(blue);
    expect(server.plain("Person", 1)).toEqual({ name: "Zyzzyva-1", _partition: "blue" });
    expect(codeOf(() => local.writeCopyTo({ ...world.config("none", link, { initialSubscriptions: undefined } as never), schema: LOCAL }))).toBe("SUBSCRIPTION_MISSING");
    const keyless = new Realm({ path: world.path("keyless"), schema: [{ name: "Note", properties: { text: "string" } }] });
    expect(codeOf(() => keyless.writeCopyTo({ ...world.config("none", link), schema: [] }))).toBe("PRIMARY_KEY_REQUIRED");
    expect(existsSync(world.path("none"))).toBe(false);
  });

  it("a copy without `sync` is a local realm, with what was not uploaded", async () => {
    const link = new Link(new ReferenceServer());
    const realm = await Realm.open(world.config("a", link));
    link.down();
    fill(realm);
    for (const [index, key] of [undefined, OTHER_KEY].entries()) {
      const config = under({ path: world.path(`local${String(index)}`), schema: LOCAL }, key);
      realm.writeCopyTo(config);
      const local = new Realm(config);
      expect([local.syncSession, local.objects("Person").length, local.objects("Task").length]).toEqual([null, 2, 1]);
    }
  });
});
