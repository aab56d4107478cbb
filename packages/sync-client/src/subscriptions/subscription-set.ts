/**
 * The queries whose objects come to this device: realm-js's `SubscriptionSet`.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { SyncError } from "../errors.ts";
import type { Meta, SubscriptionsRecord } from "../replica/records.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import { BaseSubscriptionSet } from "./base-subscription-set.ts";
import { MutableSubscriptionSet } from "./mutable-subscriptions.ts";

/** What a set needs of its realm. */
export interface SubscriptionSetParts {
  readonly file: SyncedFile;
  /** Waits until a condition holds, or the session ends. */
  until(isDone: () => boolean, what: string, timeoutMs?: number): Promise<void>;
  readonly now: () => number;
}

/** The newest set of subscriptions. */
export class SubscriptionSet extends BaseSubscriptionSet {
  readonly #parts: SubscriptionSetParts;
  readonly #realm: Realm;

  /** @internal */
  constructor(parts: SubscriptionSetParts, realm: Realm) {
    super();
    this.#parts = parts;
    this.#realm = realm;
  }

  get #record(): SubscriptionsRecord {
    return this.#parts.file.read("subs") as Meta["subs"];
  }

  /** @internal */
  protected override _record(): SubscriptionsRecord {
    return this.#record;
  }

  /** Changes the set, and waits until the server has sent what it asks for. */
  async update(callback: (subscriptions: MutableSubscriptionSet, realm: Realm) => void): Promise<void> {
    this.updateNoWait(callback);
    await this.waitForSynchronization();
  }

  /** Changes the set: with the callback's return it is in the file, and in effect as soon as there is a connection. */
  updateNoWait(callback: (subscriptions: MutableSubscriptionSet, realm: Realm) => void): void {
    const { file, now } = this.#parts;
    const before = this.#record;
    const mutable = new MutableSubscriptionSet(before, now);
    callback(mutable, this.#realm);
    const entries = mutable._finish();
    const isSame = before.version > 0 && before.state !== "error" && JSON.stringify(entries) === JSON.stringify(before.entries);
    if (isSame) return;
    file.writeNow((tx) => {
      const { version, active } = tx.meta("subs") as Meta["subs"];
      tx.setMeta("subs", { version: version + 1, entries, state: "pending", ...(active === undefined ? {} : { active }) });
      tx.setMeta("boot", null);
    });
  }

  /** Waits until what the set asks for is here. @throws {SyncError} `SUBSCRIPTION_INVALID`: the server refused it. */
  async waitForSynchronization(timeoutMs?: number): Promise<void> {
    let { version } = this;
    const isDone = (): boolean => {
      const record = this.#record;
      // A client reset fetches the same set anew, under another number.
      if (record.resetOf === version) ({ version } = record);
      return record.version !== version || record.state !== "pending";
    };
    await this.#parts.until(isDone, "Fetching what the subscriptions ask for", timeoutMs);
    const record = this.#record;
    if (record.version === version && record.state === "error") throw new SyncError("SUBSCRIPTION_INVALID", `The server refused the subscriptions: ${String(record.error)}`);
  }
}
