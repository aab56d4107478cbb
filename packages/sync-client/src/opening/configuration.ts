/**
 * `sync` in a realm's configuration: realm-js's fields, and what this package needs beside them.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import type { ConnectionTiming } from "../session/connection-options.ts";
import type { SyncSession } from "../session/sync-session.ts";
import type { Transport } from "../session/transport.ts";
import type { MutableSubscriptionSet } from "../subscriptions/mutable-subscriptions.ts";
import type { SyncError } from "../errors.ts";
import { SyncError as SyncErrorClass } from "../errors.ts";
import type { SyncUser } from "../user.ts";

/** What `Realm.open` waits for. */
export interface OpenRealmBehavior {
  readonly type: "openImmediately" | "downloadBeforeOpen";
  /** In milliseconds. */
  readonly timeOut?: number;
  readonly timeOutBehavior?: "openLocalRealm" | "throwException";
}

/** The subscriptions of a new file. */
export interface InitialSubscriptions {
  readonly update: (subscriptions: MutableSubscriptionSet, realm: Realm) => void;
  /** Also when the file exists. */
  readonly rerunOnOpen?: boolean;
}

/** What happens when file and server do not fit any more. */
export type ClientResetConfiguration =
  | { readonly mode: "manual"; readonly onManual?: (session: SyncSession, path: string) => void }
  | { readonly mode: "discardUnsyncedChanges"; readonly onBefore?: (realm: Realm) => void; readonly onAfter?: (before: Realm, after: Realm) => void }
  | {
      readonly mode: "recoverUnsyncedChanges" | "recoverOrDiscardUnsyncedChanges";
      readonly onBefore?: (realm: Realm) => void;
      readonly onAfter?: (before: Realm, after: Realm, didRecover: boolean) => void;
      readonly onFallback?: (session: SyncSession, path: string) => void;
    };

/** How a realm is synced. */
export interface SyncConfiguration {
  readonly user: SyncUser;
  readonly flexible: true;
  readonly initialSubscriptions?: InitialSubscriptions;
  readonly clientReset?: ClientResetConfiguration;
  readonly onError?: (session: SyncSession, error: SyncError) => void;
  /** Default: download before open. */
  readonly newRealmFileBehavior?: OpenRealmBehavior;
  /** Default: open immediately, so that an application that has its data opens without a network. */
  readonly existingRealmFileBehavior?: OpenRealmBehavior;
  /** Ours: another way to the server than the platform's WebSocket. */
  readonly transport?: Transport;
  /** Ours: limits of time. */
  readonly timing?: Partial<ConnectionTiming>;
}

const RESET_MODES: ReadonlySet<unknown> = new Set(["manual", "discardUnsyncedChanges", "recoverUnsyncedChanges", "recoverOrDiscardUnsyncedChanges"]);

/** Checks the fields. @throws {SyncError} `CONFIGURATION_INVALID` */
export function checkSyncConfiguration(value: unknown): SyncConfiguration {
  if (typeof value !== "object" || value === null) throw invalid("Expected 'sync' on realm configuration to be an object.");
  const config = value as Partial<SyncConfiguration> & { partitionValue?: unknown };
  if (typeof config.user?.id !== "string" || typeof config.user.freshAccessToken !== "function") throw invalid("Expected 'user' on realm sync configuration to be a user: log in first.");
  if (config.partitionValue !== undefined) throw invalid("'partitionValue' is not supported: use 'flexible: true' and a subscription to the objects of the partition.");
  if (config.flexible !== true) throw invalid("Expected 'flexible' on realm sync configuration to be true.");
  if (config.initialSubscriptions !== undefined && typeof config.initialSubscriptions.update !== "function") throw invalid("Expected 'initialSubscriptions.update' on realm sync configuration to be a function.");
  if (config.clientReset !== undefined && !RESET_MODES.has(config.clientReset.mode)) throw invalid("Expected 'clientReset.mode' on realm sync configuration to be 'manual', 'discardUnsyncedChanges', 'recoverUnsyncedChanges' or 'recoverOrDiscardUnsyncedChanges'.");
  if (config.onError !== undefined && typeof config.onError !== "function") throw invalid("Expected 'onError' on realm sync configuration to be a function.");
  for (const field of ["newRealmFileBehavior", "existingRealmFileBehavior"] as const) {
    const type = config[field]?.type;
    if (type !== undefined && type !== "openImmediately" && type !== "downloadBeforeOpen") throw invalid(`Expected '${field}.type' on realm sync configuration to be 'openImmediately' or 'downloadBeforeOpen'.`);
  }
  return config as SyncConfiguration;
}

function invalid(message: string): SyncErrorClass {
  return new SyncErrorClass("CONFIGURATION_INVALID", message);
}
