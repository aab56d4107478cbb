/**
 * Holdfast through the SDK's public API, as an application would write it.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { Contender, OpenOptions, Session } from "../contender.ts";
import { pairChecksum, type Person, wholeChecksum } from "../people.ts";
import { BENCH_KEY } from "./bench-key.ts";
import { openHoldfastGraph } from "./holdfast-graph.ts";

interface ManagedPerson {
  _id: number;
  name: string;
  email: string;
  age: number;
  balance: number;
  createdAt: Date;
  tags: Iterable<string>;
}

/** The benchmark's class; `age` is indexed on request. */
function personSchema(isIndexed: boolean): Realm.ObjectSchema {
  return {
    name: "Person",
    primaryKey: "_id",
    properties: {
      _id: "int",
      name: "string",
      email: "string",
      age: isIndexed ? { type: "int", indexed: true } : "int",
      balance: "double",
      createdAt: "date",
      tags: "string[]",
    },
  };
}

class HoldfastSession implements Session {
  readonly #realm: Realm;
  readonly #isIndexed: boolean;

  constructor(options: OpenOptions, isEncrypted: boolean) {
    this.#isIndexed = options.isIndexed;
    this.#realm = new Realm({
      path: options.path,
      schema: [personSchema(options.isIndexed)],
      ...(isEncrypted ? { encryptionKey: BENCH_KEY } : {}),
    });
  }

  #find(id: number): ManagedPerson {
    const found = this.#realm.objectForPrimaryKey("Person", id);
    if (found === null) throw new Error(`person ${id} is missing`);
    return found as unknown as ManagedPerson;
  }

  #older(age: number): Realm.Results<ManagedPerson & Realm.Object> {
    return this.#realm.objects<ManagedPerson & Realm.Object>("Person").filtered("age > $0", age);
  }

  insertAll(people: Iterable<Person>): void {
    const realm = this.#realm;
    realm.write(() => {
      for (const person of people) realm.create("Person", { ...person });
    });
  }

  insertEach(people: readonly Person[]): void {
    const realm = this.#realm;
    for (const person of people) realm.write(() => realm.create("Person", { ...person }));
  }

  updateAll(ids: Int32Array, value: number): void {
    this.#realm.write(() => {
      if (this.#isIndexed) for (const id of ids) this.#find(id).age = value % 100;
      else for (const id of ids) this.#find(id).balance = value;
    });
  }

  readWhole(ids: Int32Array): number {
    let sum = 0;
    for (const id of ids) sum += managedChecksum(this.#find(id));
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
    return this.#older(age).length;
  }

  sumOlder(age: number): number {
    let sum = 0;
    for (const person of this.#older(age)) sum += pairChecksum(person.name, person.balance);
    return sum;
  }

  scanAll(): number {
    let sum = 0;
    for (const person of this.#realm.objects<ManagedPerson & Realm.Object>("Person")) sum += managedChecksum(person);
    return sum;
  }

  readBalance(id: number): number {
    return this.#find(id).balance;
  }

  increment(id: number): void {
    this.#realm.write(() => {
      this.#find(id).balance += 1;
    });
  }

  close(): Promise<void> {
    this.#realm.close();
    return Promise.resolve();
  }
}

function managedChecksum(person: ManagedPerson): number {
  const { _id, name, email, age, balance, createdAt, tags } = person;
  return wholeChecksum({ _id, name, email, age, balance, createdAt, tags: Array.from(tags) });
}

/** Holdfast, encrypted or plain. */
export function createHoldfast(isEncrypted: boolean): Contender {
  return { open: (options) => new HoldfastSession(options, isEncrypted), openGraph: (options) => openHoldfastGraph(options, isEncrypted) };
}
