/**
 * `@holdfast/realm/client`: a realm that a worker has open, for pages. Holds nothing of the engine.
 *
 * @module
 */
import { currentHost } from "./remote/host.ts";
import { RemoteRealm } from "./remote/remote-realm.ts";
import type { AnyProcedures } from "./remote/remote-types.ts";
import { Tab } from "./remote/tab.ts";
import type { RemoteOptions } from "./remote/tab.ts";

export { RealmError } from "./errors.ts";
export { Decimal128, ObjectId, UUID } from "./remote/ids.ts";
export { LiveQuery } from "./remote/live-query.ts";
export type { SnapshotListener, Snapshots } from "./remote/live-query.ts";
export type { PageKey, WorkerLike } from "./remote/page-worker.ts";
export { RemoteQuery } from "./remote/remote-query.ts";
export { RemoteRealm } from "./remote/remote-realm.ts";
export type { OwnerListener, OwnerPlace } from "./remote/remote-realm.ts";
export type { AnyProcedures, ProcedureArguments, ProcedureResult, RemoteType, Snapshot, SnapshotValue } from "./remote/remote-types.ts";
export { referenceOf } from "./remote/snapshots.ts";
export type { Reference } from "./remote/snapshots.ts";
export type { RemoteOptions } from "./remote/tab.ts";
export type { Change, CreateMode, RemoteTransaction } from "./remote/transaction.ts";
export type { CollectionChangeSet } from "./notifications/change-sets.ts";
export type { SortDescriptor } from "./collections/ordered-collection.ts";

/**
 * Opens a realm in a worker, for this page and any other tab of the origin that does the same.
 *
 * One tab's worker owns the file; the others reach it through messages, and one of them takes over when it is gone.
 *
 * @throws {Error} As `Realm.open` in the worker; `WORKER_GONE` if the worker does not start, `OWNER_SILENT` if another tab owns the
 * file and does not answer, `CONFIGURATION_CONFLICT` or `KEY_DIFFERS` if it has opened it with another schema version or key.
 */
export async function openInWorker<P = AnyProcedures>(options: RemoteOptions): Promise<RemoteRealm<P>> {
  const tab = new Tab(currentHost(), options);
  await tab.open();
  return new RemoteRealm<P>(tab);
}
