/**
 * `writeCopyTo` with `sync` in the configuration: a copy that is synced when it is opened, as another client than the original.
 *
 * Two files under one id would send the server different transactions under one number, so a copy never has the original's.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { Configuration, Realm } from "@holdfast/realm";
import { copyIntoReplica, copyReplica, isReplica } from "@holdfast/realm/replica";
import type { ChangeFields, FileSession, ReplicaCopyTarget, ReplicaValue } from "@holdfast/realm/replica";
import { SyncError } from "../errors.ts";
import { SyncedFile } from "../replica/synced-file.ts";
import { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import { requireSyncable } from "../wire/sync-schema.ts";
import type { PartitionSyncConfiguration, PartitionValue, SyncConfiguration } from "./configuration.ts";
import { isPartitioned, PARTITION_KEY, subscribeToPartition, withPartition } from "./partition.ts";
import { syncedRealmOf } from "./synced-realm.ts";

/**
 * Copies a synced realm, of the same user and kind of sync, or a local one, whose objects count as written in the copy.
 *
 * @throws {SyncError} `CHANGES_NOT_UPLOADED`, `USER_DIFFERS`, `CONFIGURATION_INVALID`, `PARTITION_UNSUITABLE`, and what opening the copy would throw
 */
export function writeSyncedCopy(source: FileSession, config: Configuration, target: ReplicaCopyTarget): void {
  const sync = config.sync as unknown as SyncConfiguration;
  if (isReplica(source)) copySynced(source, sync, target);
  else copyLocal(source, { ...config, sync } as never, target);
}

function copySynced(source: FileSession, sync: SyncConfiguration, target: ReplicaCopyTarget): void {
  const from = syncedRealmOf(source)?.config;
  if (from !== undefined && isPartitioned(from) !== isPartitioned(sync)) throw new SyncError("CONFIGURATION_INVALID", "Realm cannot be converted between flexible sync and partition based sync.");
  copyReplica(source, target, (copy, realm) => {
    inReplica(copy, sync, (file) => {
      // Asked of the copy: another process may have written since anybody looked at the original.
      if (file.outboxCount > 0 || (file.read("reset") ?? null) !== null) throw new SyncError("CHANGES_NOT_UPLOADED", `Realm at path '${source.path}' cannot be copied with 'sync' before all of its changes are uploaded: await realm.syncSession.uploadAllLocalChanges() first.`);
      if (isPartitioned(sync)) subscribeToPartition(realm, subscriptionsOf(file, realm), sync);
      file.beginCopy();
    });
  });
}

function copyLocal(source: FileSession, config: { readonly sync: SyncConfiguration; readonly schemaVersion?: number }, target: ReplicaCopyTarget): void {
  const { sync } = config;
  const classes = [...source.schemaMap.values()];
  const schema = isPartitioned(sync) ? withPartition(classes, sync) : classes;
  requireSyncable(schema);
  copyIntoReplica(source, { ...target, schema, version: config.schemaVersion ?? source.readSchema()?.version ?? 0 }, (copy, realm, fill) => {
    inReplica(copy, sync, (file) => {
      const subscriptions = subscriptionsOf(file, realm);
      if (isPartitioned(sync)) subscribeToPartition(realm, subscriptions, sync);
      else if (sync.initialSubscriptions !== undefined) subscriptions.updateNoWait(sync.initialSubscriptions.update);
      fill(isPartitioned(sync) ? intoPartition(sync) : (_, fields) => fields);
    });
  });
}

function inReplica(copy: FileSession, sync: SyncConfiguration, work: (file: SyncedFile) => void): void {
  const file = new SyncedFile({ session: copy, userId: sync.user.id });
  try {
    work(file);
  } finally {
    file.replica.detach();
  }
}

function subscriptionsOf(file: SyncedFile, realm: Realm): SubscriptionSet {
  return new SubscriptionSet({ file, now: Date.now, until: () => Promise.resolve() }, realm);
}

/** Objects that name no partition are of this one. */
function intoPartition({ partitionKey = PARTITION_KEY, partitionValue }: PartitionSyncConfiguration): ChangeFields {
  const value = replicaValue(partitionValue);
  return (_, fields) => ((fields[partitionKey] ?? null) === null ? { ...fields, [partitionKey]: value } : fields);
}

function replicaValue(value: PartitionValue): ReplicaValue {
  if (typeof value === "number") return BigInt(value);
  if (value instanceof BSON.UUID) return { kind: "uuid", bytes: value.buffer.slice() };
  return value instanceof BSON.ObjectId ? { kind: "objectId", bytes: Uint8Array.from(value.id) } : value;
}
