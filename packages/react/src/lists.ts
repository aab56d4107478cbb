/**
 * The objects and collections of a realm, as far as the hooks know them.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";

/** Any object of a realm. */
export type AnyObject = Realm.Object;

/** Any ordered collection of a realm. */
export type AnyList = Realm.OrderedCollection<unknown>;

/** A model class. */
export type ModelClass<T> = new (...args: never[]) => T;

/** A class of objects: its name, or its model class. */
export type ObjectType<T> = string | ModelClass<T>;

/** A list of key paths, or one. */
export type KeyPaths = string | string[];

/** True for lists and results. */
export function isList(value: unknown): value is AnyList {
  return value instanceof Realm.OrderedCollection;
}
