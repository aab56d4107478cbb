/**
 * Partition-based sync, as sugar: a subscription to the objects of the partition in every class.
 *
 * Atlas wrote the partition into objects by itself, so classes that do not name the property get it here, and objects that are created
 * without a value get the partition's.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { CanonicalObjectSchema, CanonicalPropertySchema, Realm } from "@holdfast/realm";
import { SyncError } from "../errors.ts";
import type { MutableSubscriptionSet } from "../subscriptions/mutable-subscriptions.ts";
import type { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import type { PartitionSyncConfiguration, PartitionValue, SyncConfiguration } from "./configuration.ts";

/** Atlas's usual name of the property. */
export const PARTITION_KEY = "_partition";

/** Most characters that a part of a path may have; file systems take 255 bytes. */
const MAX_NAME = 150;

/** Tells the two kinds of configuration apart. */
export function isPartitioned(config: SyncConfiguration): config is PartitionSyncConfiguration {
  return config.flexible === undefined;
}

/** Gives every class the property of the partition, with the partition as its default. @throws {SyncError} `PARTITION_UNSUITABLE` */
export function withPartition(classes: readonly CanonicalObjectSchema[], { partitionKey = PARTITION_KEY, partitionValue }: PartitionSyncConfiguration): CanonicalObjectSchema[] {
  return classes.map((entry) => {
    if (entry.embedded) return entry;
    const known = Object.values(entry.properties).find((property) => property.mapTo === partitionKey);
    if (known !== undefined) checkProperty(entry.name, known, partitionValue);
    const type = known?.type ?? typeOf(partitionValue);
    // A function: a value would enter the schema that all devices share.
    const property: CanonicalPropertySchema = { ...(known ?? { name: partitionKey, mapTo: partitionKey, type, optional: true, indexed: false }), default: () => partitionValue };
    return { ...entry, properties: { ...entry.properties, [property.name]: property } };
  });
}

function checkProperty(className: string, { name, type, optional }: CanonicalPropertySchema, value: PartitionValue): void {
  const isRight = value === null ? optional : type === typeOf(value);
  if (!isRight) throw new SyncError("PARTITION_UNSUITABLE", `Property '${className}.${name}' is of type '${type}'${optional ? "" : ", not optional,"} and cannot hold the 'partitionValue' of the realm sync configuration.`);
}

function typeOf(value: PartitionValue): "string" | "int" | "objectId" | "uuid" {
  if (typeof value === "number") return "int";
  if (value instanceof BSON.UUID) return "uuid";
  return value instanceof BSON.ObjectId ? "objectId" : "string";
}

/** Subscribes to the partition. @throws {SyncError} `PARTITION_UNSUITABLE` if the file holds another one. */
export function subscribeToPartition(realm: Realm, subscriptions: SubscriptionSet, { partitionKey = PARTITION_KEY, partitionValue }: PartitionSyncConfiguration): void {
  const wanted = realm.schema.filter((entry) => !entry.embedded && !entry.asymmetric).map((entry) => {
    const property = Object.values(entry.properties).find(({ mapTo }) => mapTo === partitionKey);
    return realm.objects(entry.name).filtered(`${String(property?.name)} == $0`, partitionValue);
  });
  const texts = new Set(wanted.map((results) => results._subscription().query));
  for (const { queryString } of subscriptions) {
    if (!texts.has(queryString)) throw new SyncError("PARTITION_UNSUITABLE", `Realm at path '${realm.path}' holds another partition, or has subscriptions: give each partition a file of its own.`);
  }
  subscriptions.updateNoWait((mutable: MutableSubscriptionSet) => {
    for (const results of wanted) mutable.add(results);
  });
}

/** The part of a default path that tells partitions apart. @throws {SyncError} `CONFIGURATION_INVALID` if it is too long. */
export function partitionFileName(config: PartitionSyncConfiguration): string {
  const { partitionKey = PARTITION_KEY, partitionValue: value } = config;
  const text = value === null ? "null" : `${typeOf(value)}-${String(value)}`;
  const name = encodeURIComponent(`${partitionKey}-${text}`).replaceAll(".", "%2E").replaceAll("*", "%2A");
  if (name.length > MAX_NAME) throw new SyncError("CONFIGURATION_INVALID", "'partitionValue' is too long for the name of a file: give the realm a 'path'.");
  return name;
}

/** True if two values name one partition. */
export function isSamePartition(left: PartitionValue, right: PartitionValue): boolean {
  return left === right || (left !== null && right !== null && typeOf(left) === typeOf(right) && String(left) === String(right));
}
