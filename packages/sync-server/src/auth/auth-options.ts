/**
 * How an application's users are configured.
 *
 * @module
 */
import type { CredentialProvider } from "./credential-provider.ts";
import type { KeyProvider } from "./key-provider.ts";
import type { EmailPasswordOptions } from "./email-password.ts";
import type { RateLimitOptions } from "./rate-limit.ts";
import type { FunctionLimits, ServerFunctions } from "./server-functions.ts";
import type { UserDatabase } from "./user-database.ts";
import type { CustomData, Identity } from "./user-records.ts";

/** Where the keys of devices' files come from. */
export type KeyMode = "issued" | "device";

/** What a trigger is told. */
export interface LoginEvent {
  readonly userId: string;
  readonly identity: Identity;
  /** What the provider vouches for. */
  readonly claims: CustomData;
  readonly customData: CustomData;
  /** What the application says of itself (`app` of realm-js's configuration); nothing vouches for it. */
  readonly app?: { readonly name?: string; readonly version?: string };
}

/** What a trigger may answer. */
export interface TriggerAnswer {
  /** Takes the place of the user's custom data. */
  readonly customData?: CustomData;
}

/** A function of the application that runs at a login. May take its time: the login waits. */
export type LoginTrigger = (event: LoginEvent) => Promise<TriggerAnswer | undefined> | TriggerAnswer | undefined;

/** Something worth a line in the log. Holds no token, no key, no address and nobody's data. */
export interface AuthLogEntry {
  readonly event: "login" | "login-refused" | "first-login" | "refresh-refused" | "session-revoked" | "user-deleted" | "key-changed" | "trigger-failed" | "hook-failed" | "function-failed" | "request-failed";
  readonly provider?: string;
  readonly userId?: string;
  readonly code?: string;
  /** Code of the error behind it: of jose, of the key provider, of the database. */
  readonly cause?: string;
}

/** An application's users. */
export interface AuthOptions {
  readonly appId: string;
  readonly database: UserDatabase;
  /** At least 32 random bytes, the same on all servers of the application. The first signs, all verify: to change it, put the new one first. */
  readonly secrets: readonly Uint8Array[];
  readonly providers: readonly CredentialProvider[];
  /** "issued": the server makes each user's key at the first login, and its operator can therefore open the user's file. "device": the server never has a key. */
  readonly key: { readonly mode: "issued"; readonly providers: readonly [KeyProvider, ...KeyProvider[]] } | { readonly mode: "device" };
  /** Lets users have API keys. Default false. */
  readonly apiKeys?: boolean;
  /** Lets users register with e-mail address and password. Default: not. */
  readonly emailPassword?: EmailPasswordOptions;
  /** Functions that users call: `user.functions.name(...)`. Default: none. */
  readonly functions?: ServerFunctions;
  readonly functionLimits?: FunctionLimits;
  /** Runs when a user logs in for the first time: until it has succeeded once, and never twice at a time. The login fails if it does. */
  readonly onFirstLogin?: LoginTrigger;
  /** Runs at each login, the first one included. The login fails if it does. */
  readonly onLogin?: LoginTrigger;
  /** `iss` of access tokens. Default "holdfast". */
  readonly issuer?: string;
  /** Life of an access token. Default 1800. */
  readonly accessTokenSeconds?: number;
  /** Days without a refresh after which a session ends. Default 60. */
  readonly sessionIdleDays?: number;
  /** Requests that log in or register, by network address. Default 60 at once, 60 a minute. */
  readonly addressLimit?: RateLimitOptions;
  /** Passwords that are tried, by account. Default 10 at once, 5 a minute. */
  readonly accountLimit?: RateLimitOptions;
  /** Changes of a user's key that the user orders, by user. Default 3 at once, 3 an hour. */
  readonly keyChangeLimit?: RateLimitOptions;
  /** Days without a sign of a device after which former keys are no longer kept for its sake. Default 400. */
  readonly formerKeyDays?: number;
  readonly log?: (entry: AuthLogEntry) => void;
  readonly now?: () => number;
}
