/**
 * Queries over a small realm: what they find, with and without indexes, against a naive filter, and against their negation.
 *
 * @module
 */
import { parse } from "@holdfast/query";
import type { Query } from "@holdfast/query";
import type { Realm } from "@holdfast/realm";
import { codeOf } from "../fuzzer/failure.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import { naiveIds } from "./naive-query.ts";
import { mutateQuery } from "./query-mutations.ts";
import { ARGUMENTS, openWorld, PEOPLE } from "./query-world.ts";
import { QUERY_SEEDS, QUERY_WORDS } from "./query-words.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
let world: Realm | undefined;

/** The target. */
export const target: FuzzTarget = {
  name: "query-run",
  what: "queries over a small realm: equal with and without indexes, equal to a naive filter where that knows the words, disjoint from their negation",
  maxBytes: 1024,
  limits: { steps: 2_000_000, bytes: 4_000_000 },
  isText: true,
  literalsOf: ["query"],
  dictionary: QUERY_WORDS,
  seeds: () => QUERY_SEEDS.map((text) => encoder.encode(text)),
  mutate: mutateQuery,
  run(input) {
    world ??= openWorld();
    const realm = world;
    const text = decoder.decode(input);
    const found = find(realm, "Person", text);
    const twins = find(realm, "Twin", text.replaceAll("Person", "Twin"));
    if (JSON.stringify(found) !== JSON.stringify(twins)) throw new PromiseBroken("INDEX_CHANGES_RESULT", `${text}: ${JSON.stringify(found)} without indexes, ${JSON.stringify(twins)} with them`);
    if (typeof found === "string") return;
    const query = parse(text);
    if (query.descriptors.length > 0) return expectKnown(found, text);
    expectAscending(found, text);
    expectNaive(query, found, text);
    expectNegation(realm, found, text);
  },
};

/** The ids in result order, or the code of the error. */
function find(realm: Realm, className: string, text: string): number[] | string {
  let ids: number[] = [];
  const code = codeOf(() => {
    const results = realm.objects<{ id: number }>(className).filtered(text, ...ARGUMENTS);
    const { length } = results;
    ids = Array.from(results, (object) => object.id);
    if (ids.length !== length) throw new PromiseBroken("LENGTH_DIFFERS", `${text}: length ${length}, but ${ids.length} objects`);
  });
  return code ?? ids;
}

function expectKnown(found: readonly number[], text: string): void {
  const isKnown = found.every((id) => PEOPLE.some((person) => person.id === id)) && new Set(found).size === found.length;
  if (!isKnown) throw new PromiseBroken("UNKNOWN_OBJECT", `${text}: ${found.join()}`);
}

function expectAscending(found: readonly number[], text: string): void {
  expectKnown(found, text);
  if (found.some((id, index) => index > 0 && (found[index - 1] as number) > id)) throw new PromiseBroken("NOT_IN_ORDER", `${text}: ${found.join()}`);
}

function expectNaive(query: Query, found: readonly number[], text: string): void {
  const expected = naiveIds(query.predicate, PEOPLE, ARGUMENTS);
  if (expected !== undefined && expected.join() !== found.join()) throw new PromiseBroken("WRONG_RESULT", `${text}: ${found.join()} instead of ${expected.join()}`);
}

/** NOT is exact: every object meets either the query or its negation. */
function expectNegation(realm: Realm, found: readonly number[], text: string): void {
  const others = find(realm, "Person", `NOT (${text})`);
  // A query may be so deep that it cannot be negated.
  if (typeof others === "string") {
    if (text.length < 256) throw new PromiseBroken("NOT_NEGATABLE", `${text}: ${others}`);
    return;
  }
  const all = [...found, ...others].sort((a, b) => a - b);
  if (all.join() !== PEOPLE.map((person) => person.id).join()) throw new PromiseBroken("NEGATION_OVERLAPS", `${text}: ${found.join()} and, negated, ${others.join()}`);
}
