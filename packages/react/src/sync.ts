/**
 * `@holdfast/react/sync`: all of `@holdfast/react`, and the hooks of `@realm/react` for apps, users and logins.
 *
 * @module
 */
import { createRealmContext } from "./sync/sync-context.ts";
import type { SyncRealmContext } from "./sync/sync-context.ts";

const defaultContext: SyncRealmContext = createRealmContext();

/** Opens a realm, or takes an open one, for the components below it. */
export const RealmProvider: SyncRealmContext["RealmProvider"] = defaultContext.RealmProvider;
/** The realm of the provider. */
export const useRealm: SyncRealmContext["useRealm"] = defaultContext.useRealm;
/** A live collection; the component is rendered again when it changes. */
export const useQuery: SyncRealmContext["useQuery"] = defaultContext.useQuery;
/** A live object, or null; the component is rendered again when it changes. */
export const useObject: SyncRealmContext["useObject"] = defaultContext.useObject;
/** How much has gone up or come down, from 0 to 1; null before anything is known. */
export const useProgress: SyncRealmContext["useProgress"] = defaultContext.useProgress;

export { Realm } from "@holdfast/sync-client/realm";
export { createRealmContext } from "./sync/sync-context.ts";
export type { SyncRealmContext } from "./sync/sync-context.ts";
export { AppProvider, useApp, useAuthResult } from "./sync/app-provider.ts";
export type { AppProviderProps } from "./sync/app-provider.ts";
export { AuthError, AuthOperationName, OperationState } from "./sync/auth-result.ts";
export type { AuthResult, OperationResult } from "./sync/auth-result.ts";
export { useAuth } from "./sync/use-auth.ts";
export type { UseAuth } from "./sync/use-auth.ts";
export { useEmailPasswordAuth } from "./sync/use-email-password-auth.ts";
export type { UseEmailPasswordAuth } from "./sync/use-email-password-auth.ts";
export { createUseProgress } from "./sync/use-progress.ts";
export type { UseProgressHook } from "./sync/use-progress.ts";
export { UserProvider, useUser } from "./sync/user-provider.ts";
export type { UserProviderProps } from "./sync/user-provider.ts";
export type { ConfigurationProps, DynamicRealmProvider, InstanceProps, RealmProviderFallback, RealmProviderFromConfiguration, RealmProviderFromRealm } from "./realm-provider.ts";
export { createUseObject } from "./use-object.ts";
export type { ObjectHookOptions, UseObjectHook } from "./use-object.ts";
export { createUseQuery } from "./use-query.ts";
export type { QueryCallback, QueryHookOptions, UseQueryHook } from "./use-query.ts";
export { createUseRealm } from "./use-realm.ts";
export type { UseRealmHook } from "./use-realm.ts";
