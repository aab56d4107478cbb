/**
 * The types that `@holdfast/realm` leaves to a sync client.
 *
 * @module
 */
import type { SyncConfiguration } from "./opening/configuration.ts";
import type { SyncSession } from "./session/sync-session.ts";
import type { SubscriptionSet } from "./subscriptions/subscription-set.ts";

declare module "@holdfast/realm/replica" {
  interface SyncExtensions {
    readonly configuration: SyncConfiguration;
    readonly session: SyncSession;
    readonly subscriptions: SubscriptionSet;
  }
}
