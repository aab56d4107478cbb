/**
 * lmdb-js: records packed with shared structures, an index as a second database with sorted duplicates.
 *
 * `overlappingSync` is off, so that a transaction is durable when it returns, as it is in the other contenders.
 *
 * @module
 */
import { type Database, open, type RootDatabase } from "lmdb";
import type { Contender, OpenOptions, Session } from "../contender.ts";
import { pairChecksum, type Person, wholeChecksum } from "../people.ts";
import { openLmdbGraph } from "./lmdb-graph.ts";

/** 32 characters: the encrypting build of the library aborts the process on a Buffer. */
const BENCH_KEY = "holdfast-benchmark-key-32-chars!";
const MAP_BYTES = 4 * 1024 ** 3;
const OLDEST = 99;

class LmdbSession implements Session {
  readonly #root: RootDatabase<Person, number>;
  readonly #ages: Database<number, number> | undefined;

  constructor(options: OpenOptions, isEncrypted: boolean) {
    this.#root = open<Person, number>({
      path: `${options.path}.mdb`,
      overlappingSync: false,
      sharedStructuresKey: Symbol.for("structures"),
      mapSize: MAP_BYTES,
      maxDbs: 4,
      ...(isEncrypted ? { encryptionKey: BENCH_KEY } : {}),
    });
    this.#ages = options.isIndexed
      ? this.#root.openDB<number, number>({ name: "age", dupSort: true, encoding: "ordered-binary" })
      : undefined;
  }

  #find(id: number): Person {
    const found = this.#root.get(id);
    if (found === undefined) throw new Error(`person ${id} is missing`);
    return found;
  }

  #put(person: Person): void {
    void this.#root.put(person._id, person);
    if (this.#ages !== undefined) void this.#ages.put(person.age, person._id);
  }

  insertAll(people: Iterable<Person>): void {
    this.#root.transactionSync(() => {
      for (const person of people) this.#put(person);
    });
  }

  insertEach(people: readonly Person[]): void {
    for (const person of people) this.#root.transactionSync(() => this.#put(person));
  }

  updateAll(ids: Int32Array, value: number): void {
    this.#root.transactionSync(() => {
      for (const id of ids) this.#update(id, value);
    });
  }

  #update(id: number, value: number): void {
    const person = this.#find(id);
    if (this.#ages === undefined) {
      void this.#root.put(id, { ...person, balance: value });
      return;
    }
    void this.#ages.remove(person.age, id);
    this.#put({ ...person, age: value % 100 });
  }

  readWhole(ids: Int32Array): number {
    let sum = 0;
    for (const id of ids) sum += wholeChecksum(this.#find(id));
    return sum;
  }

  readPair(ids: Int32Array): number {
    let sum = 0;
    for (const id of ids) {
      const person = this.#find(id);
      sum += pairChecksum(person.name, person.balance);
    }
    return sum;
  }

  countOlder(age: number): number {
    let count = 0;
    if (this.#ages === undefined) {
      for (const { value } of this.#people()) if (value.age > age) count++;
      return count;
    }
    for (let each = age + 1; each <= OLDEST; each++) count += this.#ages.getValuesCount(each);
    return count;
  }

  sumOlder(age: number): number {
    let sum = 0;
    if (this.#ages === undefined) {
      for (const { value } of this.#people()) if (value.age > age) sum += pairChecksum(value.name, value.balance);
      return sum;
    }
    for (const { value: id } of this.#ages.getRange({ start: age + 1 })) {
      const person = this.#find(id);
      sum += pairChecksum(person.name, person.balance);
    }
    return sum;
  }

  scanAll(): number {
    let sum = 0;
    for (const { value } of this.#people()) sum += wholeChecksum(value);
    return sum;
  }

  // The key range leaves out the entry of the shared structures, which is not a person.
  #people(): Iterable<{ readonly value: Person }> {
    return this.#root.getRange({ start: 0, end: Number.MAX_SAFE_INTEGER });
  }

  readBalance(id: number): number {
    this.#root.resetReadTxn();
    return this.#find(id).balance;
  }

  increment(id: number): void {
    this.#root.transactionSync(() => {
      const person = this.#find(id);
      void this.#root.put(id, { ...person, balance: person.balance + 1 });
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** lmdb, plain or with its own ChaCha8 encryption, which does not authenticate. */
export function createLmdb(isEncrypted: boolean): Contender {
  return { open: (options) => new LmdbSession(options, isEncrypted), openGraph: (options) => openLmdbGraph(options, isEncrypted ? BENCH_KEY : undefined) };
}
