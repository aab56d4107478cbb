/**
 * `AppProvider`, `useApp`: an app for the components below.
 *
 * @module
 */
import { App } from "@holdfast/sync-client";
import type { AppConfiguration, DefaultFunctionsFactory } from "@holdfast/sync-client";
import { dequal } from "dequal";
import { createContext, createElement, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Dispatch, ReactElement, ReactNode, RefObject, SetStateAction } from "react";
import { NOT_STARTED } from "./auth-result.ts";
import type { OperationResult } from "./auth-result.ts";

type AnyApp = App<object, object>;

interface AppParts {
  readonly app: AnyApp;
  readonly result: readonly [OperationResult, Dispatch<SetStateAction<OperationResult>>];
}

const AppContext = createContext<AppParts | null>(null);

interface Shared {
  /** Ours: shown until the file with the users is open, which is not at once where a key store is asked for its key. */
  fallback?: ReactElement | null;
  children?: ReactNode;
}

/** An app, or how to make one; not both. */
export type AppProviderProps = (Shared & { app: App<never, never> | AnyApp }) | (Shared & AppConfiguration & { app?: AppConfiguration["app"]; appRef?: RefObject<App | null> });

/** Makes an app, or takes one, and waits until its users are known. What fails reaches an error boundary. */
export function AppProvider({ fallback = null, children, ...props }: AppProviderProps): ReactNode {
  const { app: given, appRef, ...rest } = props as { app?: unknown; appRef?: RefObject<App | null> } & AppConfiguration;
  const isApp = given instanceof App;
  if (isApp && Object.keys(rest).length > 0) throw new Error("Cannot use configuration props when using an existing App instance.");
  const configuration = useStable(isApp ? null : { ...rest, ...(given === undefined ? {} : { app: given as NonNullable<AppConfiguration["app"]> }) });
  const made = useMemo(() => (configuration === null ? null : new App(configuration)), [configuration]);
  const app = (made ?? given) as AnyApp;
  const [ready, setReady] = useState<AnyApp | null>(() => (isReady(app) ? app : null));
  const [failed, setFailed] = useState<{ readonly app: AnyApp; readonly error: unknown } | null>(null);
  const result = useState(NOT_STARTED);

  useEffect(() => {
    let isOver = false;
    app.ready().then(
      () => !isOver && setReady(app),
      (error: unknown) => !isOver && setFailed({ app, error }),
    );
    return () => void (isOver = true);
  }, [app]);

  useLayoutEffect(() => {
    if (appRef !== undefined) appRef.current = app as unknown as App;
  }, [app, appRef]);

  const [now, setResult] = result;
  const parts = useMemo<AppParts>(() => ({ app, result: [now, setResult] }), [app, now, setResult]);
  if (failed?.app === app) throw failed.error;
  return ready === app ? createElement(AppContext.Provider, { value: parts }, children) : fallback;
}

/** The app of the provider. @throws {Error} outside of a provider */
export function useApp<Functions extends object = DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>>(): App<Functions, CustomData> {
  return useParts("useApp").app as unknown as App<Functions, CustomData>;
}

/** The newest operation's result, and what sets it. @throws {Error} outside of a provider */
export function useAuthResult(): readonly [OperationResult, Dispatch<SetStateAction<OperationResult>>] {
  return useParts("useAuthOperation").result;
}

function useParts(name: string): AppParts {
  const parts = useContext(AppContext);
  if (parts === null) throw new Error(`AppContext not found.  Did you call ${name}() within a <AppProvider/>?`);
  return parts;
}

function isReady(app: AnyApp): boolean {
  try {
    void app.currentUser;
    return true;
  } catch {
    // Told by ready().
    return false;
  }
}

function useStable<T>(value: T): T {
  const stable = useRef(value);
  if (!dequal(stable.current, value)) stable.current = value;
  return stable.current;
}
