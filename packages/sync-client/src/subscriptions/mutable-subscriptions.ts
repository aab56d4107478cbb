/**
 * The set of subscriptions while it is changed.
 *
 * @module
 */
import { Results } from "@holdfast/realm";
import { SyncError } from "../errors.ts";
import { randomHex } from "../replica/random.ts";
import type { SubscriptionRecord } from "../replica/records.ts";
import { Subscription } from "./subscription.ts";

/** How a subscription is added: realm-js's options. */
export interface SubscriptionOptions {
  readonly name?: string;
  /** A subscription of that name with another query is changed (the default), or kept. */
  readonly updateExisting?: boolean;
  /** A subscription of that name with another query is an error. */
  readonly throwOnUpdate?: boolean;
}

/** What `update` hands to its callback. */
export class MutableSubscriptionSet {
  #entries: SubscriptionRecord[];
  readonly #now: () => number;
  #isOpen = true;

  /** @internal */
  constructor(entries: readonly SubscriptionRecord[], now: () => number) {
    this.#entries = [...entries];
    this.#now = now;
  }

  get length(): number {
    return this.#entries.length;
  }
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds the objects of a query. The same query is one subscription, however often it is added. */
  add(query: object, options: SubscriptionOptions = {}): Subscription {
    this.#requireOpen();
    const { className: type, query: text } = subscriptionOf(query);
    const { name, updateExisting = true, throwOnUpdate = false } = options;
    const at = this.#entries.findIndex((entry) => (name === undefined ? entry.name === undefined && entry.type === type && entry.query === text : entry.name === name));
    const known = this.#entries[at];
    if (known === undefined) {
      const entry: SubscriptionRecord = { id: randomHex(12), ...(name === undefined ? {} : { name }), type, query: text, createdAtMs: this.#now(), updatedAtMs: this.#now() };
      this.#entries.push(entry);
      return new Subscription(entry);
    }
    const isSame = known.type === type && known.query === text;
    if (!isSame && throwOnUpdate) throw new SyncError("SUBSCRIPTION_INVALID", `A subscription with the name '${String(name)}' already exists but has a different query. If you meant to update it, remove \`throwOnUpdate: true\` from the subscription options.`);
    if (isSame || !updateExisting) return new Subscription(known);
    const changed: SubscriptionRecord = { ...known, type, query: text, updatedAtMs: this.#now() };
    this.#entries[at] = changed;
    return new Subscription(changed);
  }

  /** Removes the subscription to a query, named or not. @returns True if there was one. */
  remove(query: object): boolean {
    const { className: type, query: text } = subscriptionOf(query);
    return this.#removeWhere((entry) => entry.type === type && entry.query === text) > 0;
  }

  removeByName(name: string): boolean {
    return this.#removeWhere((entry) => entry.name === name) > 0;
  }

  removeSubscription(subscription: Subscription): boolean {
    const id = subscription.id.toHexString();
    return this.#removeWhere((entry) => entry.id === id) > 0;
  }

  /** @returns How many there were. */
  removeByObjectType(objectType: string): number {
    return this.#removeWhere((entry) => entry.type === objectType);
  }

  /** @returns How many there were. */
  removeAll(): number {
    return this.#removeWhere(() => true);
  }

  /** Removes those without a name. @returns How many there were. */
  removeUnnamed(): number {
    return this.#removeWhere((entry) => entry.name === undefined);
  }

  #removeWhere(isMeant: (entry: SubscriptionRecord) => boolean): number {
    this.#requireOpen();
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => !isMeant(entry));
    return before - this.#entries.length;
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new SyncError("SUBSCRIPTION_INVALID", "Subscriptions are changed inside the callback of `update`.");
  }

  /** The entries; no more changes. @internal */
  _finish(): readonly SubscriptionRecord[] {
    this.#isOpen = false;
    return this.#entries;
  }
}

/** The class and the text of a query. @throws {SyncError} `SUBSCRIPTION_INVALID` */
export function subscriptionOf(query: unknown): { className: string; query: string } {
  if (!(query instanceof Results)) throw new SyncError("SUBSCRIPTION_INVALID", "Expected the Results of a query, as `realm.objects(...)` and `filtered(...)` give them.");
  return query._subscription();
}
