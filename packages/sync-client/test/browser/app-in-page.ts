/**
 * The same with an app and its user, who logs in in the worker of whoever opens the file first; the worker is told the server's address behind a `#`.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { openInWorker } from "@holdfast/realm/client";
import type { RemoteRealm } from "@holdfast/realm/client";
import { serve } from "@holdfast/realm/worker";
import { App, Credentials, enableSync } from "@holdfast/sync-client";

interface Person {
  readonly _id: number;
  readonly name: string;
}

const SCHEMA = [{ name: "Person", primaryKey: "_id", properties: { _id: "int", name: "string" } }];
/** A published test key: 0, 1, 2, ... 63. */
const KEY = Uint8Array.from({ length: 64 }, (_, index) => index);

let app: App | undefined;

const procedures = {
  refresh: async (): Promise<void> => {
    await app?.currentUser?.refreshAccessToken();
  },
};

if (typeof document === "undefined" && location.hash !== "") {
  enableSync();
  const baseUrl = decodeURIComponent(location.hash.slice(1));
  const initialSubscriptions = { update: (subscriptions: { add(objects: unknown): void }, realm: Realm) => subscriptions.add(realm.objects("Person")) };
  serve({
    schema: SCHEMA,
    procedures,
    open: async (path: string): Promise<Realm> => {
      app ??= new App({ id: "clinic", baseUrl, metadata: { mode: "encryption", encryptionKey: KEY } });
      await app.ready();
      const user = app.currentUser ?? (await app.logIn(Credentials.function({ name: "ada" })));
      return Realm.open({ path, schema: SCHEMA, encryptionKey: KEY, sync: { user, flexible: true, initialSubscriptions } } as never);
    },
  } as never);
}

let realm: RemoteRealm<typeof procedures> | undefined;
let worker: Worker | undefined;

function live(): RemoteRealm<typeof procedures> {
  if (realm === undefined) throw new Error("nothing is open");
  return realm;
}

export async function open(baseUrl: string): Promise<string> {
  const start = (): Worker => (worker = new Worker(`${import.meta.url}#${encodeURIComponent(baseUrl)}`, { type: "module" }));
  realm = await openInWorker<typeof procedures>({ worker: start, path: "a.realm" });
  return realm.owner;
}

export async function add(_id: number, name: string): Promise<void> {
  await live().write((tx) => tx.create("Person", { _id, name }));
}

export async function names(): Promise<string[]> {
  return (await live().objects<Person>("Person").sorted("_id").run()).map(({ name }) => name);
}

export async function refresh(): Promise<void> {
  await live().call("refresh");
}

export async function close(): Promise<void> {
  await live().close();
}

/** Ends the worker as a crash does. */
export function terminate(): void {
  worker?.terminate();
}

export function origin(): string {
  return location.origin;
}
