/**
 * Random schemas and histories against a naive model: plain and encrypted, reopened at random; change sets applied to the old state
 * give the new one. A failing seed is printed with its operations; HISTORY_SEED repeats one, HISTORY_COUNT asks for more.
 */
import { expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";
import { canonical, Model } from "./model.ts";
import { DictionaryMirror, ListMirror } from "./mirror.ts";
import { find, operate } from "./operations.ts";
import type { World } from "./operations.ts";
import { randomShape, toRealmSchema } from "./random-schema.ts";
import type { ClassShape, Shape } from "./random-schema.ts";
import { Random } from "./random.ts";
import { dumpOf, dumpRealm, idOf, readValue } from "./read-realm.ts";

type AnyObject = Realm.Object & Record<string, unknown>;

const COUNT = Number(process.env["HISTORY_COUNT"] ?? 8);
const FIRST_SEED = Number(process.env["HISTORY_SEED"] ?? 5000);
const TRANSACTIONS = 30;

forEachMode((mode) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
    it(`seed ${seed}: the realm has what the model has, and listeners are told every change`, async () => {
      const random = new Random(seed);
      const shape = randomShape(random);
      const schema = toRealmSchema(shape);
      const open = (): Realm => new Realm(mode.config({ schema }));
      let model = new Model(shape);
      let realm = open();
      let mirrors: (ListMirror | DictionaryMirror)[] = [];
      const log: string[] = [];
      const world: World = { random, realm, model, nextId: 1 };
      try {
        for (let round = 0; round < TRANSACTIONS; round += 1) {
          const isCancelled = random.chance(0.15);
          const before = model.copy();
          realm.beginTransaction();
          const count = 1 + random.below(8);
          for (let step = 0; step < count; step += 1) log.push(operate({ ...world, realm, model, get nextId() { return world.nextId; }, set nextId(value) { world.nextId = value; } }));
          if (isCancelled) {
            log.push("cancel");
            realm.cancelTransaction();
            model = before;
          } else {
            log.push("commit");
            realm.commitTransaction();
          }
          expect(dumpRealm(realm, shape)).toEqual(model.dump());
          await settled();
          for (const mirror of mirrors) mirror.settle();
          expect(mirrors.flatMap((mirror) => mirror.complaints)).toEqual([]);
          if (random.chance(0.15)) {
            log.push("reopen");
            realm.close();
            realm = open();
            mirrors = [];
            expect(dumpRealm(realm, shape)).toEqual(model.dump());
          }
          if (mirrors.length < 8) mirrors.push(...watch({ ...world, realm, model }));
          await settled();
        }
        expect(realm.isClosed).toBe(false);
      } catch (error) {
        throw new Error(`seed ${seed}, schema ${JSON.stringify(schema)}\n${log.join("\n")}\n${(error as Error).message}`, { cause: error });
      } finally {
        realm.close();
      }
    });
  }
});

/** Adds listeners to a class's objects and to a collection of one object. */
function watch({ random, realm, model }: World): (ListMirror | DictionaryMirror)[] {
  const { shape } = model;
  const classShape = random.pick(shape.classes);
  const results = narrowed(random, classShape, realm.objects(classShape.name));
  const mirrors: (ListMirror | DictionaryMirror)[] = [];
  const all = new ListMirror(`results of ${classShape.name}`, () => [...results].map((object) => ({ identity: idOf(object as AnyObject), content: dumpOf(shape, classShape, object as AnyObject) })));
  results.addListener(all.listener as never);
  mirrors.push(all);
  const objects = [...model.ofClass(classShape.name).values()];
  const containers = classShape.properties.filter(({ container }) => container !== "one");
  if (objects.length === 0 || containers.length === 0) return mirrors;
  const object = random.pick(objects);
  const property = random.pick(containers);
  const held = find({ realm }, object)[property.name];
  const title = `${object.className} ${object.id} ${property.name}`;
  if (property.container === "dictionary") {
    const dictionary = held as Realm.Dictionary;
    const mirror = new DictionaryMirror(title, () => (dictionary.isValid() ? Object.fromEntries(Object.entries(dictionary).map(([key, value]) => [key, canonical(readValue(shape, value))])) : {}));
    dictionary.addListener(mirror.listener as never);
    mirrors.push(mirror);
    return mirrors;
  }
  const list = held as Realm.List;
  const mirror = new ListMirror(title, () => (list.isValid() ? [...list].map((value) => ({ identity: canonical(readValue(shape, value)), content: contentOf(shape, value) })) : []));
  list.addListener(mirror.listener as never);
  mirrors.push(mirror);
  return mirrors;
}

/** All objects, or some of them in another order. */
function narrowed(random: Random, shape: ClassShape, objects: Realm.Results<Realm.Object>): Realm.Results<Realm.Object> {
  const simple = shape.properties.filter(({ container, element }) => container === "one" && ["int", "bool", "string", "date", "double"].includes(element));
  if (simple.length === 0 || random.chance(0.3)) return objects;
  const { name, element, isOptional } = random.pick(simple);
  const condition = { int: "> 0", bool: "== true", string: "CONTAINS 'e'", date: "> 1970-01-01@00:00:00", double: "< 1" }[element] ?? "!= null";
  const filtered = random.chance(0.6) ? objects.filtered(`${name} ${condition}${isOptional ? ` OR ${name} == null` : ""}`) : objects;
  return random.chance(0.6) ? filtered.sorted(name, random.chance(0.5)) : filtered;
}

/** What an element that is an object holds: a change of it must be told as a modification. */
function contentOf(shape: Shape, value: unknown): string {
  if (!(value instanceof Realm.Object)) return "";
  const classShape = shape.classes.find(({ name }) => name === value.objectSchema().name);
  return classShape === undefined ? "" : dumpOf(shape, classShape, value as AnyObject);
}

/** Lets notifications pass. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
