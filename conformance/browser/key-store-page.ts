/**
 * What runs in the browser for the suite of the key stores: stores of the web adapter, other tabs, and what damages the database from below.
 *
 * The cases run in Node and reach these stores through calls; another tab runs rules and store together.
 *
 * @module
 */
import { DatabaseKeys, encodeName } from "@holdfast/key-store";
import type { KeyStore, KeyStoreCapabilities } from "@holdfast/key-store";
import { createPasskey, openWebStore } from "@holdfast/key-store-web";

/** Of the whole page's stores: the adapter's default. */
const DATABASE = "holdfast-keys";
const KEYS = "keys";
const ENTRIES = "entries";

/** A value on its way between Node and the page. */
export type Wire = string | boolean | null | { readonly hex: string };

/** The operations that are called by name. */
export type StoreOperation = "write" | "create" | "read" | "readText" | "containsKey" | "delete" | "deleteAll" | "dispose";

/** One call of an operation. */
export interface StoreCall {
  readonly operation: StoreOperation;
  readonly values: readonly Wire[];
  readonly options?: object;
  /** True if the caller's signal is aborted already. */
  readonly isAborted?: boolean;
}

const stores = new Map<number, KeyStore>();
const releases = new Map<number, () => void>();
/** Kept for the suite itself, when a case takes it away from the adapter. */
const factory = globalThis.indexedDB;
let count = 0;

/** Opens a store. @returns Its number in this page, and what it says of itself. */
export async function open(namespace: string): Promise<{ id: number; backend: string; capabilities: KeyStoreCapabilities }> {
  const store = await openWebStore({ publicKey: namespace });
  stores.set((count += 1), store);
  return { id: count, backend: store.backend, capabilities: store.capabilities };
}

