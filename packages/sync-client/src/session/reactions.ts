/**
 * What the client does about the errors that a server tells it of, and about those of the user's tokens.
 *
 * @module
 */
import type { ErrorMessage } from "@holdfast/sync-protocol";

/**
 * - `tell`: the session goes on, the application hears of it;
 * - `refuseSubscriptions`: the same, and the newest set of subscriptions is in error;
 * - `tryAgain`: over another connection, after a while;
 * - `renewToken`: over another connection, with another token;
 * - `reset`: client reset; `logOut`: the user has to log in again; `end`: only the application can help.
 */
export type Reaction = "tell" | "refuseSubscriptions" | "tryAgain" | "renewToken" | "reset" | "logOut" | "end";

/** The reaction to an error. What a newer server may send as an action ends the session: going on could do harm. */
export function reactionTo({ code, action }: Pick<ErrorMessage, "code" | "action">): Reaction {
  // A frame of an older connection came late: that is no reason to give up.
  if (code === "SESSION_REPLACED") return "tryAgain";
  switch (action) {
    case "warn":
      return code.startsWith("QUERY_") || code.startsWith("SUBSCRIPTION_") ? "refuseSubscriptions" : "tell";
    case "retry":
      return "tryAgain";
    case "refreshToken":
      return "renewToken";
    case "reset":
    case "resetWithoutRecovery":
      return "reset";
    case "logOut":
      return "logOut";
    default:
      return "end";
  }
}

/** Of a token that cannot be had now: nothing says that the user is not welcome any more. */
const PASSING: ReadonlySet<string | undefined> = new Set(["ANSWER_INVALID", "AUTH_FAILED", "NETWORK_UNAVAILABLE", "PROVIDER_UNAVAILABLE", "RATE_LIMITED"]);
/** Of a token that cannot be had without another login. */
const OVER: ReadonlySet<string | undefined> = new Set(["SESSION_INVALID", "SESSION_REVOKED", "TOKEN_INVALID", "USER_DISABLED", "USER_NOT_LOGGED_IN", "USER_UNKNOWN"]);

/** True if a token may be had later, after a failure with this error. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}

/** True if there will be no token before the user has logged in again. */
export function isLoginOver(error: unknown): boolean {
  return OVER.has(codeOf(error));
}

/** An error's code, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}
