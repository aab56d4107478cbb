/**
 * The content of a realm in the model's terms, read through the public API alone.
 */
import Realm from "../../src/index.ts";
import { canonical, dumpObject, Embedded, Link } from "./model.ts";
import type { ClassShape, Property, Shape } from "./random-schema.ts";

type AnyObject = Realm.Object & Record<string, unknown>;

/** The whole content as text, as `Model.dump` gives it. */
export function dumpRealm(realm: Realm, shape: Shape): string[] {
  return shape.classes
    .flatMap((classShape) => [...realm.objects(classShape.name)].map((object) => `${classShape.name} ${idOf(object as AnyObject)}: ${dumpOf(shape, classShape, object as AnyObject)}`))
    .toSorted();
}

/** The canonical id of an object. */
export function idOf(object: AnyObject): string {
  return canonical(object["id"]);
}

/** One object's content as text. */
export function dumpOf(shape: Shape, classShape: ClassShape, object: AnyObject): string {
  return dumpObject(classShape, { values: readValues(shape, classShape, object) });
}

/** An object's values in the model's terms. */
export function readValues(shape: Shape, classShape: ClassShape, object: AnyObject): Map<string, unknown> {
  return new Map(classShape.properties.map((property) => [property.name, readHeld(shape, property, object[property.name])]));
}

function readHeld(shape: Shape, property: Property, held: unknown): unknown {
  const one = (value: unknown): unknown => readValue(shape, value);
  if (property.container === "one") return one(held);
  if (property.container === "list") return [...(held as Iterable<unknown>)].map(one);
  if (property.container === "set") return new Set([...(held as Iterable<unknown>)].map(one));
  return new Map(Object.entries(held as Record<string, unknown>).map(([key, value]) => [key, one(value)]));
}

/** A single value in the model's terms. */
export function readValue(shape: Shape, value: unknown): unknown {
  if (!(value instanceof Realm.Object)) return value;
  const object = value as AnyObject;
  const { name } = object.objectSchema();
  const embedded = shape.embedded.find((candidate) => candidate.name === name);
  return embedded === undefined ? new Link(name, idOf(object)) : new Embedded(readValues(shape, embedded, object));
}
