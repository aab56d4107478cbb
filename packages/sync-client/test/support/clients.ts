/**
 * Clients for tests: schema, user, timing without long waits.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { ConnectionTiming, InitialSubscriptions, SyncUser } from "../../src/index.ts";

/** A published test key: 0, 1, 2, ... 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** Attempts follow at once, silence is found soon. */
export const QUICK: ConnectionTiming = { connectTimeoutMs: 2000, pingAfterMs: 10_000, silenceTimeoutMs: 20_000, backOff: { firstMs: 1, maximumMs: 5, random: Math.random } };

/** A user without a login. */
export function testUser(id = "user"): SyncUser {
  return { id, url: "ws://localhost:1/", isLoggedIn: true, freshAccessToken: () => Promise.resolve(`test:${id}`), refreshAccessToken: () => Promise.resolve(`test:${id}`) };
}

export const SCHEMA: Realm.ObjectSchema[] = [
  {
    name: "Task",
    primaryKey: "_id",
    properties: { _id: "string", title: { type: "string", default: "untitled" }, done: "bool", votes: { type: "int", presentation: "counter" }, owner: "string?", score: "double?", person: "Person?", people: "Person[]", tags: "string<>", notes: "string[]", extra: "mixed", place: "Place?", byName: "int{}" } as never,
  },
  { name: "Person", primaryKey: "_id", properties: { _id: "int", name: "string" } },
  { name: "Place", embedded: true, properties: { street: "string", lines: "string[]" } },
  { name: "Event", primaryKey: "_id", asymmetric: true, properties: { _id: "string", what: "string" } },
];

export interface Task {
  _id: string;
  title: string;
  done: boolean;
  votes: Realm.Counter;
  owner: string | null;
  score: number | null;
  person: Realm.Object | null;
  people: Realm.List<unknown>;
  tags: Realm.Set<string>;
  notes: Realm.List<string>;
  extra: unknown;
  place: { street: string; lines: string[] } | null;
  byName: Record<string, number>;
}

export const ALL: InitialSubscriptions = {
  update: (subscriptions, realm) => {
    subscriptions.add(realm.objects("Task"));
    subscriptions.add(realm.objects("Person"));
  },
};

/** Waits until everything that was written is acknowledged, and everything of the others is here. */
export async function settle(...realms: Realm[]): Promise<void> {
  for (const realm of realms) await realm.syncSession?.uploadAllLocalChanges(10_000);
  for (const realm of realms) await realm.syncSession?.downloadAllServerChanges(10_000);
}

/** What a realm shows, by class and key. */
export function shown(realm: Realm): unknown {
  return realm.exportJson().classes.map(({ name, objects }) => [name, objects]);
}
