/**
 * What is forgotten, seen from devices over the server itself: files that stay small, clocks that are behind, devices that come back too late.
 *
 * @module
 */
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import Realm from "@holdfast/realm";
import { OPEN_RULES, SqliteStore, SyncServer } from "@holdfast/sync-server";
import { lastStampBefore } from "@holdfast/sync-protocol";
import { webSocketTransport } from "../src/index.ts";
import { TREES } from "../src/replica/records.ts";
import { SyncedFile } from "../src/replica/synced-file.ts";
import { ALL, QUICK, settle, shown, testUser } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import type { Task } from "./support/clients.ts";
import type { World } from "./support/modes.ts";

const servers: SyncServer[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(world: World): Promise<{ readonly server: SyncServer; readonly store: SqliteStore }> {
  const authenticator = { verify: (token: string) => Promise.resolve({ userId: token.slice(3), customData: {}, expiresAt: Date.now() + 3_600_000 }) };
  const store = new SqliteStore(join(world.folder(), "server.sqlite"));
  const server = new SyncServer({ store, authenticator, rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20, foldMarginMs: 0 });
  await server.start();
  servers.push(server);
  return { server, store };
}

function opener(world: World, server: SyncServer) {
  return (name: string) => Realm.open(world.config(name, webSocketTransport, { user: { ...testUser(name), url: server.url }, timing: { ...QUICK, pingAfterMs: 20 } }));
}

const taskOf = (realm: Realm): Task => realm.objectForPrimaryKey<Task>("Task", "t") as unknown as Task;

const until = async (isDone: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 2000 && !isDone(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isDone()).toBe(true);
};

/** What a file's replica holds, in bytes; the floor that it has heard of. */
function sizeOf(file: SyncedFile): number {
  let size = 0;
  for (const name of [TREES.confirmed, TREES.confirmed2, TREES.pending, TREES.outbox]) {
    const cursor = file.replica.tree(name)?.cursor();
    while (cursor?.next() === true) size += cursor.key().length + cursor.value().length;
  }
  return size;
}

forEachMode((world) => {
  it("a file does not grow with the changes that were made to it", async () => {
    const { server } = await serve(world);
    const files = new Set<SyncedFile>();
    const noteFloor = SyncedFile.prototype.noteFloor;
    vi.spyOn(SyncedFile.prototype, "noteFloor").mockImplementation(function (this: SyncedFile, stamp) {
      files.add(this);
      return noteFloor.call(this, stamp);
    });
    const [a, b] = await Promise.all(["ann", "bob"].map(opener(world, server))) as [Realm, Realm];
    a.write(() => a.create("Task", { _id: "t", done: false, votes: 0 } as never));
    await settle(a, b);
    const sizes: number[] = [];
    for (let round = 0; round < 6; round++) {
      for (const [index, realm] of [a, b].entries()) {
        for (let count = 0; count < 12; count++) {
          realm.write(() => {
            const task = taskOf(realm);
            task.votes.increment(1);
            task.notes.push(`${round}.${index}.${count}`);
            if (task.notes.length > 5) task.notes.remove(0);
            task.byName[`k${count % 7}`] = count;
            delete (task.byName as Record<string, unknown>)[`k${(count + 3) % 7}`];
            realm.create("Person", { _id: 1000 * round + 100 * index + count, name: "p" });
          });
          realm.write(() => realm.delete(realm.objectForPrimaryKey("Person", 1000 * round + 100 * index + count)));
        }
      }
      const doneMs = Date.now();
      await settle(a, b);
      // Everybody says how far it is, the server raises its floor, everybody hears of it.
      await until(() => {
        void server.compact();
        return files.size === 2 && [...files].every((file) => (file.read("floor")?.stamp ?? "") > lastStampBefore(doneMs - 2));
      });
      a.write(() => {
        taskOf(a).votes.increment(1);
        taskOf(a).notes.splice(5);
      });
      await settle(a, b);
      sizes.push(Math.max(...[...files].map(sizeOf)));
    }
    expect(shown(b)).toEqual(shown(a));
    expect(taskOf(a).votes.value).toBe(150);
    expect(Math.max(...sizes.slice(3))).toBeLessThan(1.3 * Math.max(...sizes.slice(0, 3)));
    // A hundred and fifty deletes and as many increments have left less than a hundred deleted objects take.
    expect(Math.max(...sizes)).toBeLessThan(5000);
  });

  it("an own delete that is forgotten on the server does not end what another device makes anew", async () => {
    const { server, store } = await serve(world);
    const open = opener(world, server);
    const [a, b] = [await open("ann"), await open("bob")];
    a.write(() => a.create("Task", { _id: "t", title: "first", done: false, votes: 0 } as never));
    await settle(a, b);
    b.write(() => b.delete(taskOf(b)));
    const deletedMs = Date.now();
    await settle(b, a);
    await new Promise((resolve) => setTimeout(resolve, 5));
    a.write(() => a.create("Person", { _id: 1, name: "later" }));
    await settle(a, b);
    const isForgotten = async (): Promise<boolean> => {
      await server.compact();
      return (await store.position()).folded > lastStampBefore(deletedMs + 1);
    };
    for (let turn = 0; turn < 2000 && !(await isForgotten()); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    const c = await open("cid");
    await settle(c);
    c.write(() => c.create("Task", { _id: "t", title: "second", done: false, votes: 2 } as never));
    await settle(c, b, a);
    expect(taskOf(b)).toMatchObject({ title: "second" });
    expect(shown(b)).toEqual(shown(c));
  });

  it("a device whose clock is behind writes later than what it got as a whole", async () => {
    const timeOfDay = Date.now;
    let behindMs = 0;
    vi.spyOn(Date, "now").mockImplementation(() => timeOfDay() - behindMs);
    const { server } = await serve(world);
    const open = opener(world, server);
    const a = await open("ann");
    a.write(() => a.create("Task", { _id: "t", title: "first", done: false, votes: 0 } as never));
    await settle(a);
    const b = await open("bob");
    await settle(b);
    behindMs = 30_000;
    b.write(() => void (taskOf(b).title = "second"));
    behindMs = 0;
    await settle(b);
    await settle(a);
    expect([taskOf(a).title, taskOf(b).title]).toEqual(["second", "second"]);
  });

  it("a device that was away for too long writes what it had not uploaded onto what there is now", async () => {
    const { server, store } = await serve(world);
    const open = opener(world, server);
    const [a, b] = [await open("ann"), await open("bob")];
    a.write(() => {
      a.create("Task", { _id: "t", done: false, votes: 1, notes: ["0", "1", "2"], byName: { k: 1, l: 1 } } as never);
      a.create("Task", { _id: "gone", done: false, votes: 1 } as never);
    });
    await settle(a, b);
    b.syncSession?.pause();
    b.write(() => {
      taskOf(b).notes.splice(2, 0, "behind 1");
      taskOf(b).votes.increment(3);
      taskOf(b).byName["k"] = 5;
    });
    b.write(() => {
      taskOf(b).notes.splice(3, 0, "behind that");
      b.create("Task", { _id: "new", done: true, votes: 7 } as never);
      (b.objectForPrimaryKey<Task>("Task", "gone") as unknown as Task).title = "not seen";
    });
    a.write(() => {
      taskOf(a).notes.remove(1);
      delete (taskOf(a).byName as Record<string, unknown>)["k"];
      a.delete(a.objectForPrimaryKey("Task", "gone"));
    });
    await settle(a);
    // Everybody is forgotten, and everything is folded.
    await store.compact(new Date(Date.now() + 60_000), 0);
    a.write(() => taskOf(a).votes.increment(10));
    await settle(a);
    b.syncSession?.resume();
    await settle(b, a);
    await settle(b, a);
    expect(shown(b)).toEqual(shown(a));
    expect([...taskOf(a).notes]).toEqual(["0", "behind 1", "behind that", "2"]);
    expect([taskOf(a).votes.value, { ...taskOf(a).byName }, a.objects("Task").length]).toEqual([14, { k: 5, l: 1 }, 2]);
  });

  it("what was written long before a device first connected counts as old, in its order, and its clock does not go back", async () => {
    const timeOfDay = Date.now;
    let behindMs = 0;
    vi.spyOn(Date, "now").mockImplementation(() => timeOfDay() - behindMs);
    const { server, store } = await serve(world);
    const clocks: string[] = [];
    const ack = SyncedFile.prototype.ack;
    vi.spyOn(SyncedFile.prototype, "ack").mockImplementation(async function (this: SyncedFile, message) {
      const before = this.read("clock")?.last ?? "";
      await ack.call(this, message);
      if ((message.stamps?.length ?? 0) > 0) clocks.push(before, this.read("clock")?.last ?? "");
    });
    const open = opener(world, server);
    const a = await open("ann");
    a.write(() => a.create("Task", { _id: "t", title: "of today", done: false, votes: 0 } as never));
    await settle(a);
    while ((await store.position()).folded === "") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await server.compact();
    }
    behindMs = 86_400_000;
    const b = new Realm(world.config("bob", webSocketTransport, { user: { ...testUser("bob"), url: server.url }, initialSubscriptions: ALL }));
    b.write(() => b.create("Task", { _id: "t", title: "of yesterday", done: true, votes: 0 } as never));
    b.write(() => void (taskOf(b).owner = "first"));
    behindMs = 0;
    b.write(() => void (taskOf(b).owner = "then"));
    await settle(b);
    await settle(a);
    expect(shown(a)).toEqual(shown(b));
    expect(taskOf(a).owner).toBe("then");
    expect(clocks.length).toBeGreaterThan(0);
    for (let index = 0; index < clocks.length; index += 2) expect((clocks[index + 1] ?? "") >= (clocks[index] ?? "")).toBe(true);
  });
});
