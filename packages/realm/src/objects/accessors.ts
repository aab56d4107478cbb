/**
 * The accessors of a class's properties, and the thin proxy that makes them look like own properties.
 *
 * Accessors stand on one prototype per class, so an object costs two allocations. The proxy has no `get` trap: a read goes straight
 * to the prototype; it only answers what own keys there are. docs/decisions/0003-object-accessors.md has the measurements.
 *
 * @module
 */
import type { Field } from "../records/layout.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { rowOf } from "../records/row.ts";
import { RealmError } from "../errors.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { RealmContext } from "./context.ts";
import { Counter } from "./counter.ts";
import { FieldHolder, FieldSlot } from "./holders.ts";
import { presentMixed } from "./mixed-values.ts";
import { STATE } from "./object-state.ts";
import type { ObjectState } from "./object-state.ts";
import { toPublic } from "./primitives.ts";
import { toStored } from "./values.ts";
import { noteAssigned, writeField } from "./write-field.ts";

interface Managed {
  [STATE]: ObjectState;
}

/** Makes objects of one class for one Realm instance. */
export type ObjectMaker = (state: ObjectState) => object;

/** Compiles the accessors of a class. `base` is what `instanceof` shall find. */
export function objectMaker(context: RealmContext, table: ClassTable, properties: readonly CanonicalProperty[], base: object): ObjectMaker {
  const prototype = Object.create(base) as object;
  const names: string[] = [];
  for (const property of properties) {
    names.push(property.name);
    Object.defineProperty(prototype, property.name, {
      ...accessorsOf(context, table, property),
      enumerable: true,
      configurable: true,
    });
  }
  const Instance = function (this: Managed, state: ObjectState): void {
    this[STATE] = state;
  } as unknown as new (state: ObjectState) => object;
  Instance.prototype = prototype;
  const handler = handlerOf(names);
  return (state) => new Proxy(new Instance(state), handler);
}

function handlerOf(names: readonly string[]): ProxyHandler<object> {
  const known = new Set<string | symbol>(names);
  return {
    ownKeys: () => [...names],
    getOwnPropertyDescriptor: (target, name) =>
      known.has(name) ? { value: Reflect.get(target, name), writable: true, enumerable: true, configurable: true } : undefined,
    // An own property would hide the accessor: class fields of a model, and names that the schema does not have, are ignored, as Realm does.
    defineProperty: () => true,
    deleteProperty: () => true,
  };
}

function accessorsOf(context: RealmContext, table: ClassTable, property: CanonicalProperty): PropertyDescriptor {
  if (property.type === "linkingObjects") {
    return {
      get(this: Managed): unknown {
        const state = this[STATE];
        state.refresh();
        return context.linking(table, state.key, property.objectType as string, property.property as string);
      },
      set(): void {
        throw new RealmError("ARGUMENT_INVALID", `Cannot assign to read only property '${property.name}'`);
      },
    };
  }
  const field = table.layout.fieldOf(property.name) as Field;
  return { get: getterOf(context, field), set: setterOf(context, table, field) };
}

function getterOf(context: RealmContext, field: Field): (this: Managed) => unknown {
  const { session, integers } = context;
  const { type, objectType, presentation } = field.property;
  const { read } = field;
  const fresh = (object: Managed): ObjectState => {
    const state = object[STATE];
    if (state.epoch !== session.epoch) state.refresh();
    return state;
  };
  if (field.group === "key" && session.isMigrating) {
    return function (this: Managed) {
      const state = fresh(this);
      const pending = state.table.pending.get(state.key);
      return toPublic(type, pending === undefined ? read(state) : pending.primary, integers);
    };
  }
  if (presentation === "counter") {
    return function (this: Managed) {
      const state = fresh(this);
      return read(state) === null ? null : new Counter(state, field);
    };
  }
  switch (type) {
    case "string":
    case "bool":
    case "float":
    case "double":
      return function (this: Managed) {
        return read(fresh(this));
      };
    case "int":
      if (integers !== "number") break;
      return function (this: Managed) {
        const value = read(fresh(this));
        return typeof value === "bigint" ? Number(value) : value;
      };
    case "list":
    case "set":
    case "dictionary":
      return function (this: Managed) {
        return context.collection(new FieldHolder(fresh(this), field));
      };
    case "mixed":
      return function (this: Managed) {
        const state = fresh(this);
        const encoded = read(state) as Uint8Array | null;
        return encoded === null ? null : presentMixed(context, encoded, new FieldSlot(state, field));
      };
    case "object": {
      const target = session.table(objectType as string);
      return function (this: Managed) {
        const key = read(fresh(this)) as Uint8Array | null;
        return key === null ? null : context.wrap(target, key);
      };
    }
  }
  return function (this: Managed) {
    return toPublic(type, read(fresh(this)), integers);
  };
}

function setterOf(context: RealmContext, table: ClassTable, field: Field): (this: Managed, value: unknown) => void {
  return function (this: Managed, value: unknown): void {
    const state = this[STATE];
    if (context.isClosed) state.refresh();
    context.session.requireTransaction();
    state.refresh();
    if (field.group === "key") setPrimaryKey(context, state, field, value);
    else setField(context, table, state.key, field, value);
  };
}

/** Sets one field of a row. */
export function setField(context: RealmContext, table: ClassTable, key: Uint8Array, field: Field, value: unknown): void {
  if (field.group === "key") throw immutableKey();
  if (field.property.presentation === "counter") refuseCounter(table, key, field, value);
  writeField(table, key, field, toStored(context, field.property, value, "never"));
  noteAssigned(table, key, field.property);
}

function refuseCounter(table: ClassTable, key: Uint8Array, field: Field, value: unknown): void {
  const isReset = value === null || value === undefined || field.read(rowOf(key, table.get(key) as Uint8Array)) === null;
  if (!isReset) throw new RealmError("ARGUMENT_INVALID", `To update the value, use the methods on the Counter (property '${field.property.name}').`);
}

function setPrimaryKey(context: RealmContext, state: ObjectState, field: Field, value: unknown): void {
  if (!context.session.isMigrating) throw immutableKey();
  const primary = toStored(context, field.property, value, "never");
  const key = encodeKey(field.property.type as KeyType, primary as KeyValue);
  state.table.pending.set(state.key, { key, primary });
}

function immutableKey(): RealmError {
  return new RealmError("PRIMARY_KEY_INVALID", "Cannot change value of primary key outside migration function");
}
