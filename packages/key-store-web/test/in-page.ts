/**
 * What the tests call in the browser: the store's operations on JSON, and what damages its database behind its back.
 */
import { DatabaseKeys, encodeName, passphraseWrap, rawWrap } from "@holdfast/key-store";
import type { KeyStoreCapabilities, KeyWrap } from "@holdfast/key-store";
import { createPasskey as create, openWebStore, passkeyWrap } from "../src/index.ts";
import type { CreatePasskeyOptions, Passkey, StoragePersistence, WebKeyStore, WebStoreOptions } from "../src/index.ts";
import { KeyDatabase } from "../src/key-database.ts";

const DATABASE = "holdfast-keys";
let opened: WebKeyStore | undefined;
const heard: (string | null)[] = [];

function store(): WebKeyStore {
  if (opened === undefined) throw new Error("open the store first");
  return opened;
}

export async function open(options: WebStoreOptions & Record<string, unknown> = {}): Promise<KeyStoreCapabilities & { backend: string }> {
  opened = await openWebStore(options);
  return { ...opened.capabilities, backend: opened.backend };
}

export const write = (name: string, text: string | null, options?: object): Promise<void> => store().write(name, text, options);
export const createEntry = (name: string, text: string): Promise<boolean> => store().create(name, text);
export const read = (name: string): Promise<string | null> => store().readText(name);
export const contains = (name: string): Promise<boolean> => store().containsKey(name);
export const remove = (name: string): Promise<void> => store().delete(name);
export const deleteAll = (): Promise<void> => store().deleteAll();
export const dispose = (): Promise<void> => store().dispose();
export const persistence = (): Promise<StoragePersistence> => store().persistence();
export const requestPersistence = (): Promise<boolean> => store().requestPersistence();

export async function readAll(): Promise<{ entries: [string, string][]; damaged: string[] }> {
  const { entries, damaged } = await store().readAll();
  return { entries: [...entries].map(([name, value]): [string, string] => [name, new TextDecoder().decode(value)]).toSorted(), damaged: [...damaged].toSorted() };
}

/** A database's key as hex, as an application gets it. */
export async function databaseKey(name: string, databaseExists: boolean): Promise<string> {
  return hex(await new DatabaseKeys({ store: store() }).getOrCreate({ name, databaseExists }));
}

/** Keys of several databases, asked for at once. */
export const databaseKeys = (names: readonly string[]): Promise<string[]> => Promise.all(names.map((name) => databaseKey(name, false)));

/** What a careless application would do. */
export async function carelessKeys(names: readonly string[]): Promise<string[]> {
  const careless = async (name: string): Promise<string> => {
    const found = await store().read(name);
    if (found !== null) return hex(found);
    const key = crypto.getRandomValues(new Uint8Array(64));
    // Two that write at once are found out when they read again; a careless application does not mind.
    await store().write(name, key).catch(() => undefined);
    return hex(key);
  };
  return Promise.all(names.map(careless));
}

export function listen(name: string): void {
  store().addListener(name, (value) => heard.push(value === null ? null : new TextDecoder().decode(value)));
}

export const whatWasHeard = (): (string | null)[] => heard;

/** Takes a lock and never gives it back. */
export function holdForEver(name: string): Promise<string> {
  return new Promise((resolve) => {
    void store().exclusively(name, async () => {
      resolve("held");
      await new Promise(() => undefined);
    });
  });
}

/** Before the store is opened, as in a browser that lacks it. */
export function takeAway(what: "locks" | "indexedDB" | "BroadcastChannel"): void {
  const owner = what === "locks" ? navigator : globalThis;
  Object.defineProperty(owner, what, { value: undefined, configurable: true });
}

type Stored = Uint8Array | Record<string, unknown> | undefined;

async function transact(storeName: string, change: (objects: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE);
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error as DOMException));
  });
  const transaction = database.transaction(storeName, "readwrite");
  const request = change(transaction.objectStore(storeName));
  await new Promise((resolve) => transaction.addEventListener("complete", resolve));
  database.close();
  return request.result;
}

/** All records of an object store, bytes as hex; a key that cannot be cloned to JSON as what it says of itself. */
export async function records(storeName: "keys" | "entries"): Promise<unknown[]> {
  const values = (await transact(storeName, (objects) => objects.getAll())) as Stored[];
  return Promise.all(values.map(async (value) => (value instanceof Uint8Array ? hex(value) : { ...value, key: await describeKey(value?.["key"]) })));
}

async function describeKey(key: unknown): Promise<unknown> {
  if (!(key instanceof CryptoKey)) return key;
  const refusal = await crypto.subtle.exportKey("raw", key).then(
    () => "exported",
    (error: Error) => error.name,
  );
  return { extractable: key.extractable, algorithm: key.algorithm, usages: key.usages, refusal };
}

const recordKey = (name: string): IDBValidKey => ["default", encodeName(name)];

