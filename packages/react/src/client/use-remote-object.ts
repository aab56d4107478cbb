/**
 * `useObject` over a realm in a worker.
 *
 * @module
 */
import type { RemoteRealm, RemoteType, Snapshot } from "@holdfast/realm/client";
import { useLive } from "./live-source.ts";

/** What to watch. */
export interface RemoteObjectOptions {
  /** Class of the object. */
  readonly type: RemoteType;
  readonly primaryKey: unknown;
  /** Only changes under these key paths render the component again. */
  readonly keyPaths?: string | readonly string[];
  /** True suspends the component until the first answer; without it the object is null until then. */
  readonly suspense?: boolean;
}

/** `useObject` in its two forms; `null` while there is no such object. */
export interface UseRemoteObject {
  <T = Record<string, unknown>>(type: RemoteType, primaryKey: unknown, keyPaths?: string | readonly string[]): Snapshot<T> | null;
  <T = Record<string, unknown>>(options: RemoteObjectOptions): Snapshot<T> | null;
}

/** Makes the hook over `useRealm`. */
export function createUseRemoteObject(useRealm: () => RemoteRealm): UseRemoteObject {
  const useObject = (...args: unknown[]): unknown => {
    const { type, primaryKey, keyPaths, suspense = false } = parseArguments(args);
    return useLive(useRealm().object<unknown>(type, primaryKey).live(keyPaths), suspense)[0] ?? null;
  };
  return useObject as UseRemoteObject;
}

function parseArguments([first, primaryKey, keyPaths]: readonly unknown[]): RemoteObjectOptions {
  if (typeof first === "object" && first !== null && "primaryKey" in first) return first as RemoteObjectOptions;
  return { type: first as RemoteType, primaryKey, ...(keyPaths === undefined ? {} : { keyPaths: keyPaths as string }) };
}
