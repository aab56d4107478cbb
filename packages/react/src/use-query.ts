/**
 * `useQuery`: a live collection.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { useCallback, useMemo } from "react";
import type { DependencyList } from "react";
import { collectionSource } from "./collection-source.ts";
import type { AnyList, KeyPaths, ModelClass, ObjectType } from "./lists.ts";
import { useSnapshot } from "./snapshot-source.ts";
import type { UseRealmHook } from "./use-realm.ts";

/** Narrows a collection: filters, sorts. */
export type QueryCallback<T> = (collection: Realm.Results<T>) => Realm.Results<T>;

/** What to watch. */
export interface QueryHookOptions<T> {
  /** Class of the objects. */
  readonly type: ObjectType<T>;
  readonly query?: QueryCallback<T>;
  /** Only changes under these key paths render the component again. */
  readonly keyPaths?: KeyPaths;
}

/** `useQuery` in its three forms; the query is made again when an element of `deps` changes. */
export interface UseQueryHook {
  <T>(options: QueryHookOptions<T & Realm.Object<T>> & { type: string }, deps?: DependencyList): Realm.Results<T & Realm.Object<T>>;
  <T extends object>(options: QueryHookOptions<T> & { type: ModelClass<T> }, deps?: DependencyList): Realm.Results<T>;
  <T>(query: QueryCallback<T & Realm.Object<T>>, deps: DependencyList, options: Omit<QueryHookOptions<T>, "query"> & { type: string }): Realm.Results<T & Realm.Object<T>>;
  <T extends object>(query: QueryCallback<T>, deps: DependencyList, options: Omit<QueryHookOptions<T>, "query"> & { type: ModelClass<T> }): Realm.Results<T>;
  <T>(type: string, query?: QueryCallback<T & Realm.Object<T>>, deps?: DependencyList): Realm.Results<T & Realm.Object<T>>;
  <T extends object>(type: ModelClass<T>, query?: QueryCallback<T>, deps?: DependencyList): Realm.Results<T>;
}

interface ParsedArguments {
  readonly type: ObjectType<unknown>;
  readonly query: QueryCallback<unknown>;
  readonly keyPaths: KeyPaths | undefined;
  readonly deps: DependencyList;
}

/** Makes the hook over `useRealm`. */
export function createUseQuery(useRealm: UseRealmHook): UseQueryHook {
  const useQuery = (...args: unknown[]): unknown => {
    const { type, query, keyPaths, deps } = parseArguments(args);
    const realm = useRealm();
    // The query is written inline, so it is another function each time: what it depends on says whether it is another query.
    const stableQuery = useCallback(query, [...deps, type]);
    const keyPathsText = JSON.stringify(keyPaths);
    const source = useMemo(() => {
      const collection = stableQuery(realm.objects(type as string) as Realm.Results<unknown>);
      return collectionSource({ realm, collection: collection as AnyList, keyPaths });
    }, [realm, type, stableQuery, keyPathsText]);
    return useSnapshot(source);
  };
  return useQuery as unknown as UseQueryHook;
}

function parseArguments([first, second, third]: readonly unknown[]): ParsedArguments {
  if (typeof first === "string" || isModelClass(first)) {
    if (second !== undefined && typeof second !== "function") throw unexpected();
    return { type: first, query: (second ?? identity) as QueryCallback<unknown>, keyPaths: undefined, deps: depsOf(third) };
  }
  if (typeof first === "function") {
    if (typeof third !== "object" || third === null) throw unexpected();
    const { type, keyPaths } = third as QueryHookOptions<unknown>;
    return { type, query: first as QueryCallback<unknown>, keyPaths, deps: depsOf(second) };
  }
  if (typeof first !== "object" || first === null) throw unexpected();
  const { type, query = identity, keyPaths } = first as QueryHookOptions<unknown>;
  return { type, query, keyPaths, deps: depsOf(second) };
}

function depsOf(value: unknown): DependencyList {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw unexpected();
  return value;
}

/** A class anywhere below Realm.Object, not only directly. */
function isModelClass(value: unknown): value is ModelClass<unknown> {
  return typeof value === "function" && value.prototype instanceof Realm.Object;
}

function identity<T>(value: T): T {
  return value;
}

function unexpected(): TypeError {
  return new TypeError("Unexpected arguments passed to useQuery");
}
