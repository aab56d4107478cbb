/**
 * What the set of subscriptions and the one that is being changed have in common: realm-js's `BaseSubscriptionSet`.
 *
 * @module
 */
import type { SubscriptionRecord, SubscriptionsRecord } from "../replica/records.ts";
import { subscriptionOf } from "./subscription-query.ts";
import { Subscription } from "./subscription.ts";

/** Where a set stands: sent and not answered, in effect, refused, or overtaken by a newer one. */
export const SubscriptionSetState = { Pending: "pending", Complete: "complete", Error: "error", Superseded: "superseded" } as const;
export type SubscriptionSetState = (typeof SubscriptionSetState)[keyof typeof SubscriptionSetState];

/** A set that can be read. */
export abstract class BaseSubscriptionSet implements Iterable<Subscription> {
  /** @internal */
  protected abstract _record(): SubscriptionsRecord;

  get version(): number {
    return this._record().version;
  }
  get length(): number {
    return this._record().entries.length;
  }
  get isEmpty(): boolean {
    return this.length === 0;
  }
  get state(): SubscriptionSetState {
    return this._record().state;
  }
  /** Why the server refused the set; null if it did not. */
  get error(): string | null {
    return this._record().error ?? null;
  }

  *[Symbol.iterator](): IterableIterator<Subscription> {
    for (const entry of this._record().entries) yield new Subscription(entry);
  }

  findByName(name: string): Subscription | null {
    return this.#find((entry) => entry.name === name);
  }

  /** The subscription to a query, named or not. */
  findByQuery(query: object): Subscription | null {
    const { className: type, query: text } = subscriptionOf(query);
    return this.#find((entry) => entry.type === type && entry.query === text);
  }

  exists(query: object): boolean {
    return this.findByQuery(query) !== null;
  }

  #find(isMeant: (entry: SubscriptionRecord) => boolean): Subscription | null {
    const found = this._record().entries.find(isMeant);
    return found === undefined ? null : new Subscription(found);
  }
}
