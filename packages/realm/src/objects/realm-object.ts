/**
 * Realm.Object: what every object of a realm can do beside its properties.
 *
 * @module
 */
import { assert, RealmError, TypeAssertionError } from "../errors.ts";
import { keyText } from "../records/text.ts";
import { isCollection, linkTargetOf } from "../schema/types.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ObjectChangeCallback } from "../notifications/change-sets.ts";
import { Counter } from "./counter.ts";
import { kindOf, STATE, stateOf } from "./object-state.ts";
import type { ObjectState } from "./object-state.ts";
import { jsonOf } from "./to-json.ts";
import type { AnyRealmObject, Constructor, DefaultObject, OmittedRealmTypes, Unmanaged } from "../types.ts";
import type { Results } from "../collections/results.ts";

/** Whatever can create objects: a Realm. */
export interface ObjectCreator {
  create(type: never, values: never): unknown;
}

/** An object of a realm. */
export class RealmObject<T = DefaultObject, RequiredProperties extends keyof OmittedRealmTypes<T> = never> {
  /** Creates an object of the class in a realm: `new Person(realm, values)`. */
  constructor(realm: ObjectCreator, values: Unmanaged<T, RequiredProperties>) {
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
    return stateIn(this).tryRefresh();
  }

  /** The canonical schema of the object's class. */
  objectSchema(): CanonicalObjectSchema {
    return stateIn(this).table.schema;
  }

  /** Type of a property as the object form of a schema names it. */
  getPropertyType(name: string): string {
    const { schema } = stateIn(this).table;
    const property = schema.properties[name];
    if (property === undefined) throw new RealmError("ARGUMENT_INVALID", `Property '${name}' does not exist on '${schema.name}' objects`);
    if (isCollection(property) || property.type === "linkingObjects") return `${property.type}<${property.objectType}>`;
    return property.type === "object" ? `<${property.objectType}>` : property.type;
  }

  /** The objects of a class that link to this one through a property. */
  linkingObjects<U = DefaultObject>(type: string, propertyName: string): Results<RealmObject<U> & U>;
  linkingObjects<U extends AnyRealmObject>(type: Constructor<U>, propertyName: string): Results<U>;
  linkingObjects(type: unknown, propertyName: string): unknown {
    const state = stateIn(this);
    state.refresh();
    const className = typeof type === "string" ? type : String((type as { schema?: { name?: string } }).schema?.name);
    const origin = state.context.session.table(className);
    const property = origin.layout.fieldOf(propertyName)?.property;
    assert(property !== undefined, `'${className}' has no property '${propertyName}'`);
    assert(linkTargetOf(property) === state.table.name, `'${className}#${propertyName}' is not a relationship to '${state.table.name}'`);
    return state.context.linking(state.table, state.key, className, propertyName);
  }

  /** How many links lead to this object. */
  linkingObjectsCount(): number {
    stateIn(this).refresh();
    return stateIn(this).table.backlinkCount(stateIn(this).key);
  }

  /** A plain copy, nested objects included; cycles are kept by identity. */
  toJSON(): DefaultObject {
    return jsonOf(this) as DefaultObject;
  }

  addListener(callback: ObjectChangeCallback<T>, keyPaths?: string | string[]): void {
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    const state = stateIn(this);
    state.refresh();
    state.context.notifier.addObject(this, state, callback as never, keyPaths);
  }

  removeListener(callback: ObjectChangeCallback<T>): void {
    stateIn(this).context.notifier.removeObject(stateIn(this), callback as never);
  }

  removeAllListeners(): void {
    stateIn(this).context.notifier.removeObject(stateIn(this));
  }

  /** True if the other is the same object of the same realm, whichever accessor it came through. */
  isSameObject(other: unknown): boolean {
    const state = stateIn(this);
    const otherState = stateOf(other);
    return otherState !== undefined && otherState.context.session === state.context.session && state.isSameRow(otherState);
  }

  /** Identity of the row, for React bindings. @internal */
  _objectKey(): string {
    return keyText(stateIn(this).key);
  }

  /** Identity of the row, under its older name. @internal */
  _objectId(): string {
    return this._objectKey();
  }
}

// A computed name in the class would not fit into a declaration file.
Object.defineProperty(RealmObject.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value: function (this: RealmObject, _depth: number, options: unknown, inspect?: (value: unknown, options: unknown) => string): string {
    const { name, layout } = stateIn(this).table;
    if (!this.isValid()) return `${name} [invalid]`;
    const shown = Object.fromEntries(layout.fields.map((field) => [field.property.name, shownValue(Reflect.get(this, field.property.name))]));
    return `${name} ${inspect === undefined ? JSON.stringify(shown) : inspect(shown, options)}`;
  },
  configurable: true,
  writable: true,
});

/** Links are named, not followed: two accessors of one object are not identical, so a cycle would have no end. */
function shownValue(value: unknown): unknown {
  if (value instanceof RealmObject) return `[${stateIn(value).table.name}]`;
  switch (kindOf(value)) {
    case undefined:
      return value instanceof Counter ? value.value : value;
    case "dictionary":
      return Object.fromEntries([...(value as Iterable<[string, unknown]>)].map(([key, element]) => [key, shownValue(element)]));
    default:
      return [...(value as Iterable<unknown>)].map(shownValue);
  }
}

function stateIn(object: unknown): ObjectState {
  return (object as { [STATE]: ObjectState })[STATE];
}
