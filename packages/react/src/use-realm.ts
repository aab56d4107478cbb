/**
 * `useRealm`.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { useContext } from "react";
import type { Context } from "react";

/** Gives the realm of the provider around the component. @throws {Error} outside of a provider */
export type UseRealmHook = () => Realm;

/** Makes the hook over a context. */
export function createUseRealm(context: Context<Realm | null>): UseRealmHook {
  return function useRealm() {
    const realm = useContext(context);
    if (realm === null) throw new Error("Realm context not found.  Did you call useRealm() within a <RealmProvider/>?");
    return realm;
  };
}
