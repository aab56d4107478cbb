/**
 * Random operations, done to the realm and to the model alike.
 */
import Realm from "../../src/index.ts";
import { addToSet, canonical, Embedded, Link } from "./model.ts";
import type { Model, ModelObject } from "./model.ts";
import { idValue, randomPrimitive } from "./random-schema.ts";
import type { ClassShape, Property } from "./random-schema.ts";
import type { Random } from "./random.ts";
import { idOf } from "./read-realm.ts";

type AnyObject = Realm.Object & Record<string, unknown>;

/** One value for both sides. */
interface Pair {
  readonly model: unknown;
  readonly plain: unknown;
}

/** What operations need. */
export interface World {
  readonly random: Random;
  readonly realm: Realm;
  readonly model: Model;
  /** The next id that no object had. */
  nextId: number;
}

/** Does one random operation inside an open transaction. @returns What it was, for a failing run's log. */
export function operate(world: World): string {
  const { random, model } = world;
  const objects = model.all();
  if (objects.length < 3 || (objects.length < 25 && random.chance(0.3))) return create(world);
  const object = random.pick(objects);
  if (random.chance(0.08)) return deleteObject(world, object);
  const shape = model.shapeOf(object.className);
  if (random.chance(0.1) && shape.keyType !== "none") return update(world, shape, object);
  return change(world, object, random.pick(shape.properties));
}

function create(world: World): string {
  const { random, realm, model } = world;
  const shape = random.pick(model.shape.classes);
  const id = idValue(shape, world.nextId++);
  const pairs = new Map(shape.properties.map((property) => [property.name, heldPair(world, property)]));
  realm.create(shape.name, { id, ...plainOf(pairs) });
  const values = new Map([...pairs].map(([name, pair]) => [name, pair.model]));
  model.ofClass(shape.name).set(canonical(id), { className: shape.name, id: canonical(id), values });
  return `create ${shape.name} ${canonical(id)}`;
}

/** `create` over an object that is there: only the properties that are given change. */
function update(world: World, shape: ClassShape, object: ModelObject): string {
  const { random, realm } = world;
  const mode = random.pick([Realm.UpdateMode.Modified, Realm.UpdateMode.All]);
  const given = shape.properties.filter(() => random.chance(0.5));
  const pairs = new Map(given.map((property) => [property.name, heldPair(world, property)]));
  realm.create(shape.name, { id: find(world, object)["id"], ...plainOf(pairs) }, mode);
  for (const [name, { model }] of pairs) object.values.set(name, model);
  return `update ${shape.name} ${object.id} (${mode}): ${[...pairs.keys()].join(" ")}`;
}

function deleteObject(world: World, object: ModelObject): string {
  world.realm.delete(find(world, object));
  world.model.delete(object);
  return `delete ${object.className} ${object.id}`;
}

function change(world: World, object: ModelObject, property: Property): string {
  const { random } = world;
  const accessor = find(world, object);
  const what = `${object.className} ${object.id} ${property.name}`;
  if (property.container === "one" || random.chance(0.15)) {
    const { model, plain } = heldPair(world, property);
    accessor[property.name] = plain;
    object.values.set(property.name, model);
    return `set ${what}`;
  }
  if (property.container === "list") return `${changeList(world, object, property, accessor[property.name] as Realm.List)} ${what}`;
  if (property.container === "set") return `${changeSet(world, object, property, accessor[property.name] as Realm.Set)} ${what}`;
  return `${changeDictionary(world, object, property, accessor[property.name] as Realm.Dictionary)} ${what}`;
}

function changeList(world: World, object: ModelObject, property: Property, list: Realm.List): string {
  const { random } = world;
  const model = object.values.get(property.name) as unknown[];
  const operation = random.pick(["push", "push", "unshift", "pop", "shift", "splice", "assign", "clear"] as const);
  const pairs = Array.from({ length: 1 + random.below(3) }, () => elementPair(world, property));
  const [plain, values] = [pairs.map((pair) => pair.plain), pairs.map((pair) => pair.model)];
  const { length } = model;
  const [index, count] = [random.below(length + 1), random.below(3)];
  // Arrays and lists take the same calls: each is made once on either side.
  for (const [side, given] of [[list as unknown as unknown[], plain], [model, values]] as const) {
    if (operation === "push") side.push(...given);
    else if (operation === "unshift") side.unshift(...given);
    else if (operation === "pop") side.pop();
    else if (operation === "shift") side.shift();
    else if (operation === "splice") side.splice(index, count, ...given);
    else if (operation === "assign" && index < length) side[index] = given[0];
    else if (operation === "clear" && length < 3) side.splice(0);
  }
  return operation;
}

