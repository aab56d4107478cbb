/**
 * The accessors of a class's properties, and the thin proxy that makes them look like own properties.
 *
 * Accessors stand on one prototype per class, so an object costs two allocations. The proxy has no `get` trap: a read goes straight
 * to the prototype; it only answers what own keys there are. docs/decisions/0003-object-accessors.md has the measurements.
 *
 * @module
 */
import type { Field } from "../records/layout.ts";
import { RealmError } from "../errors.ts";
import { sameStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { RealmContext } from "./context.ts";
import { STATE } from "./object-state.ts";
import type { ObjectState } from "./object-state.ts";
import { toPublic, toStored } from "./values.ts";

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
  const { session } = context;
  const { type, objectType } = field.property;
  const { read } = field;
  const fresh = (object: Managed): ObjectState => {
    const state = object[STATE];
    if (state.epoch !== session.epoch) state.refresh();
    return state;
  };
  switch (type) {
    case "string":
    case "bool":
    case "float":
    case "double":
      return function (this: Managed) {
        return read(fresh(this));
      };
    case "int":
      return function (this: Managed) {
        const value = read(fresh(this));
        return typeof value === "bigint" ? Number(value) : value;
      };
    case "list":
      return function (this: Managed) {
        return context.list(fresh(this), field);
      };
    case "object": {
      const target = session.table(objectType as string);
      return function (this: Managed) {
        const key = read(fresh(this)) as Uint8Array | null;
        return key === null ? null : context.wrap(target, key.slice());
      };
    }
    default:
      return function (this: Managed) {
        return toPublic(type, read(fresh(this)));
      };
  }
}

function setterOf(context: RealmContext, table: ClassTable, field: Field): (this: Managed, value: unknown) => void {
  return function (this: Managed, value: unknown): void {
    const state = this[STATE];
    if (context.isClosed) state.refresh();
    context.session.requireTransaction();
    state.refresh();
    setField(context, table, state.key, field, value);
  };
}

/** Sets one field of a row. */
export function setField(context: RealmContext, table: ClassTable, key: Uint8Array, field: Field, value: unknown): void {
  const { property } = field;
  if (field.group === "key" && !context.session.isMigrating) {
    throw new RealmError("PRIMARY_KEY_INVALID", "Cannot change value of primary key outside migration function");
  }
  const stored = toStored(context, property, value, "never");
  if (field.group === "key") {
    rekeyRow(table, key, field, stored);
    return;
  }
  writeField(table, key, field, stored);
}

/** Writes the stored value of one field; embedded objects that it held go. */
export function writeField(table: ClassTable, key: Uint8Array, field: Field, stored: StoredValue): void {
  const before = table.readSlots(key, table.get(key) as Uint8Array);
  const after = [...before];
  after[field.slot] = stored;
  table.update(key, before, after);
  if (field.property.type !== "object" && field.property.type !== "list") return;
  const target = table.session.tables.get(field.property.objectType as string);
  if (target?.schema.embedded !== true) return;
  const kept = Array.isArray(stored) ? stored : [stored];
  const old = before[field.slot] as StoredValue;
  for (const child of Array.isArray(old) ? old : [old]) {
    if (child !== null && !kept.some((other) => sameStored(other, child))) target.remove(child as Uint8Array);
  }
}

function rekeyRow(table: ClassTable, key: Uint8Array, field: Field, value: StoredValue): void {
  const current = field.read({ bytes: key, keyStart: 0, keyEnd: key.length, valueBytes: key, valueStart: 0, valueEnd: 0 });
  if (sameStored(current, value)) return;
  throw new RealmError(
    "NOT_YET",
    `Changing the primary key '${table.name}.${field.property.name}' of an existing object: not yet supported by Holdfast. Create a new object and delete the old one.`,
  );
}
