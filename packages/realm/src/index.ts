/**
 * `@holdfast/realm`: the encrypted object database with Realm's API.
 *
 * @module
 */
import { Realm as RealmClass } from "./realm.ts";
import type { Configuration as ConfigurationType } from "./configuration.ts";
import type { Dictionary as DictionaryClass } from "./collections/dictionary.ts";
import type { List as ListClass } from "./collections/list.ts";
import type { Collection as CollectionClass } from "./collections/collection.ts";
import type { OrderedCollection as OrderedCollectionClass, SortDescriptor as SortDescriptorType } from "./collections/ordered-collection.ts";
import type { Results as ResultsClass } from "./collections/results.ts";
import type { RealmSet } from "./collections/set.ts";
import type {
  CollectionChangeCallback as CollectionChangeCallbackType,
  CollectionChangeSet as CollectionChangeSetType,
  ObjectChangeCallback as ObjectChangeCallbackType,
  ObjectChangeSet as ObjectChangeSetType,
} from "./notifications/change-sets.ts";
import type { Counter as CounterClass } from "./objects/counter.ts";
import type { RealmObject as RealmObjectClass } from "./objects/realm-object.ts";
import type { CanonicalObjectSchema as CanonicalObjectSchemaType, CanonicalProperty, ObjectSchema as ObjectSchemaType, PropertySchema as PropertySchemaType } from "./schema/types.ts";
import type { BSON as BsonNamespace } from "./bson.ts";

/** An open database. */
class Realm extends RealmClass {}

/** The types that applications write as `Realm.Results<T>` and the like. */
declare namespace Realm {
  export type Configuration = ConfigurationType;
  export type ObjectSchema = ObjectSchemaType;
  export type PropertySchema = PropertySchemaType;
  export type CanonicalObjectSchema = CanonicalObjectSchemaType;
  export type CanonicalPropertySchema = CanonicalProperty;
  export type Object<T = unknown, Required extends keyof T = never> = RealmObjectClass<T, Required>;
  export type Collection<T = unknown> = CollectionClass<T>;
  export type OrderedCollection<T = unknown> = OrderedCollectionClass<T>;
  export type List<T = unknown> = ListClass<T>;
  export type Results<T = unknown> = ResultsClass<T>;
  export type Set<T = unknown> = RealmSet<T>;
  export type Dictionary<T = unknown> = DictionaryClass<T>;
  export type Counter = CounterClass;
  export type SortDescriptor = SortDescriptorType;
  export type CollectionChangeSet = CollectionChangeSetType;
  export type CollectionChangeCallback<T = unknown> = CollectionChangeCallbackType<T>;
  export type ObjectChangeSet<T = unknown> = ObjectChangeSetType<T>;
  export type ObjectChangeCallback<T = unknown> = ObjectChangeCallbackType<T>;
  export namespace BSON {
    export type ObjectId = InstanceType<typeof BsonNamespace.ObjectId>;
    export type UUID = InstanceType<typeof BsonNamespace.UUID>;
    export type Decimal128 = InstanceType<typeof BsonNamespace.Decimal128>;
  }
}

export default Realm;
export { Realm };
export { BSON } from "./bson.ts";
export { Dictionary } from "./collections/dictionary.ts";
export { List } from "./collections/list.ts";
export { RealmSet as Set } from "./collections/set.ts";
export { Counter } from "./objects/counter.ts";
export { Collection } from "./collections/collection.ts";
export { OrderedCollection } from "./collections/ordered-collection.ts";
export type { SortDescriptor } from "./collections/ordered-collection.ts";
export { Results } from "./collections/results.ts";
export type { Configuration } from "./configuration.ts";
export { AssertionError, ObjectSchemaParseError, PropertySchemaParseError, RealmError, SchemaParseError, TypeAssertionError } from "./errors.ts";
export type { RealmErrorCode } from "./errors.ts";
export type { CollectionChangeCallback, CollectionChangeSet, ObjectChangeCallback, ObjectChangeSet } from "./notifications/change-sets.ts";
export { openWithKeys, rotateKey } from "./open-with-keys.ts";
export type { CheckKey, KeylessConfiguration, KeysOptions, RealmKeys } from "./open-with-keys.ts";
export { DeferredAnchor, FileAnchor, MemoryAnchor } from "@holdfast/storage-engine";
export type { AnchorSource, FreshnessAnchor, FreshnessOptions } from "@holdfast/storage-engine";
export { RealmObject } from "./objects/realm-object.ts";
export { RealmObject as Object } from "./objects/realm-object.ts";
export type { RealmEventName, RealmListener } from "./realm.ts";
export { ProgressRealmPromise } from "./realm-promise.ts";
export { UpdateMode } from "./realm-statics.ts";
export type { CanonicalObjectSchema, CanonicalProperty, ObjectSchema, PropertySchema } from "./schema/types.ts";
