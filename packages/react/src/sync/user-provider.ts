/**
 * `UserProvider`, `useUser`: the current user of the app for the components below, or a login in their place.
 *
 * @module
 */
import type { DefaultFunctionsFactory, DefaultUserProfileData, User } from "@holdfast/sync-client";
import { createElement, isValidElement, useContext, useEffect, useMemo, useState } from "react";
import type { ComponentType, ReactElement, ReactNode } from "react";
import { UserContext } from "../user-context.ts";
import { useApp } from "./app-provider.ts";

/** What is shown while nobody is logged in, and what otherwise. */
export interface UserProviderProps {
  fallback?: ComponentType | ReactElement | null | undefined;
  children?: ReactNode;
}

/** Shows its children while somebody is logged in. */
export function UserProvider({ fallback, children }: UserProviderProps): ReactNode {
  const app = useApp();
  const [version, setVersion] = useState(0);
  const user = app.currentUser;

  useEffect(() => {
    const changed = (): void => setVersion((before) => before + 1);
    // Something may have happened between rendering and now.
    changed();
    app.addListener(changed);
    user?.addListener(changed);
    return () => {
      app.removeListener(changed);
      user?.removeListener(changed);
    };
  }, [app, user]);

  const seen = useMemo(() => (user === null ? null : { user, version }), [user, version]);
  if (seen === null) return fallback === undefined || fallback === null ? null : isValidElement(fallback) ? fallback : createElement(fallback as ComponentType);
  return createElement(UserContext.Provider, { value: seen }, children);
}

/** The user of the provider; the component is rendered again when something about it changes. @throws {Error} outside of a provider */
export function useUser<Functions extends object = DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>, Profile extends object = DefaultUserProfileData>(): User<Functions, CustomData, Profile> {
  const seen = useContext(UserContext);
  if (seen === null) throw new Error("No user found. Did you forget to wrap your component in a <UserProvider>?");
  return seen.user as User<Functions, CustomData, Profile>;
}
