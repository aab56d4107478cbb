/**
 * `useQuery` over a realm in a worker.
 *
 * @module
 */
import type { RemoteQuery, RemoteRealm, RemoteType, Snapshot, Snapshots } from "@holdfast/realm/client";
import type { DependencyList } from "react";
import { useLive } from "./live-source.ts";

/** Narrows a query: filters, sorts, takes a window. */
export type RemoteQueryCallback<T> = (query: RemoteQuery<Snapshot<T>>) => RemoteQuery<Snapshot<T>>;

/** What to watch. */
export interface RemoteQueryOptions<T> {
  /** Class of the objects. */
  readonly type: RemoteType;
  readonly query?: RemoteQueryCallback<T>;
  /** Only changes under these key paths render the component again. */
  readonly keyPaths?: string | readonly string[];
  /** True suspends the component until the first answer; without it the result is empty until then. */
  readonly suspense?: boolean;
}

/** `useQuery` in the three forms of `@holdfast/react`. What `deps` say is not needed: queries are compared by what they ask. */
export interface UseRemoteQuery {
  <T = Record<string, unknown>>(options: RemoteQueryOptions<T>, deps?: DependencyList): Snapshots<Snapshot<T>>;
  <T = Record<string, unknown>>(type: RemoteType, query?: RemoteQueryCallback<T>, deps?: DependencyList): Snapshots<Snapshot<T>>;
  <T = Record<string, unknown>>(query: RemoteQueryCallback<T>, deps: DependencyList, options: Omit<RemoteQueryOptions<T>, "query">): Snapshots<Snapshot<T>>;
}

/** Makes the hook over `useRealm`. */
export function createUseRemoteQuery(useRealm: () => RemoteRealm): UseRemoteQuery {
  const useQuery = (...args: unknown[]): unknown => {
    const { type, query = (all) => all, keyPaths, suspense = false } = parseArguments(args);
    // The realm gives the same live query for the same question, so nothing has to be remembered here.
    return useLive(query(useRealm().objects<unknown>(type)).live(keyPaths), suspense);
  };
  return useQuery as UseRemoteQuery;
}

function parseArguments([first, second, third]: readonly unknown[]): RemoteQueryOptions<unknown> {
  const isType = typeof first === "string" || (typeof first === "function" && "schema" in first);
  if (isType && (second === undefined || typeof second === "function")) return { type: first as RemoteType, ...(second === undefined ? {} : { query: second as RemoteQueryCallback<unknown> }) };
  if (!isType && typeof first === "function" && typeof third === "object" && third !== null) return { ...(third as RemoteQueryOptions<unknown>), query: first as RemoteQueryCallback<unknown> };
  if (typeof first === "object" && first !== null && "type" in first) return first as RemoteQueryOptions<unknown>;
  throw new TypeError("Unexpected arguments passed to useQuery");
}
