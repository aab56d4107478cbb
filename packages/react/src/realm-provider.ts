/**
 * `RealmProvider`: opens a realm for the components below it.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { dequal } from "dequal";
import { createElement, isValidElement, useLayoutEffect, useRef, useState } from "react";
import type { ComponentType, Context, FC, ReactElement, ReactNode, RefObject } from "react";

/** Shown while no realm is open. */
export type RealmProviderFallback = ComponentType | ReactElement | null | undefined;

/** A provider that opens the realm itself. */
export interface ConfigurationProps extends Partial<Realm.Configuration> {
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
    const configuration = useStable({ ...base, ...overrides } as Realm.Configuration);
    const [opened, setOpened] = useState<Opened | null>(null);

    // Not while rendering: React may render without ever showing it, and would leave a realm open that nobody closes.
    // In the layout phase, so that nothing is painted before the realm is there. What fails here reaches an error boundary.
    useLayoutEffect(() => {
      const realm = new Realm(configuration);
      setOpened({ realm, configuration });
      if (realmRef !== undefined) realmRef.current = realm;
      return () => {
        if (closeOnUnmount) realm.close();
        if (realmRef?.current === realm) realmRef.current = null;
      };
    }, [configuration, closeOnUnmount, realmRef]);

    // The realm of another configuration, or a closed one, is not for the components below.
    if (opened === null || opened.realm.isClosed || opened.configuration !== configuration) return shownFallback(fallback);
    const { realm } = opened;
    return createElement(context.Provider, { value: realm }, children);
  };
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

/** The same object as long as its content is the same: props are made anew in each render. */
function useStable<T>(value: T): T {
  const stable = useRef(value);
  if (!dequal(stable.current, value)) stable.current = value;
  return stable.current;
}

function shownFallback(fallback: RealmProviderFallback): ReactElement | null {
  if (fallback === null || fallback === undefined) return null;
  return isValidElement(fallback) ? fallback : createElement(fallback as ComponentType);
}
