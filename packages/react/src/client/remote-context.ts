/**
 * `createRealmContext` over realms in workers.
 *
 * @module
 */
import type { AnyProcedures, RemoteRealm } from "@holdfast/realm/client";
import { createContext, useContext } from "react";
import { remoteProvider } from "./remote-provider.ts";
import type { RemoteRealmProvider } from "./remote-provider.ts";
import { createUseRemoteObject } from "./use-remote-object.ts";
import type { UseRemoteObject } from "./use-remote-object.ts";
import { createUseRemoteQuery } from "./use-remote-query.ts";
import type { UseRemoteQuery } from "./use-remote-query.ts";

/** A provider and its hooks. */
export interface RemoteRealmContext {
  readonly RealmProvider: RemoteRealmProvider;
  /** The realm of the provider. @throws {Error} outside of a provider */
  readonly useRealm: <P = AnyProcedures>() => RemoteRealm<P>;
  readonly useQuery: UseRemoteQuery;
  readonly useObject: UseRemoteObject;
}

/** @param realm - With one, its hooks work without a provider, too. */
export function createRealmContext<Procedures>(realm?: RemoteRealm<Procedures>): RemoteRealmContext {
  const context = createContext<RemoteRealm | null>((realm as RemoteRealm | undefined) ?? null);
  const useRealm = (): RemoteRealm => {
    const found = useContext(context);
    if (found === null) throw new Error("Realm context not found.  Did you call useRealm() within a <RealmProvider/>?");
    return found;
  };
  return { RealmProvider: remoteProvider(context), useRealm: useRealm as RemoteRealmContext["useRealm"], useQuery: createUseRemoteQuery(useRealm), useObject: createUseRemoteObject(useRealm) };
}
