/**
 * `createRealmContext`: a provider and the hooks that belong to it.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { createContext } from "react";
import { dynamicProvider, providerFromConfiguration, providerFromRealm } from "./realm-provider.ts";
import type { DynamicRealmProvider, RealmProviderFromConfiguration, RealmProviderFromRealm } from "./realm-provider.ts";
import { createUseObject } from "./use-object.ts";
import type { UseObjectHook } from "./use-object.ts";
import { createUseQuery } from "./use-query.ts";
import type { UseQueryHook } from "./use-query.ts";
import { createUseRealm } from "./use-realm.ts";
import type { UseRealmHook } from "./use-realm.ts";

/** A provider and its hooks. */
export interface RealmContext<Provider = DynamicRealmProvider> {
  readonly RealmProvider: Provider;
  readonly useRealm: UseRealmHook;
  readonly useQuery: UseQueryHook;
  readonly useObject: UseObjectHook;
}

/** Over a configuration: the provider opens the realm. */
export function createRealmContext(configuration: Realm.Configuration): RealmContext<RealmProviderFromConfiguration>;
/** Over an open realm: its hooks work without a provider, too. */
export function createRealmContext(realm: Realm): RealmContext<RealmProviderFromRealm>;
/** Over neither: the provider is told which. */
export function createRealmContext(): RealmContext;
export function createRealmContext(subject?: Realm | Realm.Configuration): RealmContext<never> {
  const context = createContext<Realm | null>(subject instanceof Realm ? subject : null);
  const useRealm = createUseRealm(context);
  const provider =
    subject === undefined ? dynamicProvider(context) : subject instanceof Realm ? providerFromRealm(context, subject) : providerFromConfiguration(context, subject);
  return { RealmProvider: provider as never, useRealm, useQuery: createUseQuery(useRealm), useObject: createUseObject(useRealm) };
}