function changeSet(world: World, object: ModelObject, property: Property, set: Realm.Set): string {
  const { random } = world;
  const model = object.values.get(property.name) as Set<unknown>;
  const { plain, model: value } = elementPair(world, property);
  if (random.chance(0.6)) {
    set.add(plain);
    addToSet(model, value);
    return "add";
  }
  set.delete(plain);
  for (const other of [...model]) if (canonical(other) === canonical(value)) model.delete(other);
  return "remove";
}

function changeDictionary(world: World, object: ModelObject, property: Property, dictionary: Realm.Dictionary): string {
  const { random } = world;
  const model = object.values.get(property.name) as Map<string, unknown>;
  const key = randomKey(random);
  if (random.chance(0.3)) {
    dictionary.remove(key);
    model.delete(key);
    return "remove";
  }
  const { plain, model: value } = elementPair(world, property);
  dictionary.set({ [key]: plain } as never);
  model.set(key, value);
  return "put";
}

/** Everything that a property holds. */
function heldPair(world: World, property: Property): Pair {
  if (property.container === "one") return elementPair(world, property);
  const pairs = Array.from({ length: world.random.below(4) }, () => elementPair(world, property));
  if (property.container === "list") return { model: pairs.map(({ model }) => model), plain: pairs.map(({ plain }) => plain) };
  if (property.container === "set") {
    const set = new Set<unknown>();
    for (const { model } of pairs) addToSet(set, model);
    return { model: set, plain: pairs.map(({ plain }) => plain) };
  }
  const keys = pairs.map(() => randomKey(world.random));
  return { model: new Map(keys.map((key, index) => [key, pairs[index]?.model])), plain: Object.fromEntries(keys.map((key, index) => [key, pairs[index]?.plain])) };
}

function elementPair(world: World, property: Property): Pair {
  const { random, model } = world;
  if (property.kind === "primitive") {
    const value = randomPrimitive(random, property);
    return { model: value, plain: value };
  }
  if (property.isOptional && random.chance(0.2)) return { model: null, plain: null };
  if (property.kind === "embedded") {
    const shape = model.shape.embedded[0] as ClassShape;
    const pairs = new Map(shape.properties.map((inner) => [inner.name, heldPair(world, inner)]));
    return { model: new Embedded(new Map([...pairs].map(([name, pair]) => [name, pair.model]))), plain: plainOf(pairs) };
  }
  const targets = [...model.ofClass(property.element).values()];
  // A list or set cannot hold null: without a target there is nothing to link to but a new object.
  if (targets.length === 0) return createTarget(world, property.element);
  const target = random.pick(targets);
  return { model: new Link(target.className, target.id), plain: find(world, target) };
}

function createTarget(world: World, className: string): Pair {
  const shape = world.model.shapeOf(className);
  const id = idValue(shape, world.nextId++);
  const values = new Map<string, unknown>();
  const plain: Record<string, unknown> = { id };
  for (const property of shape.properties) {
    const isPlain = property.container === "one" && property.kind === "primitive";
    const value = isPlain ? randomPrimitive(world.random, property) : undefined;
    if (isPlain) plain[property.name] = value;
    values.set(property.name, isPlain ? value : property.container === "one" ? null : property.container === "list" ? [] : property.container === "set" ? new Set() : new Map());
  }
  const accessor = world.realm.create(className, plain);
  world.model.ofClass(className).set(canonical(id), { className, id: canonical(id), values });
  return { model: new Link(className, canonical(id)), plain: accessor };
}

/** The accessor of a model's object, found by looking at all of them. */
export function find({ realm }: Pick<World, "realm">, object: ModelObject): AnyObject {
  for (const candidate of realm.objects(object.className)) if (idOf(candidate as AnyObject) === object.id) return candidate as AnyObject;
  throw new Error(`the realm has no ${object.className} ${object.id}`);
}

function randomKey(random: Random): string {
  return random.pick(["a", "b", "Ä", "key with spaces", "0", "length"]);
}

function plainOf(pairs: ReadonlyMap<string, Pair>): Record<string, unknown> {
  return Object.fromEntries([...pairs].map(([name, pair]) => [name, pair.plain]));
}
