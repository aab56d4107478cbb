/**
 * What the tests of several tabs with sync call: a page with `openInWorker`, and the same module as its worker, which is told the server's address behind a `#`.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { openInWorker } from "@holdfast/realm/client";
import type { RemoteRealm } from "@holdfast/realm/client";
import { serve } from "@holdfast/realm/worker";
import { enableSync } from "@holdfast/sync-client";

interface Person {
  readonly _id: number;
  readonly name: string;
}

const SCHEMA = [{ name: "Person", primaryKey: "_id", properties: { _id: "int", name: "string" } }];

const procedures = {
  /** Of the connection of whoever owns the file. */
  connection: (realm: Realm): string => realm.syncSession?.connectionState ?? "none",
};

if (typeof document === "undefined" && location.hash !== "") {
  enableSync();
  const url = decodeURIComponent(location.hash.slice(1));
  const user = { id: "user", url, isLoggedIn: true, freshAccessToken: async () => "test:user", refreshAccessToken: async () => "test:user" };
  const initialSubscriptions = { update: (subscriptions: { add(objects: unknown): void }, realm: Realm) => subscriptions.add(realm.objects("Person")) };
  const timing = { connectTimeoutMs: 2000, pingAfterMs: 10_000, silenceTimeoutMs: 20_000, backOff: { firstMs: 20, maximumMs: 50, random: Math.random } };
  // A server that is away is no reason not to open.
  const openImmediately = { type: "openImmediately" };
  const sync = { user, flexible: true, initialSubscriptions, timing, newRealmFileBehavior: openImmediately, existingRealmFileBehavior: openImmediately };
  serve({ schema: SCHEMA, sync, procedures } as never);
}

let realm: RemoteRealm<typeof procedures> | undefined;
let worker: Worker | undefined;

function live(): RemoteRealm<typeof procedures> {
  if (realm === undefined) throw new Error("nothing is open");
  return realm;
}

export async function open(url: string, key: readonly number[]): Promise<string> {
  const start = (): Worker => (worker = new Worker(`${import.meta.url}#${encodeURIComponent(url)}`, { type: "module" }));
  realm = await openInWorker<typeof procedures>({ worker: start, path: "a.realm", encryptionKey: () => new Uint8Array(key) });
  return realm.owner;
}

export function owner(): string {
  return live().owner;
}

export async function add(_id: number, name: string): Promise<void> {
  await live().write((tx) => tx.create("Person", { _id, name }));
}

export async function names(): Promise<string[]> {
  return (await live().objects<Person>("Person").sorted("_id").run()).map(({ name }) => name);
}

export async function connection(): Promise<string> {
  return live().call("connection");
}

export async function close(): Promise<void> {
  await live().close();
}

/** Ends the worker as a crash does. */
export function terminate(): void {
  worker?.terminate();
}
