/**
 * A list in a mixed value that two devices made and a third one replaced, none having heard of another: in whatever order they come to the server,
 * all show the same, also a device that came while the list did not show and was never sent what is in it.
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
import { ALL, QUICK, SCHEMA, settle, shown, testUser } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { sqliteServer } from "./support/sqlite-server.ts";

/** Who comes to the server in which order. */
const ORDERS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const;
let folder = "";
let server: SyncServer | undefined;
let passedMs = 0;
const errors: SyncError[] = [];

beforeEach(() => {
  enableSync();
  folder = mkdtempSync(join(tmpdir(), "holdfast-replaced-"));
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

function open(name: string): Promise<Realm> {
  const user = { ...testUser(name), url: (server as SyncServer).url };
  const sync = { user, flexible: true, transport: webSocketTransport, timing: QUICK, initialSubscriptions: ALL, onError: (_: unknown, error: SyncError) => void errors.push(error) } as never;
  return Realm.open({ path: join(folder, `${name}.realm`), schema: SCHEMA, sync } as Realm.Configuration) as unknown as Promise<Realm>;
}

function change(realm: Realm, key: string, changed: (task: Task) => void): void {
  passedMs += 2000;
  realm.write(() => changed(realm.objectForPrimaryKey<Task>("Task", key) as unknown as Task));
}

it.each(ORDERS)("devices that come in the order %i, %i, %i, and one that comes before the last of them", async (...order) => {
  server = await sqliteServer(folder);
  const realms = await Promise.all(["ann", "bob", "eve"].map(open));
  const [ann, bob, eve] = realms as [Realm, Realm, Realm];
  ann.write(() => void ann.create("Task", { _id: "a", done: false, votes: 0 } as never));
  await settle(...realms);
  for (const realm of realms) realm.syncSession?.pause();
  change(ann, "a", (task) => void (task.extra = ["ann's"]));
  change(bob, "a", (task) => void (task.extra = 5));
  change(eve, "a", (task) => void (task.extra = ["eve's"]));
  change(eve, "a", (task) => void (task.extra as Realm.List).push("and more"));
  const come = async (index: number): Promise<void> => {
    realms[index]?.syncSession?.resume();
    await settle(realms[index] as Realm);
  };
  for (const index of order.slice(0, 2)) await come(index);
  const late = await open("zoe");
  await settle(late);
  // What it goes on with meanwhile is on its way when the list comes back, or comes behind it.
  change(late, "a", (task) => void (task.title = "late"));
  await come(order[2]);
  await settle(...realms, late);
  expect(JSON.stringify(shown(ann))).toContain("ann's");
  expect([...((eve.objectForPrimaryKey<Task>("Task", "a") as unknown as Task).extra as Realm.List)].toSorted()).toEqual(["and more", "ann's", "eve's"]);
  for (const realm of [bob, eve, late]) expect(shown(realm)).toEqual(shown(ann));
  change(late, "a", (task) => void (task.extra as Realm.List).push("late"));
  await settle(late, ...realms);
  for (const realm of [bob, eve, late]) expect(shown(realm)).toEqual(shown(ann));
  expect(JSON.stringify(shown(ann))).toContain('"late"');
  expect(errors).toEqual([]);
});