/** Flips a bit of an entry's record, or cuts it. */
export async function damage(name: string, how: { flip: number } | { cut: number } | { moveFrom: string } | { put: unknown }): Promise<void> {
  const from = "moveFrom" in how ? how.moveFrom : name;
  const stored = (await transact("entries", (objects) => objects.get(recordKey(from)))) as Uint8Array;
  if ("flip" in how) stored[how.flip] = (stored[how.flip] as number) ^ 0x10;
  const value = "put" in how ? how.put : "cut" in how ? stored.slice(0, how.cut) : stored;
  await transact("entries", (objects) => objects.put(value, recordKey(name)));
}

export async function recordLength(name: string): Promise<number> {
  return ((await transact("entries", (objects) => objects.get(recordKey(name)))) as Uint8Array).length;
}

/** What becomes of the wrapping key. */
export async function loseWrappingKey(how: "deleted" | "garbage" | "another"): Promise<void> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const value = { deleted: undefined, garbage: { id: "1", key: "no key" }, another: { id: crypto.randomUUID(), key } }[how];
  await transact("keys", (objects) => (value === undefined ? objects.delete("default") : objects.put(value, "default")));
}

/** Puts a wrapping key of known bytes in place, still one that scripts cannot export. */
export async function plantWrappingKey(bytes: readonly number[]): Promise<void> {
  const key = await crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
  await transact("keys", (objects) => objects.put({ id: "planted", key }, "default"));
}

/** A database of this name, made by something else. */
export function openForeign(name: string, version: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore("foreign"));
    request.addEventListener("success", () => resolve(request.result.close()));
    request.addEventListener("error", () => reject(request.error as DOMException));
  });
}

/** Keeps the database open against a deletion, then asks for one, then opens it. */
export async function openBehindDeletion(patienceMs: number): Promise<string> {
  await openForeign("stuck", 1);
  const holder = indexedDB.open("stuck");
  await new Promise((resolve) => holder.addEventListener("success", resolve));
  indexedDB.deleteDatabase("stuck");
  return new KeyDatabase("stuck", patienceMs).open().then(
    () => "opened",
    (error: { code: string }) => error.code,
  );
}

export const createPasskey = (options: CreatePasskeyOptions): Promise<Passkey> => create(options);

const wrapsOf = (kinds: readonly ("passkey" | "passphrase" | "raw")[], credentialId?: string): KeyWrap[] =>
  kinds.map((kind) => (kind === "raw" ? rawWrap : kind === "passkey" ? passkeyWrap(credentialId === undefined ? {} : { credentialId }) : passphraseWrap({ passphrase: "correct horse battery", cost: { memoryKib: 8192, iterations: 1, parallelism: 1 } })));

/** A database's key under these wraps. */
export async function wrappedKey(name: string, how: { databaseExists: boolean; wraps: readonly ("passkey" | "passphrase" | "raw")[]; credentialId?: string }): Promise<string> {
  return hex(await new DatabaseKeys({ store: store(), wraps: wrapsOf(how.wraps, how.credentialId) }).getOrCreate({ name, databaseExists: how.databaseExists }));
}

const CONTEXT = { databaseName: "clinic", keyId: "id" };

export const wrapWithPasskey = (key: string, credentialId: string): Promise<string> => passkeyWrap({ credentialId }).wrap(Uint8Array.from(key.match(/../gu) as string[], (digits) => parseInt(digits, 16)), CONTEXT);

/** The key again; the payload may be changed before, at a byte, or opened as another database's. */
export async function unwrapWithPasskey(payload: string, { flip, databaseName = "clinic", abortAfterMs }: { flip?: number; databaseName?: string; abortAfterMs?: number } = {}): Promise<string> {
  let text = payload;
  if (flip !== undefined) {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    bytes[flip] = (bytes[flip] as number) ^ 1;
    text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }
  const signal = abortAfterMs === undefined ? {} : { signal: AbortSignal.timeout(abortAfterMs) };
  return hex(await passkeyWrap(signal).unwrap(text, { ...CONTEXT, databaseName }));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const origin = (): string => location.origin;

export async function deleteDatabases(): Promise<void> {
  for (const { name } of await indexedDB.databases()) await deleteDatabase(name);
}

export function deleteDatabase(name: string = DATABASE): Promise<string> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener("success", () => resolve("deleted"));
    request.addEventListener("blocked", () => resolve("blocked"));
  });
}

/** While the next value is sealed, another tab clears everything and begins anew: its wrapping key is not the one that seals. */
export function replaceWrappingKeyWhileSealing(): void {
  const { subtle } = crypto;
  const encrypt = subtle.encrypt.bind(subtle);
  let isDone = false;
  subtle.encrypt = async (...values) => {
    const sealed = await encrypt(...values);
    if (!isDone) {
      isDone = true;
      await transact("entries", (objects) => objects.clear());
      await loseWrappingKey("another");
    }
    return sealed;
  };
}

const durabilities = new Set<unknown>();

/** Notes from now on how durable the store's writes are asked to be. */
export function watchDurability(): void {
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function watch(this: IDBDatabase, names, mode, options) {
    if (mode === "readwrite") durabilities.add(options?.durability);
    return begin.call(this, names, mode, options);
  };
}

export const seenDurabilities = (): unknown[] => [...durabilities];
