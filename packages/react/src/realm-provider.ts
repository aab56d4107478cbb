/**
 * `RealmProvider`: opens a realm for the components below it.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { createElement, isValidElement, useContext, useLayoutEffect, useState } from "react";
import type { ComponentType, Context, FC, ReactElement, ReactNode, RefObject } from "react";
import { useStableConfiguration } from "./stable-configuration.ts";
import { UserContext } from "./user-context.ts";

/** Shown while no realm is open; a component is told how much of a synced realm has come, from 0 to 1. */
export type RealmProviderFallback = ComponentType<{ progress: number }> | ReactElement | null | undefined;

/** A provider that opens the realm itself. */
export interface ConfigurationProps extends Omit<Partial<Realm.Configuration>, "sync"> {
  /** As in `Realm.open`; the user may come from a `UserProvider`. */
  sync?: Partial<NonNullable<Realm.Configuration["sync"]>>;
  /** False leaves the realm open when the provider goes. Default true. */
  closeOnUnmount?: boolean;
  /** Gets the realm, for use outside of components. */
  realmRef?: RefObject<Realm | null>;
  fallback?: RealmProviderFallback;
  children?: ReactNode;
}

/** A provider over a realm that the application opened, and closes. */
export interface InstanceProps {
  realm: Realm;
  children?: ReactNode;
}

type Never<T> = { [Name in keyof T]?: never };

interface Opened {
  readonly realm: Realm;
  readonly configuration: Realm.Configuration;
}

interface Failed {
  readonly error: unknown;
  readonly configuration: Realm.Configuration;
}

/** Either kind, not both. */
export type DynamicProps = (ConfigurationProps & { realm?: never }) | (InstanceProps & Never<Omit<ConfigurationProps, "children">>);

/** The provider of `createRealmContext(realm)`. */
export type RealmProviderFromRealm = FC<{ children?: ReactNode }>;
/** The provider of `createRealmContext(configuration)`; props override the configuration. */
export type RealmProviderFromConfiguration = FC<ConfigurationProps>;
/** The provider of `createRealmContext()`. */
export type DynamicRealmProvider = FC<DynamicProps>;

/** A provider over an open realm. */
export function providerFromRealm(context: Context<Realm | null>, realm: Realm): RealmProviderFromRealm {
  return function RealmProvider({ children }) {
    return createElement(context.Provider, { value: realm }, children);
  };
}

/** A provider that opens a realm, opens another when its configuration changes, and closes what it opened. */
export function providerFromConfiguration(context: Context<Realm | null>, base: Realm.Configuration): RealmProviderFromConfiguration {
  return function RealmProvider({ children, fallback, closeOnUnmount = true, realmRef, ...overrides }) {
    const seen = useContext(UserContext);
    const configuration = useStableConfiguration(merged(base, overrides, seen?.user));
    const [opened, setOpened] = useState<Opened | null>(null);
    const [failed, setFailed] = useState<Failed | null>(null);
    const [progress, setProgress] = useState(0);

    // Not while rendering: React may render without ever showing it, and would leave a realm open that nobody closes.
    // In the layout phase, so that nothing is painted before the realm is there. What fails here reaches an error boundary.
    useLayoutEffect(() => {
      const show = (realm: Realm): void => {
        setOpened({ realm, configuration });
        if (realmRef !== undefined) realmRef.current = realm;
      };
      const leave = (realm: Realm): void => {
        if (closeOnUnmount) realm.close();
        if (realmRef?.current === realm) realmRef.current = null;
      };
      if (configuration.sync !== undefined) return openSynced(configuration, { show, leave, onProgress: setProgress, onError: (error) => setFailed({ error, configuration }) });
      const realm = new Realm(configuration);
      show(realm);
      return () => leave(realm);
    }, [configuration, closeOnUnmount, realmRef]);

    if (failed !== null && failed.configuration === configuration) throw failed.error;
    // The realm of another configuration, or a closed one, is not for the components below.
    if (opened === null || opened.realm.isClosed || opened.configuration !== configuration) return shownFallback(fallback, progress);
    const { realm } = opened;
    return createElement(context.Provider, { value: realm }, children);
  };
}

/** Opens without holding up the rendering. @returns What ends it */
function openSynced(configuration: Realm.Configuration, { show, leave, onProgress, onError }: { show: (realm: Realm) => void; leave: (realm: Realm) => void; onProgress: (progress: number) => void; onError: (error: unknown) => void }): () => void {
  let isOver = false;
  let realm: Realm | undefined;
  onProgress(0);
  const opening = Realm.open(configuration);
  opening.progress((progress: number) => {
    if (!isOver) onProgress(progress);
  });
  opening.then(
    (ready) => {
      realm = ready;
      if (isOver) leave(ready);
      else show(ready);
    },
    (error: unknown) => {
      if (!isOver) onError(error);
    },
  );
  return () => {
    isOver = true;
    if (realm === undefined) opening.cancel();
    else leave(realm);
  };
}

/** Props over the configuration, `sync` field by field, and the user of the provider above where nobody names one. */
function merged(base: Realm.Configuration, overrides: object, user: object | undefined): Realm.Configuration {
  const { sync: baseSync } = base as { readonly sync?: object };
  const { sync: ownSync } = overrides as { readonly sync?: object };
  const sync = baseSync === undefined && ownSync === undefined ? undefined : { ...(user === undefined ? {} : { user }), ...baseSync, ...ownSync };
  return { ...base, ...overrides, ...(sync === undefined ? {} : { sync }) } as Realm.Configuration;
}

/** The provider that takes either a realm or a configuration. */
export function dynamicProvider(context: Context<Realm | null>): DynamicRealmProvider {
  const FromConfiguration = providerFromConfiguration(context, {});
  return function RealmProvider({ realm, children, ...configuration }) {
    if (realm === undefined) return createElement(FromConfiguration, configuration as ConfigurationProps, children);
    if (Object.keys(configuration).length > 0) throw new Error("Cannot use configuration props when using an existing Realm instance.");
    return createElement(context.Provider, { value: realm }, children);
  };
}

function shownFallback(fallback: RealmProviderFallback, progress: number): ReactElement | null {
  if (fallback === null || fallback === undefined) return null;
  return isValidElement(fallback) ? fallback : createElement(fallback, { progress });
}
