/**
 * The set of subscriptions while it is changed.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import { randomHex } from "../replica/random.ts";
import { isOneOf, WaitForSync } from "../names.ts";
import type { SubscriptionRecord, SubscriptionsRecord } from "../replica/records.ts";
import { BaseSubscriptionSet } from "./base-subscription-set.ts";
import { subscriptionOf } from "./subscription-query.ts";
import { Subscription } from "./subscription.ts";

/** How a subscription is added: realm-js's options. */
export interface SubscriptionOptions {
  readonly name?: string;
  /** A subscription of that name with another query is changed (the default), or kept. */
  readonly updateExisting?: boolean;
  /** A subscription of that name with another query is an error. */
  readonly throwOnUpdate?: boolean;
  /** Of `results.subscribe()`: when it waits for the objects. Default "first-time". */
  readonly behavior?: WaitForSync;
  /** Of `results.subscribe()`: after this many ms it does not wait any more; the subscription stands. */
  readonly timeout?: number;
}

/** What `update` hands to its callback. */
export class MutableSubscriptionSet extends BaseSubscriptionSet {
  readonly #before: SubscriptionsRecord;
  #entries: SubscriptionRecord[];
  readonly #now: () => number;
  #isOpen = true;

  /** @internal */
  constructor(before: SubscriptionsRecord, now: () => number) {
    super();
    this.#before = before;
    this.#entries = [...before.entries];
    this.#now = now;
  }

  /** Version, state and error are those of the set that is being changed. @internal */
  protected override _record(): SubscriptionsRecord {
    return { ...this.#before, entries: this.#entries };
  }

  /** Adds the objects of a query. The same query is one subscription, however often it is added. */
  add(query: object, options: SubscriptionOptions = {}): Subscription {
    this.#requireOpen();
    const { className: type, query: text } = subscriptionOf(query);
    const { name, updateExisting = true, throwOnUpdate = false } = checkSubscriptionOptions(options);
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

const FIELDS: ReadonlySet<string> = new Set(["name", "updateExisting", "throwOnUpdate", "behavior", "timeout"]);

/** Checks the options. @throws {SyncError} `SUBSCRIPTION_INVALID` */
export function checkSubscriptionOptions(value: unknown = {}): SubscriptionOptions {
  if (typeof value !== "object" || value === null) throw invalid("Expected 'options' of a subscription to be an object.");
  const { name, updateExisting, throwOnUpdate, behavior, timeout } = value as Partial<Record<string, unknown>>;
  const unknown = Object.keys(value).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw invalid(`There is no option '${unknown}' of a subscription.`);
  if (name !== undefined && typeof name !== "string") throw invalid("Expected 'name' of a subscription to be a string.");
  if (updateExisting !== undefined && typeof updateExisting !== "boolean") throw invalid("Expected 'updateExisting' of a subscription to be a boolean.");
  if (throwOnUpdate !== undefined && typeof throwOnUpdate !== "boolean") throw invalid("Expected 'throwOnUpdate' of a subscription to be a boolean.");
  if (behavior !== undefined && !isOneOf(WaitForSync, behavior)) throw invalid("Expected 'behavior' of a subscription to be 'first-time', 'always' or 'never'.");
  if (timeout !== undefined && (typeof timeout !== "number" || Number.isNaN(timeout))) throw invalid("Expected 'timeout' of a subscription to be a number.");
  return value as SubscriptionOptions;
}

function invalid(message: string): SyncError {
  return new SyncError("SUBSCRIPTION_INVALID", message);
}
