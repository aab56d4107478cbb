/**
 * The data of every workload: people, the same for each contender, from a printed seed.
 *
 * Pure. Balances are multiples of 0.25 so that sums in any order are exact and answers can be compared with `===`.
 *
 * @module
 */

/** The seed of all data and of all random orders; printed with the results. */
export const SEED = 20_260_101;

/** One object of the benchmark. */
export interface Person {
  readonly _id: number;
  readonly name: string;
  readonly email: string;
  readonly age: number;
  readonly balance: number;
  readonly createdAt: Date;
  readonly tags: readonly string[];
}

/** A small seeded generator (mulberry32): the next number in [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FIRST = ["Ada", "Blaise", "Carl", "Dorothy", "Emmy", "Felix", "Grace", "Hedy", "Ida", "Johannes"];
const LAST = ["Lovelace", "Pascal", "Gauss", "Vaughan", "Noether", "Hausdorff", "Hopper", "Lamarr", "Rhodes", "Kepler"];
const TAGS = ["red", "green", "blue", "amber", "slate", "north", "south", "east", "west", "core"];

/** The person of an id: every field follows from the id, so any process can make or check it. */
export function makePerson(id: number): Person {
  const random = createRandom(SEED + id * 7919);
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? "";
  const first = pick(FIRST);
  const last = pick(LAST);
  const number = String(id).padStart(6, "0");
  return {
    _id: id,
    name: `${first} ${last} ${number}`,
    email: `${first.toLowerCase()}.${number}@example.org`,
    age: Math.floor(random() * 100),
    balance: Math.floor(random() * 400_000) / 4,
    createdAt: new Date(1_600_000_000_000 + id * 1000),
    tags: [pick(TAGS), pick(TAGS), pick(TAGS)],
  };
}

/** The people with ids 0..count-1, in order. */
export function makePeople(count: number): Person[] {
  return Array.from({ length: count }, (_unused, id) => makePerson(id));
}

/** A seeded shuffle, in a new array. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
  const random = createRandom(seed);
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const held = result[index] as T;
    result[index] = result[other] as T;
    result[other] = held;
  }
  return result;
}

/** `count` seeded random ids below `limit`, with repeats. */
export function randomIds(count: number, limit: number, seed: number): Int32Array {
  const random = createRandom(seed);
  return Int32Array.from({ length: count }, () => Math.floor(random() * limit));
}

/** What a read of the whole object contributes to a check sum; every field takes part, the tags each. */
export function wholeChecksum(person: Person): number {
  let sum = person._id + person.name.length + person.email.length + person.age + person.balance;
  sum += person.createdAt.getTime() % 65_536;
  for (const tag of person.tags) sum += tag.length;
  return sum;
}

/** What a read of two fields contributes to a check sum. */
export function pairChecksum(name: string, balance: number): number {
  return name.length + balance;
}
