/**
 * Everything that the package exports beside `Realm` itself.
 *
 * @module
 */
export { QueryError } from "@holdfast/query";
export { DeferredAnchor, FileAnchor, MemoryAnchor } from "@holdfast/storage-engine";
export type { AnchorSource, FreshnessAnchor, FreshnessOptions } from "@holdfast/storage-engine";
export type { AsyncWork } from "./async-write.ts";
export { BSON } from "./bson.ts";
export { Collection } from "./collections/collection.ts";
export { Dictionary } from "./collections/dictionary.ts";
export { List } from "./collections/list.ts";
export { OrderedCollection } from "./collections/ordered-collection.ts";
export type { SortDescriptor } from "./collections/ordered-collection.ts";
export { Results } from "./collections/results.ts";
export { RealmSet, RealmSet as Set } from "./collections/set.ts";
export type { BaseConfiguration, Configuration, ConfigurationWithoutSync, MigrationCallback, MigrationOptions } from "./configuration.ts";
export { index, mapTo } from "./decorators.ts";
export { AssertionError, ObjectSchemaParseError, PropertySchemaParseError, RealmError, SchemaParseError, TypeAssertionError } from "./errors.ts";
export type { RealmErrorCode } from "./errors.ts";
export { flags } from "./flags.ts";
export type { CanonicalGeoPoint, CanonicalGeoPolygon, GeoBox, GeoCircle, GeoPoint, GeoPolygon, GeoPosition } from "./geo-types.ts";
export { kmToRadians, miToRadians } from "./geo-units.ts";
export type { JsonValue, RealmJson, RealmJsonClass } from "./json/realm-json.ts";
export { NumericLogLevel } from "./logging.ts";
export type { LogCategory, LogEntry, Logger, LogLevel } from "./logging.ts";
export type {
  CollectionChangeCallback,
  CollectionChangeSet,
  DictionaryChangeCallback,
  DictionaryChangeSet,
  ObjectChangeCallback,
  ObjectChangeSet,
} from "./notifications/change-sets.ts";
export { Counter } from "./objects/counter.ts";
export type { UpdateModeName } from "./objects/context.ts";
export { RealmObject, RealmObject as Object } from "./objects/realm-object.ts";
export { openWithKeys, rotateKey } from "./open-with-keys.ts";
export type { CheckKey, KeylessConfiguration, KeysOptions, RealmKeys } from "./open-with-keys.ts";
export { RealmEvent } from "./realm-events.ts";
export type { RealmEventName, RealmListener } from "./realm-events.ts";
export { ProgressRealmPromise } from "./realm-promise.ts";
export type { ContentProblem, ContentProblemKind, ContentReport } from "./repair/check-content.ts";
export type { RealmBackupOptions, RealmRestoreOptions, RealmSalvageOptions, RealmSalvageReport, RealmVerifyOptions, RealmVerifyReport } from "./repair/realm-repair.ts";
export type { ClassRepair, ContentRepair } from "./repair/repair-content.ts";
export type { BackupReport, FileVerifyReport, LongTaskOptions, Progress, RestoreReport, SalvageReport } from "@holdfast/storage-engine";
export { UpdateMode } from "./realm-statics.ts";
export { Types } from "./realm-types.ts";
export type { CanonicalObjectSchema, CanonicalProperty, CanonicalProperty as CanonicalPropertySchema, ObjectSchema, PropertySchema } from "./schema/types.ts";
export type {
  AnyCollection,
  AnyDictionary,
  AnyList,
  AnyRealmObject,
  AnyResults,
  AnySet,
  CanonicalPropertiesTypes,
  CollectionPropertyTypeName,
  Constructor,
  DefaultObject,
  IndexedType,
  Mixed,
  ObjectType,
  OmittedRealmTypes,
  PresentationPropertyTypeName,
  PrimaryKey,
  PrimitivePropertyTypeName,
  PropertiesTypes,
  PropertySchemaShorthand,
  PropertyTypeName,
  RealmObjectConstructor,
  RelationshipPropertyTypeName,
  Unmanaged,
  UserTypeName,
} from "./types.ts";
