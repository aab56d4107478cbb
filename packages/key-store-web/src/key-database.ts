/**
 * The IndexedDB database: one object store for wrapping keys, one for entries; transactions that are durable when they return.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import { webError } from "./web-errors.ts";

const VERSION = 1;
const KEYS = "keys";
const ENTRIES = "entries";

/** How long opening may take, in ms: a disk can be slow. It never ends while another tab keeps a deletion waiting. */
const PATIENCE_MS = 10_000;

/** The two object stores inside a transaction. */
export interface KeyStores {
  readonly keys: IDBObjectStore;
  readonly entries: IDBObjectStore;
}

/** A database that is opened again whenever the browser has closed it. */
export class KeyDatabase {
  readonly name: string;
  readonly #patienceMs: number;
  #connection: Promise<IDBDatabase> | undefined;

  constructor(name: string, patienceMs: number = PATIENCE_MS) {
    this.name = name;
    this.#patienceMs = patienceMs;
  }

  /** @throws {KeyStoreError} `STORE_UNAVAILABLE`, `UNSUPPORTED_OPTION`, `IO` */
  async open(): Promise<void> {
    await this.#connect();
  }

  /**
   * Runs one transaction. The action awaits requests of these stores and nothing else: IndexedDB ends a transaction that waits for others.
   *
   * @returns The action's result, once all of it is on the disk. If it throws, nothing was written.
   */
  async transact<Result>(mode: "readonly" | "readwrite", action: (stores: KeyStores) => Promise<Result>): Promise<Result> {
    try {
      const transaction = await this.#begin(mode);
      const ended = endOf(transaction);
      try {
        const result = await action({ keys: transaction.objectStore(KEYS), entries: transaction.objectStore(ENTRIES) });
        await ended;
        return result;
      } catch (error) {
        abort(transaction);
        // A transaction that was aborted says why: a request of it says no more than that.
        throw transaction.error ?? error;
      }
    } catch (error) {
      throw webError(error);
    }
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    connection?.close();
  }

  async #begin(mode: "readonly" | "readwrite"): Promise<IDBTransaction> {
    try {
      return begin(await this.#connect(), mode);
    } catch (error) {
      if ((error as Partial<DOMException>).name !== "InvalidStateError") throw error;
      // The connection was closed behind our back, as when the site's data is cleared. The database may be a new, empty one now.
      this.#connection = undefined;
      return begin(await this.#connect(), mode);
    }
  }

  #connect(): Promise<IDBDatabase> {
    this.#connection ??= this.#openAnew().catch((error: unknown) => {
      this.#connection = undefined;
      throw webError(error);
    });
    return this.#connection;
  }

  async #openAnew(): Promise<IDBDatabase> {
    const database = await openDatabase(this.name, this.#patienceMs);
    if (!isOurs(database)) {
      database.close();
      throw new KeyStoreError("UNSUPPORTED_OPTION", `the IndexedDB database "${this.name}" belongs to something else: choose another dbName`);
    }
    database.addEventListener("close", () => (this.#connection = undefined));
    // Another tab deletes the database, or a newer release changes it: it waits for us.
    database.addEventListener("versionchange", () => {
      this.#connection = undefined;
      database.close();
    });
    return database;
  }
}

/** The result of a request. */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("a request failed without saying why")));
  });
}

/** Strict: browsers otherwise return before the bytes are on the disk, and the database that the key opens may be there sooner. */
function begin(database: IDBDatabase, mode: "readonly" | "readwrite"): IDBTransaction {
  return database.transaction([KEYS, ENTRIES], mode, { durability: "strict" });
}

function endOf(transaction: IDBTransaction): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("the browser ended a transaction without saying why")));
  });
  // The action may have failed first; then nobody waits for this.
  ended.catch(() => undefined);
  return ended;
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

function openDatabase(name: string, patienceMs: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new KeyStoreError("STORE_UNAVAILABLE", `IndexedDB has not answered for ${patienceMs / 1000} seconds: close this site's other tabs, then reload the page`));
    }, patienceMs);
    const request = indexedDB.open(name, VERSION);
    request.addEventListener("upgradeneeded", () => createStores(request.result));
    request.addEventListener("error", () => {
      clearTimeout(timer);
      reject(request.error ?? new Error("IndexedDB could not be opened"));
    });
    request.addEventListener("success", () => {
      clearTimeout(timer);
      if (isLate) request.result.close();
      else resolve(request.result);
    });
  });
}

function createStores(database: IDBDatabase): void {
  database.createObjectStore(KEYS);
  database.createObjectStore(ENTRIES);
}

function isOurs({ objectStoreNames }: IDBDatabase): boolean {
  return objectStoreNames.contains(KEYS) && objectStoreNames.contains(ENTRIES);
}
