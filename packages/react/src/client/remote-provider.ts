/**
 * `RealmProvider` over a realm in a worker.
 *
 * @module
 */
import type { RemoteRealm } from "@holdfast/realm/client";
import { createElement, isValidElement, useEffect, useRef, useState } from "react";
import type { ComponentType, Context, FC, ReactElement, ReactNode, RefObject } from "react";

/** A provider that opens the realm, or is given one. */
export type RemoteProviderProps =
  | {
      /** Calls `openInWorker`: once for each time that the provider comes to the screen. */
      readonly open: () => Promise<RemoteRealm<never> | RemoteRealm>;
      /** False leaves the realm open when the provider goes. Default true. */
      readonly closeOnUnmount?: boolean;
      /** Gets the realm, for use outside of components. */
      readonly realmRef?: RefObject<RemoteRealm | null>;
      /** Shown while no realm is open. */
      readonly fallback?: ComponentType | ReactElement | null;
      readonly children?: ReactNode;
      readonly realm?: never;
    }
  | { readonly realm: RemoteRealm<never> | RemoteRealm; readonly children?: ReactNode; readonly open?: never };

/** The provider. What fails while opening reaches an error boundary. */
export type RemoteRealmProvider = FC<RemoteProviderProps>;

type OpenProps = Extract<RemoteProviderProps, { open: () => unknown }>;

/** Makes the provider of a context. */
export function remoteProvider(context: Context<RemoteRealm | null>): RemoteRealmProvider {
  const Opening = openingProvider(context);
  return function RealmProvider(props) {
    if (props.realm === undefined) return createElement(Opening, props);
    return createElement(context.Provider, { value: props.realm as RemoteRealm }, props.children);
  };
}

function openingProvider(context: Context<RemoteRealm | null>): FC<OpenProps> {
  return function OpeningRealmProvider({ open, closeOnUnmount = true, realmRef, fallback, children }) {
    const [realm, setRealm] = useState<RemoteRealm | null>(null);
    const [failure, setFailure] = useState<{ readonly error: unknown } | null>(null);
    // Written inline, they are others in each render; the ones that count are those of now.
    const latest = useRef({ open, closeOnUnmount, realmRef });
    useEffect(() => {
      latest.current = { open, closeOnUnmount, realmRef };
    });

    useEffect(() => {
      let isGone = false;
      let opened: RemoteRealm | undefined;
      const leave = (): void => {
        if (latest.current.closeOnUnmount) opened?.close().catch(() => undefined);
      };
      latest.current.open().then(
        (found) => {
          opened = found as RemoteRealm;
          // React may take a provider away while it is still opening, and under StrictMode does.
          if (isGone) return leave();
          if (latest.current.realmRef !== undefined) latest.current.realmRef.current = opened;
          setRealm(opened);
        },
        (error: unknown) => {
          if (!isGone) setFailure({ error });
        },
      );
      return () => {
        isGone = true;
        const { realmRef: reference } = latest.current;
        if (reference !== undefined && reference.current === opened) reference.current = null;
        setRealm(null);
        leave();
      };
    }, []);

    if (failure !== null) throw failure.error;
    if (realm === null) return fallback === undefined || fallback === null ? null : isValidElement(fallback) ? fallback : createElement(fallback as ComponentType);
    return createElement(context.Provider, { value: realm }, children);
  };
}
