/**
 * `@holdfast/react/client`: a realm in a worker in React components, with the names of `@holdfast/react`.
 *
 * @module
 */
import { createRealmContext } from "./client/remote-context.ts";
import type { RemoteRealmContext } from "./client/remote-context.ts";

const defaultContext: RemoteRealmContext = createRealmContext();

/** Opens a realm in a worker, or takes an open one, for the components below it. */
export const RealmProvider: RemoteRealmContext["RealmProvider"] = defaultContext.RealmProvider;
/** The realm of the provider. */
export const useRealm: RemoteRealmContext["useRealm"] = defaultContext.useRealm;
/** The objects of a query; the component is rendered again when they change. */
export const useQuery: RemoteRealmContext["useQuery"] = defaultContext.useQuery;
/** An object, or null; the component is rendered again when it changes. */
export const useObject: RemoteRealmContext["useObject"] = defaultContext.useObject;

export { openInWorker } from "@holdfast/realm/client";
export { createRealmContext } from "./client/remote-context.ts";
export type { RemoteRealmContext } from "./client/remote-context.ts";
export type { RemoteProviderProps, RemoteRealmProvider } from "./client/remote-provider.ts";
export type { RemoteObjectOptions, UseRemoteObject } from "./client/use-remote-object.ts";
export type { RemoteQueryCallback, RemoteQueryOptions, UseRemoteQuery } from "./client/use-remote-query.ts";
