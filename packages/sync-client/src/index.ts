/**
 * `@holdfast/sync-client`: users, sessions, subscriptions; local writes never wait for the network.
 *
 * @module
 */
export * from "./app/index.ts";
export { ClientResetError, CompensatingWriteError, SyncError } from "./errors.ts";
export type { CompensatingWriteInfo, SyncErrorCode } from "./errors.ts";
export { ClientResetMode, ConnectionState, OpenRealmBehaviorType, OpenRealmTimeOutBehavior, ProgressDirection, ProgressMode, ProxyType, SessionState, SessionStopPolicy, WaitForSync } from "./names.ts";
export type {
  BaseSyncConfiguration,
  ClientResetAfterCallback,
  ClientResetBeforeCallback,
  ClientResetConfiguration,
  ClientResetDiscardUnsyncedChangesConfiguration,
  ClientResetFallbackCallback,
  ClientResetManualConfiguration,
  ClientResetRecoverOrDiscardUnsyncedChangesConfiguration,
  ClientResetRecoverUnsyncedChangesConfiguration,
  ErrorCallback,
  FlexibleSyncConfiguration,
  InitialSubscriptions,
  OpenRealmBehavior,
  PartitionSyncConfiguration,
  PartitionValue,
  SyncConfiguration,
} from "./opening/configuration.ts";
export { enableSync, setAppClass } from "./opening/provider.ts";
export { BACK_OFF } from "./session/back-off.ts";
export type { BackOffOptions } from "./session/back-off.ts";
export { TIMING } from "./session/connection-options.ts";
export type { ConnectionTiming } from "./session/connection-options.ts";
export { SyncSession } from "./session/sync-session.ts";
export type { ConnectionCallback, ProgressCallback } from "./session/sync-session.ts";
export type { NetworkConfiguration, ProxyConfiguration, SslConfiguration } from "./session/network.ts";
export { webSocketTransport } from "./session/transport.ts";
export type { Transport, TransportConnection, TransportHandlers } from "./session/transport.ts";
export { MutableSubscriptionSet } from "./subscriptions/mutable-subscriptions.ts";
export type { SubscriptionOptions } from "./subscriptions/mutable-subscriptions.ts";
export { Subscription } from "./subscriptions/subscription.ts";
export { BaseSubscriptionSet, SubscriptionSetState } from "./subscriptions/base-subscription-set.ts";
export { SubscriptionSet } from "./subscriptions/subscription-set.ts";
export type { SyncUser } from "./user.ts";
export { syncSchemaOf } from "./wire/sync-schema.ts";
