/**
 * Query strings: parser and check against a schema of every type.
 *
 * @module
 */
import { check, describe, parse } from "@holdfast/query";
import type { Query, QueryProperty, QuerySchema } from "@holdfast/query";
import { codeOf } from "../fuzzer/failure.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import { mutateQuery } from "./query-mutations.ts";
import { QUERY_SEEDS, QUERY_WORDS } from "./query-words.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const property = (name: string, type: QueryProperty["type"], more: Partial<QueryProperty> = {}): [string, QueryProperty] => [name, { name, type, ...more }];
const PERSON: ReadonlyMap<string, QueryProperty> = new Map([
  property("id", "int"), property("name", "string"), property("full_name", "string"), property("nick", "string"), property("age", "int"), property("level", "int"), property("weight", "double"), property("ratio", "float"),
  property("price", "decimal128"), property("isActive", "bool"), property("born", "date"), property("photo", "data"), property("oid", "objectId"), property("uid", "uuid"), property("anything", "mixed"),
  property("tags", "string", { collection: "list" }), property("scores", "int", { collection: "list" }), property("dog", "object", { objectType: "Dog" }), property("friend", "object", { objectType: "Person" }),
  property("friends", "object", { objectType: "Person", collection: "list" }), property("labels", "string", { collection: "set" }), property("extras", "mixed", { collection: "dictionary" }), property("numbers", "int", { collection: "dictionary" }), property("note", "string", { isFullText: true }), property("place", "object", { objectType: "Place" }),
  property("fans", "object", { objectType: "Person", collection: "linkingObjects", originProperty: "friends" }),
]);
const DOG: ReadonlyMap<string, QueryProperty> = new Map([property("name", "string"), property("age", "int"), property("owner", "object", { objectType: "Person" })]);
const PLACE: ReadonlyMap<string, QueryProperty> = new Map([property("type", "string"), property("coordinates", "double", { collection: "list" })]);
const CLASSES: ReadonlyMap<string, ReadonlyMap<string, QueryProperty>> = new Map([["Person", PERSON], ["Dog", DOG], ["Place", PLACE]]);
const SCHEMA: QuerySchema = {
  findClass: (name) => {
    const properties = CLASSES.get(name);
    const primaryKey = properties?.get("id");
    return properties === undefined ? undefined : { name, ...(primaryKey === undefined ? {} : { primaryKey }), findProperty: (wanted) => properties.get(wanted) };
  },
};
const ARGUMENTS: readonly unknown[] = ["a", 3, null, 0.5, true, [1, 3, null], ["a", null], new Date(0), Uint8Array.of(0x61), 2n ** 60n, new Date(NaN), {}, NaN];

/** The target. */
export const target: FuzzTarget = {
  name: "query-text",
  what: "query strings through the parser and the check; the parts of an accepted query's text, and what the printer makes of it, must parse to the same query again",
  maxBytes: 2048,
  limits: { steps: 300_000, bytes: 1_000_000 },
  isText: true,
  literalsOf: ["query"],
  dictionary: QUERY_WORDS,
  seeds: () => QUERY_SEEDS.map((text) => encoder.encode(text)),
  mutate: mutateQuery,
  run(input) {
    const text = decoder.decode(input);
    let query: Query | undefined;
    codeOf(() => {
      query = parse(text);
    });
    if (query === undefined) return;
    expectStable(query);
    const parsed = query;
    codeOf(() => check(parsed, { schema: SCHEMA, className: "Person", args: ARGUMENTS }));
  },
};

/** What `description()` of a collection is made of, and what the printer writes, must stand for the same query. */
function expectStable(query: Query): void {
  for (const [kind, text] of [["TEXT_NOT_STABLE", `${query.predicateText} ${query.descriptorText}`], ["PRINT_NOT_STABLE", describe(query)]] as const) {
    let again: Query;
    try {
      again = parse(text);
    } catch (cause) {
      throw new PromiseBroken(kind, `the text of an accepted query is refused: ${text}`, { cause });
    }
    if (shapeOf(again) !== shapeOf(query)) throw new PromiseBroken(kind, `the text of an accepted query means something else: ${text}`);
  }
}

function shapeOf({ predicate, descriptors }: Query): string {
  return JSON.stringify([predicate, descriptors], (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
}
