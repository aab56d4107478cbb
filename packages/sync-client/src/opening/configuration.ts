/**
 * `sync` in a realm's configuration: realm-js's fields, and what this package needs beside them.
 *
 * Every field that is accepted does what it says; a field that realm-js has and this package does not is refused by name.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { Realm } from "@holdfast/realm";
import { SyncError } from "../errors.ts";
import type { ClientResetError } from "../errors.ts";
import { ClientResetMode, isOneOf, OpenRealmBehaviorType, OpenRealmTimeOutBehavior, SessionStopPolicy } from "../names.ts";
import type { ConnectionTiming } from "../session/connection-options.ts";
import { checkNetwork } from "../session/network.ts";
import type { NetworkConfiguration } from "../session/network.ts";
import type { SyncSession } from "../session/sync-session.ts";
import type { Transport } from "../session/transport.ts";
import type { MutableSubscriptionSet } from "../subscriptions/mutable-subscriptions.ts";
import type { SyncUser } from "../user.ts";

/** What `Realm.open` waits for. */
export interface OpenRealmBehavior {
  readonly type: OpenRealmBehaviorType;
  /** In milliseconds. */
  readonly timeOut?: number;
  readonly timeOutBehavior?: OpenRealmTimeOutBehavior;
}

/** The subscriptions of a new file. */
export interface InitialSubscriptions {
  /** Called once, and once more each time the file is opened after the server refused the set before anything came. */
  readonly update: (subscriptions: MutableSubscriptionSet, realm: Realm) => void;
  /** Also when the file exists. */
  readonly rerunOnOpen?: boolean;
}

/** Hears what sync could not do. */
export type ErrorCallback = (session: SyncSession, error: SyncError | ClientResetError) => void;
/** Hears of a client reset that the application has to decide about. */
export type ClientResetFallbackCallback = (session: SyncSession, path: string) => void;
/** Hears of a client reset before it. */
export type ClientResetBeforeCallback = (localRealm: Realm) => void;
/** Hears of a client reset after it. `didRecover` is ours: whether what was not uploaded is in the realm. */
export type ClientResetAfterCallback = (localRealm: Realm, remoteRealm: Realm, didRecover: boolean) => void;

/** The application decides. */
export interface ClientResetManualConfiguration {
  readonly mode: typeof ClientResetMode.Manual;
  readonly onManual?: ClientResetFallbackCallback;
}

/** What was not uploaded is dropped. */
export interface ClientResetDiscardUnsyncedChangesConfiguration {
  readonly mode: typeof ClientResetMode.DiscardUnsyncedChanges;
  readonly onBefore?: ClientResetBeforeCallback;
  readonly onAfter?: ClientResetAfterCallback;
}

/** What was not uploaded is kept, or the application decides. */
export interface ClientResetRecoverUnsyncedChangesConfiguration {
  readonly mode: typeof ClientResetMode.RecoverUnsyncedChanges;
  readonly onBefore?: ClientResetBeforeCallback;
  readonly onAfter?: ClientResetAfterCallback;
  readonly onFallback?: ClientResetFallbackCallback;
}

/** What was not uploaded is kept if that can be. */
export interface ClientResetRecoverOrDiscardUnsyncedChangesConfiguration {
  readonly mode: typeof ClientResetMode.RecoverOrDiscardUnsyncedChanges;
  readonly onBefore?: ClientResetBeforeCallback;
  readonly onAfter?: ClientResetAfterCallback;
  readonly onFallback?: ClientResetFallbackCallback;
}

/** What happens when file and server do not fit any more. */
export type ClientResetConfiguration =
  | ClientResetManualConfiguration
  | ClientResetDiscardUnsyncedChangesConfiguration
  | ClientResetRecoverUnsyncedChangesConfiguration
  | ClientResetRecoverOrDiscardUnsyncedChangesConfiguration;

/** What the objects of one partition have in common. */
export type PartitionValue = string | number | InstanceType<typeof BSON.ObjectId> | InstanceType<typeof BSON.UUID> | null;

/** What all synced realms have. */
export interface BaseSyncConfiguration extends NetworkConfiguration {
  readonly user: SyncUser;
  readonly clientReset?: ClientResetConfiguration;
  readonly onError?: ErrorCallback;
  /** Default: download before open. */
  readonly newRealmFileBehavior?: OpenRealmBehavior;
  /** Default: open immediately, so that an application that has its data opens without a network. */
  readonly existingRealmFileBehavior?: OpenRealmBehavior;
  /** Whether a connection that fails also ends the waits for uploads and downloads. Default false: they go on with the next connection. */
  readonly cancelWaitsOnNonFatalError?: boolean;
  /** When the session ends after the last instance was closed. Default `after-upload`, as in realm-js; of several instances the first one's holds. */
  readonly _sessionStopPolicy?: SessionStopPolicy;
  /** Ours: another way to the server than the platform's WebSocket. */
  readonly transport?: Transport;
  /** Ours: limits of time. */
  readonly timing?: Partial<ConnectionTiming>;
}

/** A realm that holds what its subscriptions ask for. */
export interface FlexibleSyncConfiguration extends BaseSyncConfiguration {
  readonly flexible: true;
  readonly partitionValue?: never;
  readonly initialSubscriptions?: InitialSubscriptions;
}

/** A realm that holds the objects of one partition. */
export interface PartitionSyncConfiguration extends BaseSyncConfiguration {
  readonly flexible?: never;
  readonly partitionValue: PartitionValue;
  /** Ours: the property that names an object's partition, as it is called in the file. Default "_partition". In Atlas it stood in the server's configuration. */
  readonly partitionKey?: string;
  readonly initialSubscriptions?: never;
}

