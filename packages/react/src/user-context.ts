/**
 * Who is logged in, for providers of realms below. This package's local half knows no more of users than that.
 *
 * @module
 */
import { createContext } from "react";
import type { Context } from "react";

/** A user, and a number that rises when something about it changes. */
export interface SeenUser {
  readonly user: object;
  readonly version: number;
}

/** Filled by `UserProvider`; null without one. */
export const UserContext: Context<SeenUser | null> = createContext<SeenUser | null>(null);
