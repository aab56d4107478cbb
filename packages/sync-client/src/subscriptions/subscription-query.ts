/**
 * What a query asks for.
 *
 * @module
 */
import { Results } from "@holdfast/realm";
import { SyncError } from "../errors.ts";

/** The class and the text of a query. @throws {SyncError} `SUBSCRIPTION_INVALID` */
export function subscriptionOf(query: unknown): { className: string; query: string } {
  if (!(query instanceof Results)) throw new SyncError("SUBSCRIPTION_INVALID", "Expected the Results of a query, as `realm.objects(...)` and `filtered(...)` give them.");
  return query._subscription();
}