/** How a realm is synced. */
export type SyncConfiguration = FlexibleSyncConfiguration | PartitionSyncConfiguration;

/** Checks the fields. @throws {SyncError} `CONFIGURATION_INVALID`, `NOT_SUPPORTED` */
export function checkSyncConfiguration(value: unknown): SyncConfiguration {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("Expected 'sync' on realm configuration to be an object.");
  const config = value as Partial<Record<string, unknown>> & Partial<BaseSyncConfiguration>;
  if (typeof config.user?.id !== "string" || typeof config.user.freshAccessToken !== "function") throw invalid("Expected 'user' on realm sync configuration to be a user: log in first.");
  checkFunction(config["onError"], "onError");
  for (const field of ["newRealmFileBehavior", "existingRealmFileBehavior"] as const) checkBehavior(config[field], field);
  checkClientReset(config["clientReset"]);
  checkNetwork(config);
  const policy = config["_sessionStopPolicy"];
  if (policy !== undefined && !isOneOf(SessionStopPolicy, policy)) throw invalid("Expected '_sessionStopPolicy' on realm sync configuration to be 'after-upload', 'immediately' or 'never'.");
  const waits = config["cancelWaitsOnNonFatalError"];
  if (waits !== undefined && typeof waits !== "boolean") throw invalid("Expected 'cancelWaitsOnNonFatalError' on realm sync configuration to be a boolean.");
  if (config["flexible"] === undefined && config["partitionValue"] !== undefined) checkPartition(config);
  else checkFlexible(config);
  return config as unknown as SyncConfiguration;
}

function checkFlexible({ flexible, partitionValue, partitionKey, initialSubscriptions }: Partial<Record<string, unknown>>): void {
  if (flexible !== true) throw invalid("Expected 'flexible' on realm sync configuration to be true, or 'partitionValue' to be given instead of it.");
  if (partitionValue !== undefined || partitionKey !== undefined) throw invalid("'partitionValue' cannot be specified when flexible sync is enabled. To enable partition-based sync, remove 'flexible' and specify 'partitionValue'.");
  if (initialSubscriptions === undefined) return;
  const { update, rerunOnOpen } = (initialSubscriptions ?? {}) as Partial<Record<string, unknown>>;
  if (typeof update !== "function") throw invalid("Expected 'initialSubscriptions.update' on realm sync configuration to be a function.");
  if (rerunOnOpen !== undefined && typeof rerunOnOpen !== "boolean") throw invalid("Expected 'initialSubscriptions.rerunOnOpen' on realm sync configuration to be a boolean.");
}

function checkPartition({ partitionValue: value, partitionKey, initialSubscriptions }: Partial<Record<string, unknown>>): void {
  const isId = value instanceof BSON.ObjectId || value instanceof BSON.UUID;
  if (typeof value === "number" ? !Number.isSafeInteger(value) : typeof value !== "string" && value !== null && !isId) {
    throw invalid("Expected 'partitionValue' on realm sync configuration to be an integer, string, ObjectId, UUID, or null.");
  }
  if (partitionKey !== undefined && (typeof partitionKey !== "string" || !/^[A-Za-z_]\w*$/u.test(partitionKey))) throw invalid("Expected 'partitionKey' on realm sync configuration to be the name of a property.");
  if (initialSubscriptions !== undefined) throw invalid("'initialSubscriptions' can only be specified when flexible sync is enabled. To enable flexible sync, remove 'partitionValue' and set 'flexible' to true.");
}

function checkBehavior(value: unknown, field: string): void {
  if (value === undefined) return;
  const { type, timeOut, timeOutBehavior } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (!isOneOf(OpenRealmBehaviorType, type)) throw invalid(`Expected '${field}.type' on realm sync configuration to be 'openImmediately' or 'downloadBeforeOpen'.`);
  if (timeOut !== undefined && (typeof timeOut !== "number" || Number.isNaN(timeOut))) throw invalid(`Expected '${field}.timeOut' on realm sync configuration to be a number.`);
  if (timeOutBehavior !== undefined && !isOneOf(OpenRealmTimeOutBehavior, timeOutBehavior)) throw invalid(`Expected '${field}.timeOutBehavior' on realm sync configuration to be 'openLocalRealm' or 'throwException'.`);
}

function checkClientReset(value: unknown): void {
  if (value === undefined) return;
  const reset = (value ?? {}) as Partial<Record<string, unknown>>;
  if (!isOneOf(ClientResetMode, reset["mode"])) throw invalid(`Expected 'clientReset.mode' on realm sync configuration to be one of '${Object.values(ClientResetMode).join("', '")}'.`);
  const mode = reset["mode"];
  const heard = mode === ClientResetMode.Manual ? ["onManual"] : ["onBefore", "onAfter", ...(mode === ClientResetMode.DiscardUnsyncedChanges ? [] : ["onFallback"])];
  for (const name of ["onManual", "onBefore", "onAfter", "onFallback"]) {
    if (reset[name] === undefined) continue;
    checkFunction(reset[name], `clientReset.${name}`);
    if (!heard.includes(name)) throw invalid(`'clientReset.${name}' would never be called in the mode '${mode}'.`);
  }
}

function checkFunction(value: unknown, field: string): void {
  if (value !== undefined && typeof value !== "function") throw invalid(`Expected '${field}' on realm sync configuration to be a function.`);
}

function invalid(message: string): SyncError {
  return new SyncError("CONFIGURATION_INVALID", message);
}
