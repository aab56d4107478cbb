/**
 * `useObject`: one live object.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { useMemo } from "react";
import type { AnyObject, KeyPaths, ModelClass, ObjectType } from "./lists.ts";
import { ObjectSource } from "./object-source.ts";
import { useSnapshot } from "./snapshot-source.ts";
import type { UseRealmHook } from "./use-realm.ts";

/** What to watch. */
export interface ObjectHookOptions<T> {
  /** Class of the object. */
  readonly type: ObjectType<T>;
  readonly primaryKey: unknown;
  /** Only changes under these key paths render the component again. */
  readonly keyPaths?: KeyPaths;
}

/** `useObject` in its two forms; `null` while there is no such object. */
export interface UseObjectHook {
  <T>(type: string, primaryKey: unknown, keyPaths?: KeyPaths): (T & Realm.Object<T>) | null;
  <T extends object>(type: ModelClass<T>, primaryKey: unknown, keyPaths?: KeyPaths): T | null;
  <T>(options: ObjectHookOptions<T> & { type: string }): (T & Realm.Object<T>) | null;
  <T extends object>(options: ObjectHookOptions<T> & { type: ModelClass<T> }): T | null;
}

/** Makes the hook over `useRealm`. */
export function createUseObject(useRealm: UseRealmHook): UseObjectHook {
  const useObject = (...args: unknown[]): AnyObject | null => {
    const { type, primaryKey, keyPaths } = parseArguments(args);
    const realm = useRealm();
    const keyPathsText = JSON.stringify(keyPaths);
    const source = useMemo(() => new ObjectSource({ realm, type, primaryKey, keyPaths }), [realm, type, keyIdentity(primaryKey), keyPathsText]);
    return useSnapshot(source);
  };
  return useObject as unknown as UseObjectHook;
}

function parseArguments([first, primaryKey, keyPaths]: readonly unknown[]): ObjectHookOptions<unknown> {
  if (typeof first === "object" && first !== null) return first as ObjectHookOptions<unknown>;
  return { type: first as ObjectType<unknown>, primaryKey, ...(keyPaths === undefined ? {} : { keyPaths: keyPaths as KeyPaths }) };
}

/** An ObjectId or UUID that is made anew in each render is the same key. */
function keyIdentity(primaryKey: unknown): unknown {
  return typeof primaryKey === "object" && primaryKey !== null ? `${primaryKey.constructor.name}:${String(primaryKey)}` : primaryKey;
}
