/**
 * Objects that can still be rendered once they are deleted.
 *
 * A component may be rendered again between a deletion and the notification of it, holding an object that is gone. Realm's
 * accessors throw then. A kept object answers with what it answered last; `isValid()` still says the truth, and writing to it
 * still throws.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { isList } from "./lists.ts";
import type { AnyList, AnyObject } from "./lists.ts";

/** Hands out the list of a property, so that its elements keep their identity. */
export type ListSource = (name: string, list: AnyList) => AnyList;

/** An accessor of the same object that can be read after a deletion. Values that were never read before it are `null`. */
export function keepReadable<T extends AnyObject>(object: T, listOf: ListSource = (_name, list) => keepListReadable(list)): T {
  const known = new Map<string, unknown>();
  const properties = object.objectSchema().properties;
  const read = (name: string): unknown => {
    if (!object.isValid()) return known.get(name) ?? null;
    const value = keptValue(Reflect.get(object, name), name, listOf);
    known.set(name, value);
    return value;
  };
  return standIn(object, {
    get: (_shadow, name) => (typeof name === "string" && Object.hasOwn(properties, name) ? read(name) : Reflect.get(object, name)),
    ownKeys: () => Object.keys(properties),
    getOwnPropertyDescriptor: (_shadow, name) =>
      typeof name === "string" && Object.hasOwn(properties, name) ? { value: read(name), writable: true, enumerable: true, configurable: true } : undefined,
  });
}

/** A proxy over an empty object of the same class: over the accessor itself, the language would check against what throws. */
function standIn<T extends object>(subject: T, handler: ProxyHandler<T>): T {
  return new Proxy(Object.create(Object.getPrototypeOf(subject) as object) as T, {
    set: (_shadow, name, value) => Reflect.set(subject, name, value),
    has: (_shadow, name) => Reflect.has(subject, name),
    defineProperty: (_shadow, name, descriptor) => Reflect.defineProperty(subject, name, descriptor),
    deleteProperty: (_shadow, name) => Reflect.deleteProperty(subject, name),
    ...handler,
  });
}

function keptValue(value: unknown, name: string, listOf: ListSource): unknown {
  if (value instanceof Realm.Object) return keepReadable(value as AnyObject);
  return isList(value) ? listOf(name, value) : value;
}

/** A list that can be read after the deletion of its object. */
export function keepListReadable(list: AnyList, elementOf: (index: number) => unknown = (index) => list[index]): AnyList {
  const known = new Map<string, unknown>([["length", 0]]);
  const read = (name: string): unknown => {
    if (!list.isValid()) return known.get(name);
    const value = name === "length" ? list.length : elementOf(Number(name));
    known.set(name, value);
    return value;
  };
  return standIn(list, {
    get(_shadow, name, self): unknown {
      if (name === Symbol.iterator) return () => Array.prototype.values.call(self);
      if (typeof name === "symbol") return Reflect.get(list, name);
      if (name === "length" || isArrayIndex(name)) return read(name);
      return arrayMethod(self as object, name) ?? boundTo(list, name);
    },
    has: (_shadow, name) => (typeof name === "string" && isArrayIndex(name) ? Number(name) < (read("length") as number) : Reflect.has(list, name)),
    ownKeys: () => Array.from({ length: read("length") as number }, (_, index) => String(index)),
    getOwnPropertyDescriptor: (_shadow, name) =>
      typeof name === "string" && isArrayIndex(name) && Number(name) < (read("length") as number) ? { value: read(name), writable: true, enumerable: true, configurable: true } : undefined,
  });
}

function boundTo(list: AnyList, name: string): unknown {
  const member: unknown = Reflect.get(list, name);
  return typeof member === "function" ? member.bind(list) : member;
}

/** True for the names of elements: "0", "1", ... */
export function isArrayIndex(name: string): boolean {
  return /^(?:0|[1-9]\d*)$/u.test(name);
}

/** Methods that read elements only through indexes, and so give the elements that the proxy gives. */
const READING = new Set(["at", "concat", "entries", "every", "filter", "find", "findIndex", "findLast", "findLastIndex", "flatMap", "forEach", "join", "map", "reduce", "reduceRight", "slice", "some", "values"]);

/** An array's reading method, bound to something with a length and indexes. */
export function arrayMethod(self: object, name: string): unknown {
  if (!READING.has(name)) return undefined;
  const method = Array.prototype[name as "map"] as (...args: never[]) => unknown;
  return (...args: never[]) => (name === "concat" ? Array.from(self as ArrayLike<unknown>).concat(...(args as unknown[])) : method.apply(self as never, args));
}
