/**
 * Clients for tests: files in a folder that goes with the test, a user, timing without long waits.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import Realm from "@holdfast/realm";
import { setSyncProvider } from "@holdfast/realm/replica";
import { enableSync } from "../../src/index.ts";
import type { ConnectionTiming, InitialSubscriptions, SyncConfiguration, SyncError, SyncUser, Transport } from "../../src/index.ts";

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

export interface World {
  readonly isEncrypted: boolean;
  path(name: string): string;
  /** A configuration; further fields of `sync` go over the usual ones. */
  config(name: string, transport: Transport, sync?: Partial<SyncConfiguration>): Realm.Configuration;
  readonly errors: SyncError[];
  folder(): string;
}

/** Runs a suite over plain and encrypted files. */
export function forEachMode(suite: (world: World) => void): void {
  for (const isEncrypted of [false, true]) {
    describe(isEncrypted ? "encrypted" : "plain", () => {
      let folder: string | undefined;
      const errors: SyncError[] = [];
      const folderNow = (): string => (folder ??= mkdtempSync(join(tmpdir(), "holdfast-sync-")));
      const path = (name: string): string => join(folderNow(), `${name}.realm`);
      beforeEach(() => enableSync());
      afterEach(() => {
        Realm.shutdown();
        setSyncProvider(undefined);
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
        folder = undefined;
        errors.length = 0;
      });
      suite({
        isEncrypted,
        path,
        errors,
        folder: folderNow,
        config: (name, transport, sync = {}) => ({
          path: path(name),
          schema: SCHEMA,
          ...(isEncrypted ? { encryptionKey: TEST_KEY } : {}),
          sync: { user: testUser(), flexible: true, transport, timing: QUICK, initialSubscriptions: ALL, onError: (_, error) => void errors.push(error), ...sync } as never,
        }),
      });
    });
  }
}

/** Waits until everything that was written is acknowledged, and everything of the others is here. */
export async function settle(...realms: Realm[]): Promise<void> {
  for (const realm of realms) await realm.syncSession?.uploadAllLocalChanges(10_000);
  for (const realm of realms) await realm.syncSession?.downloadAllServerChanges(10_000);
}

/** What a realm shows, by class and key. */
export function shown(realm: Realm): unknown {
  return realm.exportJson().classes.map(({ name, objects }) => [name, objects]);
}
