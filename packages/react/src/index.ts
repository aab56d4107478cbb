/**
 * `@holdfast/react`: a realm in React components, with the hooks of `@realm/react`.
 *
 * @module
 */
import { createRealmContext } from "./realm-context.ts";
import type { RealmContext } from "./realm-context.ts";

const defaultContext: RealmContext = createRealmContext();

/** Opens a realm, or takes an open one, for the components below it. */
export const RealmProvider: RealmContext["RealmProvider"] = defaultContext.RealmProvider;
/** The realm of the provider. */
export const useRealm: RealmContext["useRealm"] = defaultContext.useRealm;
/** A live collection; the component is rendered again when it changes. */
export const useQuery: RealmContext["useQuery"] = defaultContext.useQuery;
/** A live object, or null; the component is rendered again when it changes. */
export const useObject: RealmContext["useObject"] = defaultContext.useObject;

export { Realm } from "@holdfast/realm";
export { createRealmContext } from "./realm-context.ts";
export type { RealmContext } from "./realm-context.ts";
export type { ConfigurationProps, DynamicRealmProvider, InstanceProps, RealmProviderFallback, RealmProviderFromConfiguration, RealmProviderFromRealm } from "./realm-provider.ts";
export { createUseObject } from "./use-object.ts";
export type { ObjectHookOptions, UseObjectHook } from "./use-object.ts";
export { createUseQuery } from "./use-query.ts";
export type { QueryCallback, QueryHookOptions, UseQueryHook } from "./use-query.ts";
export { createUseRealm } from "./use-realm.ts";
export type { UseRealmHook } from "./use-realm.ts";
