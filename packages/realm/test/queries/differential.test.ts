import * as fc from "fast-check";
import { expect, it } from "vitest";
import { readKey } from "../../src/records/keys.ts";
import { ObjectQuery } from "../../src/queries/index.ts";
import { memorySource } from "./memory-source.ts";
import { dogKey, person, SCHEMAS } from "./model.ts";
import { holds, textOf } from "./naive.ts";
import type { ModelDog, ModelPerson, ModelPredicate } from "./naive.ts";

const SEED = 20261121;
const RUN_COUNT = 1500;

const number = fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom(222, 223, -24, -25, 127, 128, -129, 65_536, -2_147_483_649, 4_294_967_296, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER));
const text = fc.oneof(fc.string({ unit: fc.constantFrom("a", "A", "b", "é", "É", "😀", "\uffff", "*", "?", "\0"), maxLength: 4 }), fc.constantFrom("", "aaaa".repeat(110), `${"aaaa".repeat(110)}b`));
const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { freq: 4 });
const double = fc.oneof(number, fc.constantFrom(0.5, -0.5, 1.5, Infinity, -Infinity, 1e300, -0));

const dogs = fc.uniqueArray(fc.record({ name: text, age: orNull(number) }), { maxLength: 4, selector: (dog) => dog.name }).filter((all) => all.every((dog) => Buffer.byteLength(dog.name) <= 400));
const peopleOver = (known: readonly ModelDog[]): fc.Arbitrary<ModelPerson[]> =>
  fc.uniqueArray(
    fc.record({
      id: number, name: orNull(text), nick: orNull(text), age: orNull(number), level: orNull(number), weight: orNull(double),
      isActive: orNull(fc.boolean()), born: orNull(number.filter((ms) => Math.abs(ms) < 8e15)), tags: fc.array(orNull(text), { maxLength: 3 }),
      dog: known.length === 0 ? fc.constant(null) : orNull(fc.constantFrom(...known)),
    }),
    { maxLength: 12, selector: (one) => one.id },
  );

const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
const numberPath = fc.constantFrom("id", "age", "level", "weight", "dog.age");
const textPath = fc.constantFrom("name", "full_name", "nick", "dog.name");
const date = number.filter((ms) => Math.abs(ms) < 8e15);
const isFlipped = fc.boolean();
const leaf: fc.Arbitrary<ModelPredicate> = fc.oneof(
  fc.record({ kind: fc.constant("relation" as const), path: numberPath, operator, value: orNull(double), isFlipped }),
  fc.record({ kind: fc.constant("relation" as const), path: textPath, operator, value: orNull(text), isFlipped }),
  fc.record({ kind: fc.constant("relation" as const), path: fc.constant("isActive"), operator, value: orNull(fc.boolean()), isFlipped }),
  fc.record({ kind: fc.constant("relation" as const), path: fc.constant("born"), operator, value: orNull(date), isFlipped }),
  fc.record({
    kind: fc.constant("text" as const), path: textPath, isFolded: fc.boolean(), value: text,
    operator: fc.constantFrom("==", "!=", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"),
  }),
  fc.record({ kind: fc.constant("in" as const), path: numberPath, values: fc.array(orNull(number), { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("in" as const), path: textPath, values: fc.array(orNull(text), { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("element" as const), value: orNull(text) }),
  fc.record({ kind: fc.constant("between" as const), path: numberPath, low: number, high: double }),
);
const { predicate } = fc.letrec<{ predicate: ModelPredicate }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    leaf,
    fc.record({ kind: fc.constantFrom("and" as const, "or" as const), operands: fc.array(tie("predicate"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("not" as const), operand: tie("predicate") }),
  ),
}));

/** "full_name" is only the name in the file: the model knows the property as "name". */
function inModelNames(one: ModelPredicate): ModelPredicate {
  if (one.kind === "and" || one.kind === "or") return { ...one, operands: one.operands.map(inModelNames) };
  if (one.kind === "not") return { ...one, operand: inModelNames(one.operand) };
  return "path" in one && one.path === "full_name" ? { ...one, path: "name" } : one;
}

/** Runs one predicate over one world: what the query finds. */
function found(allDogs: readonly ModelDog[], people: readonly ModelPerson[], wanted: ModelPredicate): { ids: number[]; count: number } {
  const source = memorySource(SCHEMAS);
  source.table("Dog").insert(allDogs.map((dog) => ({ ...dog, owner: null })));
  source.table("Person").insert(people.map((one) => person(one.id, { ...one, tags: [...one.tags], dog: one.dog === null ? null : dogKey(one.dog.name) })));
  const args: unknown[] = [];
  const query = ObjectQuery.all("Person").filtered({ schema: SCHEMAS, text: textOf(wanted, args), args });
  const ids = query.rows(source).map((row) => Number(readKey("int", row.bytes, row.keyStart, row.keyEnd)));
  return { ids, count: query.count(source) };
}

/** What the naive evaluator finds. */
function expected(people: readonly ModelPerson[], wanted: ModelPredicate): { ids: number[]; count: number } {
  const ids = people.filter((one) => holds(inModelNames(wanted), one)).map((one) => one.id).sort((left, right) => left - right);
  return { ids, count: ids.length };
}

it(`random predicates find what a naive evaluator finds, in key order (seed ${String(SEED)})`, () => {
  const world = dogs.chain((known) => fc.record({ dogs: fc.constant(known), people: peopleOver(known), predicate }));
  fc.assert(
    fc.property(world, (one) => {
      expect(found(one.dogs, one.people, one.predicate)).toEqual(expected(one.people, one.predicate));
    }),
    { seed: SEED, numRuns: RUN_COUNT },
  );
});

it(`random conditions on keys and indexes find what a naive evaluator finds (seed ${String(SEED)})`, () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "\0", "\uffff", "😀"), maxLength: 3 });
  const people = fc.uniqueArray(fc.record({ id: number, nick: orNull(letters), level: orNull(number), born: orNull(date) }), { minLength: 3, maxLength: 12, selector: (one) => one.id });
  const condition: fc.Arbitrary<ModelPredicate> = fc.oneof(
    fc.record({ kind: fc.constant("relation" as const), path: fc.constantFrom("id", "level"), operator, value: orNull(double), isFlipped }),
    fc.record({ kind: fc.constant("relation" as const), path: fc.constant("nick"), operator, value: orNull(letters), isFlipped }),
    fc.record({ kind: fc.constant("relation" as const), path: fc.constant("born"), operator, value: orNull(date), isFlipped }),
    fc.record({ kind: fc.constant("text" as const), path: fc.constant("nick"), isFolded: fc.constant(false), value: letters, operator: fc.constant("BEGINSWITH") }),
    fc.record({ kind: fc.constant("in" as const), path: fc.constantFrom("id", "level"), values: fc.array(orNull(double), { maxLength: 4 }) }),
    fc.record({ kind: fc.constant("between" as const), path: fc.constantFrom("id", "level"), low: double, high: double }),
  );
  const conditions = fc.array(condition, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(people, conditions, (some, operands) => {
      const whole = some.map((one): ModelPerson => ({ name: null, age: null, weight: null, isActive: null, tags: [], dog: null, ...one }));
      const wanted = { kind: "and" as const, operands };
      expect(found([], whole, wanted)).toEqual(expected(whole, wanted));
    }),
    { seed: SEED, numRuns: RUN_COUNT },
  );
});
