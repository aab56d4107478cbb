/**
 * One subscription: a query whose objects come to this device.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { SubscriptionRecord } from "../replica/records.ts";

/** A subscription, as it was when it was read. */
export class Subscription {
  readonly id: InstanceType<typeof BSON.ObjectId>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** null: it has none. */
  readonly name: string | null;
  readonly objectType: string;
  /** Arguments are written into it. */
  readonly queryString: string;

  /** @internal */
  constructor(record: SubscriptionRecord) {
    this.id = new BSON.ObjectId(record.id);
    this.createdAt = new Date(record.createdAtMs);
    this.updatedAt = new Date(record.updatedAtMs);
    this.name = record.name ?? null;
    this.objectType = record.type;
    this.queryString = record.query;
  }
}