/** Opens a store with options and writes to it. @returns Names of this origin's databases. */
export async function openWith(options: object): Promise<string[]> {
  const store = await openWebStore(options);
  await store.write("a", "1");
  await store.dispose();
  return (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
}

/** Calls an operation of a store. */
export async function use(id: number, { operation, values, options, isAborted }: StoreCall): Promise<Wire> {
  const store = storeOf(id);
  const call = store[operation].bind(store) as (...values: unknown[]) => Promise<unknown>;
  const given = values.map((value) => (typeof value === "object" && value !== null ? bytesOf(value.hex) : value));
  const last = isAborted === true ? { ...options, signal: AbortSignal.abort() } : options;
  const result = await call(...given, ...(last === undefined ? [] : [last]));
  return result instanceof Uint8Array ? { hex: hex(result) } : ((result ?? null) as Wire);
}

/** All entries of a store. */
export async function readAll(id: number): Promise<{ entries: [string, string][]; damaged: string[] }> {
  const { entries, damaged } = await storeOf(id).readAll();
  return { entries: [...entries].map(([name, value]) => [name, hex(value)]), damaged: [...damaged] };
}

/** Takes the turn for a name until it is released. @returns The number to release it by, once it is ours. */
export function takeTurn(id: number, name: string): Promise<number> {
  const turn = (count += 1);
  return new Promise((resolve, reject) => {
    const held = storeOf(id).exclusively(name, async () => {
      await new Promise<void>((release) => {
        releases.set(turn, release);
        resolve(turn);
      });
    });
    held.catch(reject);
  });
}

/** Gives a turn back. */
export function endTurn(turn: number): void {
  releases.get(turn)?.();
  releases.delete(turn);
}

/** As another tab: the whole of it, rules and store. */
export async function getOrCreate(namespace: string, name: string): Promise<string> {
  const store = await openWebStore({ publicKey: namespace });
  return hex(await new DatabaseKeys({ store }).getOrCreate({ name, databaseExists: false }));
}

/** Another tab that never comes out of `databaseExists`. Resolves once it is inside. */
export async function hangInside(namespace: string, name: string): Promise<void> {
  const store = await openWebStore({ publicKey: namespace });
  await new Promise<void>((resolve) => {
    const databaseExists = (): Promise<boolean> => {
      resolve();
      return new Promise(() => undefined);
    };
    void new DatabaseKeys({ store }).getOrCreate({ name, databaseExists });
  });
}

/** Another tab that never learns that its entry was created. Resolves once it was. */
export async function hangAfterCreate(namespace: string, name: string): Promise<void> {
  const store = await openWebStore({ publicKey: namespace });
  await new Promise<void>((resolve) => {
    const hanging = new Proxy<KeyStore>(store, {
      get(target, member) {
        const found: unknown = Reflect.get(target, member, target);
        if (typeof found !== "function") return found;
        const call = found.bind(target) as (...values: unknown[]) => Promise<unknown>;
        if (member !== "create") return call;
        return async (...values: unknown[]) => {
          await call(...values);
          resolve();
          await new Promise(() => undefined);
        };
      },
    });
    void new DatabaseKeys({ store: hanging }).getOrCreate({ name, databaseExists: false });
  });
}

/** Another tab that makes keys until it is closed. Resolves once it has begun. */
export async function makeKeysForEver(namespace: string, prefix: string): Promise<void> {
  const keys = new DatabaseKeys({ store: await openWebStore({ publicKey: namespace }) });
  const goOn = async (): Promise<void> => {
    for (let index = 0; ; index += 1) await keys.getOrCreate({ name: `${prefix}${index}`, databaseExists: false });
  };
  void goOn();
}

/** A text that differs after anything was changed in this origin's database. */
export async function snapshot(): Promise<string> {
  if (!(await factory.databases()).some(({ name }) => name === DATABASE)) return "no database";
  const lines: string[] = [];
  for (const storeName of [KEYS, ENTRIES]) {
    const [names, values] = await Promise.all([transact(storeName, (objects) => objects.getAllKeys()), transact(storeName, (objects) => objects.getAll())]);
    for (const [index, name] of names.entries()) {
      const value: unknown = values[index];
      lines.push(`${storeName} ${JSON.stringify(name)} ${value instanceof Uint8Array ? hex(value) : JSON.stringify(value)}`);
    }
  }
  return lines.toSorted().join("\n");
}

/** The record of an entry, in hex. */
export async function record(namespace: string, name: string): Promise<string> {
  const found: unknown = await transact(ENTRIES, (objects) => objects.get([namespace, encodeName(name)]));
  return found instanceof Uint8Array ? hex(found) : "";
}

/** Puts another record in an entry's place. */
export async function putRecord(namespace: string, name: string, bytes: string): Promise<void> {
  await transact(ENTRIES, (objects) => objects.put(bytesOf(bytes), [namespace, encodeName(name)]));
}

/** An entry of another application that uses this library at the same origin. */
export async function plantForeign(namespace: string): Promise<void> {
  await transact(ENTRIES, (objects) => objects.put("text", [`${namespace}.foreign`, "a"]));
}

/** Whether it is there unchanged. */
export async function isForeignThere(namespace: string): Promise<boolean> {
  return (await transact(ENTRIES, (objects) => objects.get([`${namespace}.foreign`, "a"]))) === "text";
}

/** Deletes all of this origin's databases. */
export async function deleteDatabases(): Promise<void> {
  for (const { name } of await factory.databases()) {
    await new Promise<void>((resolve, reject) => {
      const request = factory.deleteDatabase(name ?? "");
      request.addEventListener("success", () => resolve());
      request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB failed")));
    });
  }
}

/** Takes IndexedDB away, as in a browser that has none. */
export function takeIndexedDbAway(): void {
  Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
}

/** Every namespace's wrapping key is gone, or another. */
export async function loseWrappingKeys(how: "deleted" | "another"): Promise<void> {
  for (const namespace of await transact(KEYS, (objects) => objects.getAllKeys())) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await (how === "deleted" ? transact(KEYS, (objects) => objects.delete(namespace)) : transact(KEYS, (objects) => objects.put({ id: "another", key }, namespace)));
  }
}

/** From now on, or no longer, entries are answered for and not written. */
export function loseWrites(isLosing: boolean): void {
  const prototype = IDBObjectStore.prototype as { put: IDBObjectStore["put"]; add: IDBObjectStore["add"] };
  for (const method of ["put", "add"] as const) {
    const whole = WHOLE[method];
    prototype[method] = isLosing
      ? function lose(this: IDBObjectStore, value: unknown, key?: IDBValidKey): IDBRequest<IDBValidKey> {
          return this.name === ENTRIES ? (this.count() as unknown as IDBRequest<IDBValidKey>) : whole.call(this, value, key);
        }
      : whole;
  }
}

const WHOLE = typeof IDBObjectStore === "undefined" ? ({} as never) : { put: IDBObjectStore.prototype.put, add: IDBObjectStore.prototype.add };

/** Makes a passkey. */
export const makePasskey = async (): Promise<string> => (await createPasskey({ application: "conformance", user: "suite" })).credentialId;

/** This page's origin. */
export const origin = (): string => location.origin;

function storeOf(id: number): KeyStore {
  const store = stores.get(id);
  if (store === undefined) throw new Error("this page has no such store");
  return store;
}

async function transact<Result>(storeName: string, change: (objects: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(DATABASE);
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("IndexedDB failed")));
  });
  const transaction = database.transaction(storeName, "readwrite");
  const request = change(transaction.objectStore(storeName));
  await new Promise((resolve) => transaction.addEventListener("complete", resolve));
  database.close();
  return request.result;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
}
