/**
 * A naive model of a realm: plain objects in maps. Written for being obviously right, not for speed.
 */
import type { ClassShape, Property, Shape } from "./random-schema.ts";

/** A link of the model. */
export class Link {
  readonly className: string;
  readonly id: string;
  constructor(className: string, id: string) {
    this.className = className;
    this.id = id;
  }
}

/** An embedded object of the model. */
export class Embedded {
  readonly values: Map<string, unknown>;
  constructor(values: Map<string, unknown>) {
    this.values = values;
  }
}

/** What a property holds: a value, an array, a set by canonical text, a map. */
export type Held = unknown;

export interface ModelObject {
  readonly className: string;
  readonly id: string;
  readonly values: Map<string, Held>;
}

/** All objects by class and canonical id. */
export class Model {
  readonly shape: Shape;
  readonly objects: Map<string, Map<string, ModelObject>>;

  constructor(shape: Shape, objects?: Map<string, Map<string, ModelObject>>) {
    this.shape = shape;
    this.objects = objects ?? new Map(shape.classes.map(({ name }) => [name, new Map()]));
  }

  /** A copy for a transaction that may be cancelled. */
  copy(): Model {
    const objects = new Map([...this.objects].map(([name, all]) => [name, new Map([...all].map(([id, object]) => [id, { ...object, values: new Map([...object.values].map(([key, held]) => [key, copyHeld(held)])) }]))]));
    return new Model(this.shape, objects);
  }

  all(): ModelObject[] {
    return [...this.objects.values()].flatMap((all) => [...all.values()]);
  }

  ofClass(name: string): Map<string, ModelObject> {
    return this.objects.get(name) as Map<string, ModelObject>;
  }

  shapeOf(name: string): ClassShape {
    return this.shape.classes.find((shape) => shape.name === name) as ClassShape;
  }

  /** Deletes an object: whatever linked to it no longer does. */
  delete(object: ModelObject): void {
    this.ofClass(object.className).delete(object.id);
    const isIt = (value: unknown): boolean => value instanceof Link && value.className === object.className && value.id === object.id;
    for (const other of this.all()) {
      for (const [name, held] of other.values) {
        if (isIt(held)) other.values.set(name, null);
        else if (Array.isArray(held)) other.values.set(name, held.filter((value) => !isIt(value)));
        else if (held instanceof Set) for (const value of [...held]) if (isIt(value)) held.delete(value);
        if (held instanceof Map) for (const [key, value] of held) if (isIt(value)) held.set(key, null);
      }
    }
  }

  /** The whole content as text. */
  dump(): string[] {
    return this.all().map((object) => `${object.className} ${object.id}: ${dumpObject(this.shapeOf(object.className), object)}`).toSorted();
  }
}

/** One object's content as text. */
export function dumpObject(shape: ClassShape, { values }: Pick<ModelObject, "values">): string {
  return shape.properties.map((property) => `${property.name}=${dumpHeld(property, values.get(property.name))}`).join(" ");
}

function dumpHeld(property: Property, held: Held): string {
  if (property.container === "one") return canonical(held);
  if (property.container === "list") return `[${(held as unknown[]).map(canonical).join(",")}]`;
  if (property.container === "set") return `<${[...(held as Set<unknown>)].map(canonical).toSorted().join(",")}>`;
  return `{${[...(held as Map<string, unknown>)].map(([key, value]) => `${key}:${canonical(value)}`).toSorted().join(",")}}`;
}

/** A value as text: equal values have equal texts. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Link) return `@${value.className}:${value.id}`;
  if (value instanceof Embedded) return `(${[...value.values].map(([name, inner]) => `${name}=${canonical(inner)}`).join(" ")})`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof ArrayBuffer) return `data ${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value instanceof Set) return `<${[...value].map(canonical).toSorted().join(",")}>`;
  if (value instanceof Map) return `{${[...value].map(([key, inner]) => `${String(key)}:${canonical(inner)}`).toSorted().join(",")}}`;
  if (typeof value === "object") return `${value.constructor.name} ${String(value)}`;
  return `${typeof value} ${String(value)}`;
}

/** Puts a value into a model's set unless an equal one is there. */
export function addToSet(set: Set<unknown>, value: unknown): void {
  const text = canonical(value);
  if (![...set].some((other) => canonical(other) === text)) set.add(value);
}

function copyHeld(held: Held): Held {
  if (Array.isArray(held)) return held.map(copyHeld);
  if (held instanceof Set) return new Set(held);
  if (held instanceof Map) return new Map([...held].map(([key, value]) => [key, copyHeld(value)]));
  return held instanceof Embedded ? new Embedded(new Map([...held.values].map(([key, value]) => [key, copyHeld(value)]))) : held;
}
