/**
 * Realm.Object: what every object of a realm can do beside its properties.
 *
 * @module
 */
import { assert, notYet, RealmError, TypeAssertionError } from "../errors.ts";
import { keyText } from "../records/text.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ObjectChangeCallback } from "../notifications/change-sets.ts";
import { STATE } from "./object-state.ts";
import type { ObjectState } from "./object-state.ts";
import type { Results } from "../collections/results.ts";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Whatever can create objects: a Realm. */
export interface ObjectCreator {
  create(type: never, values: never): unknown;
}

/** An object of a realm. */
export class RealmObject<T = unknown, RequiredProperties extends keyof T = never> {
  declare readonly [STATE]: ObjectState;

  /** Creates an object of the class in a realm: `new Person(realm, values)`. */
  constructor(realm: ObjectCreator, values: Partial<T> & Pick<T, RequiredProperties>) {
    assert(typeof (realm as { create?: unknown } | undefined)?.create === "function", "Expected 'realm' to be an instance of Realm");
    // biome: the object of the realm takes the place of `this`.
    return realm.create(new.target as never, values as never) as this;
  }

  /** Names of the properties. */
  keys(): string[] {
    return Object.keys(this);
  }

  /** Names and values of the properties. */
  entries(): [string, unknown][] {
    return Object.entries(this);
  }

  /** False once the object was deleted or its realm closed. */
  isValid(): boolean {
    return this[STATE].tryRefresh();
  }

  /** The canonical schema of the object's class. */
  objectSchema(): CanonicalObjectSchema {
    return this[STATE].table.schema;
  }

  /** Type of a property as the object form of a schema names it. */
  getPropertyType(name: string): string {
    const { schema } = this[STATE].table;
    const property = schema.properties[name];
    if (property === undefined) throw new RealmError("ARGUMENT_INVALID", `Property '${name}' does not exist on '${schema.name}' objects`);
    return property.type === "list" ? `list<${property.objectType}>` : property.type === "object" ? `<${property.objectType}>` : property.type;
  }

  /** The objects of a class that link to this one through a property. */
  linkingObjects<U = unknown>(type: string | { schema?: { name: string } }, propertyName: string): Results<RealmObject<U> & U> {
    const state = this[STATE];
    state.refresh();
    const className = typeof type === "string" ? type : (type.schema?.name ?? "");
    const origin = state.context.session.table(className);
    const property = origin.layout.fieldOf(propertyName)?.property;
    assert(property !== undefined, `'${className}' has no property '${propertyName}'`);
    assert(property.objectType === state.table.name, `'${className}#${propertyName}' is not a relationship to '${state.table.name}'`);
    return state.context.linking(state.table, state.key, className, propertyName) as Results<RealmObject<U> & U>;
  }

  /** How many links lead to this object. */
  linkingObjectsCount(): number {
    this[STATE].refresh();
    return this[STATE].table.backlinkCount(this[STATE].key);
  }

  /** A plain copy, nested objects included; cycles are kept by identity. */
  toJSON(): Record<string, unknown> {
    return objectToJson(this, new Map());
  }

  addListener(callback: ObjectChangeCallback<T>, keyPaths?: string | string[]): void {
    if (keyPaths !== undefined) throw notYet("Key-path filters of listeners");
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    const state = this[STATE];
    state.refresh();
    state.context.notifier.addObject(this, state, callback as ObjectChangeCallback<unknown>);
  }

  removeListener(callback: ObjectChangeCallback<T>): void {
    this[STATE].context.notifier.removeObject(this[STATE], callback as ObjectChangeCallback<unknown>);
  }

  removeAllListeners(): void {
    this[STATE].context.notifier.removeObject(this[STATE]);
  }

  /** Identity of the row, for React bindings. */
  _objectKey(): string {
    return keyText(this[STATE].key);
  }

  [INSPECT](_depth: number, options: unknown, inspect?: (value: unknown, options: unknown) => string): string {
    const { name } = this[STATE].table;
    if (!this.isValid()) return `${name} [invalid]`;
    const shown = Object.fromEntries(this[STATE].table.layout.fields.map((field) => [field.property.name, Reflect.get(this, field.property.name)]));
    return `${name} ${inspect === undefined ? JSON.stringify(shown) : inspect(shown, options)}`;
  }
}

/** The JSON form of an object; `seen` keeps cycles and shared objects. */
export function objectToJson(object: RealmObject, seen: Map<string, Record<string, unknown>>): Record<string, unknown> {
  const state = object[STATE];
  state.refresh();
  const identity = `${state.table.name}:${keyText(state.key)}`;
  const known = seen.get(identity);
  if (known !== undefined) return known;
  const json: Record<string, unknown> = {};
  seen.set(identity, json);
  for (const name of Object.keys(object)) json[name] = valueToJson(Reflect.get(object, name), seen);
  return json;
}

/** The JSON form of what a property or an element holds. */
export function valueToJson(value: unknown, seen: Map<string, Record<string, unknown>>): unknown {
  if (value instanceof RealmObject) return objectToJson(value as RealmObject, seen);
  if (typeof value === "object" && value !== null && Symbol.iterator in value && "isValid" in value) {
    return [...(value as unknown as Iterable<unknown>)].map((element) => valueToJson(element, seen));
  }
  return value;
}
