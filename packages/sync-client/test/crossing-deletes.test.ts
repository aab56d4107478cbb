/**
 * Deletes that cross: several devices delete an object and make it again, without having heard of each other. In whatever order they come to
 * the server, what was made behind the latest delete is what all see (case 6), and nobody is refused.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import Realm from "@holdfast/realm";
import { setSyncProvider } from "@holdfast/realm/replica";
import type { SyncServer } from "@holdfast/sync-server";
import { enableSync, webSocketTransport } from "../src/index.ts";
import type { SyncError } from "../src/index.ts";
import { ALL, QUICK, SCHEMA, settle, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

const NAMES = ["ann", "bob", "eve"] as const;
let folder = "";
let server: SyncServer | undefined;
let passedMs = 0;
const errors: SyncError[] = [];

beforeEach(() => {
  enableSync();
  folder = mkdtempSync(join(tmpdir(), "holdfast-crossing-"));
  // What the devices' clocks differ by is small against what lies between two writes.
  const timeOfDay = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => timeOfDay() + passedMs);
});

afterEach(async () => {
  vi.restoreAllMocks();
  Realm.shutdown();
  setSyncProvider(undefined);
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  errors.length = 0;
});

async function devices(): Promise<readonly [Realm, Realm, Realm]> {
  const { url } = (server = await sqliteServer(folder));
  const config = (name: string): Realm.Configuration => ({
    path: join(folder, `${name}.realm`), schema: SCHEMA,
    sync: { user: { ...testUser(name), url }, flexible: true, transport: webSocketTransport, timing: QUICK, initialSubscriptions: ALL, onError: (_: unknown, error: SyncError) => void errors.push(error) } as never,
  });
  return (await Promise.all(NAMES.map((name) => Realm.open(config(name))))) as unknown as [Realm, Realm, Realm];
}

function orders<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, index) => orders([...values.slice(0, index), ...values.slice(index + 1)]).map((rest) => [value, ...rest]));
}

const find = (realm: Realm, key: string): Task | null => realm.objectForPrimaryKey<Task>("Task", key) as unknown as Task | null;
const titleOf = (realm: Realm, key: string): string | undefined => find(realm, key)?.title;

function remove(realm: Realm, key: string): void {
  passedMs += 2000;
  realm.write(() => realm.delete(find(realm, key) as unknown as Realm.Object));
}

function make(realm: Realm, key: string, title: string): void {
  passedMs += 2000;
  realm.write(() => void realm.create("Task", { _id: key, title, done: false, votes: 10 } as never));
}

async function comeBack(realms: readonly Realm[], order: readonly number[]): Promise<void> {
  for (const index of order) {
    realms[index]?.syncSession?.resume();
    await settle(realms[index] as Realm);
  }
  await settle(...realms);
}

it("case 6: three devices delete and make anew, alone, and come back in every order: what came behind the last delete is there", async () => {
  const realms = await devices();
  for (const order of orders([0, 1, 2])) {
    // Who makes it again behind the own delete; the last delete is eve's.
    for (const remakes of [[true, true, true], [true, true, false], [false, true, true]]) {
      const key = `${order.join("")} ${remakes.join()}`;
      make(realms[0], key, "old");
      await settle(...realms);
      for (const realm of realms) realm.syncSession?.pause();
      for (const realm of realms) remove(realm, key);
      for (const [index, realm] of realms.entries()) if (remakes[index] === true) make(realm, key, NAMES[index] as string);
      await comeBack(realms, order);
      const last = remakes[2] === true ? "eve" : undefined;
      expect([key, ...realms.map((realm) => titleOf(realm, key))]).toEqual([key, last, last, last]);
    }
  }
  expect(errors).toEqual([]);
});

it("a delete that comes to what is dead ends what was made without having seen it, and what its writer made behind it is there", async () => {
  const realms = await devices();
  const [ann, bob, eve] = realms;
  for (const order of orders([0, 1])) {
    const key = order.join();
    make(ann, key, "old");
    await settle(...realms);
    for (const realm of realms) realm.syncSession?.pause();
    remove(eve, key);
    eve.syncSession?.resume();
    await settle(eve);
    remove(ann, key);
    bob.syncSession?.resume();
    await settle(bob);
    bob.syncSession?.pause();
    make(bob, key, "bob");
    make(ann, key, "ann");
    await comeBack(realms, order);
    expect([key, ...realms.map((realm) => titleOf(realm, key))]).toEqual([key, "ann", "ann", "ann"]);
  }
  expect(errors).toEqual([]);
});

it("a key that was deleted before anybody here had heard of it can be used again", async () => {
  const [ann, bob, eve] = await devices();
  make(ann, "k", "old");
  await settle(ann, bob, eve);
  remove(ann, "k");
  await settle(ann, bob, eve);
  eve.close();
  const fresh = await Realm.open({
    path: join(folder, "new.realm"), schema: SCHEMA,
    sync: { user: { ...testUser("new"), url: (server as SyncServer).url }, flexible: true, transport: webSocketTransport, timing: QUICK, initialSubscriptions: ALL, onError: (_: unknown, error: SyncError) => void errors.push(error) } as never,
  });
  await settle(fresh);
  make(fresh, "k", "anew");
  await settle(fresh, ann, bob);
  fresh.write(() => (find(fresh, "k") as Task).votes.increment(1));
  await settle(fresh, ann, bob);
  expect([fresh, ann, bob].map((realm) => [titleOf(realm, "k"), find(realm, "k")?.votes.value])).toEqual(Array.from({ length: 3 }, () => ["anew", 11]));
  expect(errors).toEqual([]);
});
