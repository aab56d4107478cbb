/**
 * `createRealmContext` with `useProgress`.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { createRealmContext as createLocalContext } from "../realm-context.ts";
import type { RealmContext } from "../realm-context.ts";
import type { DynamicRealmProvider, RealmProviderFromConfiguration, RealmProviderFromRealm } from "../realm-provider.ts";
import { createUseProgress } from "./use-progress.ts";
import type { UseProgressHook } from "./use-progress.ts";

/** A provider and its hooks. */
export interface SyncRealmContext<Provider = DynamicRealmProvider> extends RealmContext<Provider> {
  readonly useProgress: UseProgressHook;
}

/** Over a configuration: the provider opens the realm. */
export function createRealmContext(configuration: Realm.Configuration): SyncRealmContext<RealmProviderFromConfiguration>;
/** Over an open realm: its hooks work without a provider, too. */
export function createRealmContext(realm: Realm): SyncRealmContext<RealmProviderFromRealm>;
/** Over neither: the provider is told which. */
export function createRealmContext(): SyncRealmContext;
export function createRealmContext(subject?: Realm | Realm.Configuration): SyncRealmContext<never> {
  const context = createLocalContext(subject as Realm) as unknown as RealmContext<never>;
  return { ...context, useProgress: createUseProgress(context.useRealm) };
}
