/**
 * `@holdfast/realm`: the encrypted object database with Realm's API.
 *
 * @module
 */
import type * as Api from "./public-api.ts";
import { Realm as RealmClass } from "./realm.ts";
import type { Dictionary as DictionaryType } from "./types.ts";

/** An open database. */
class Realm extends RealmClass {}

/** The types that applications write as `Realm.Results<T>` and the like. */
declare namespace Realm {
  export type AnyCollection = Api.AnyCollection;
  export type AnyDictionary = Api.AnyDictionary;
  export type AnyList = Api.AnyList;
  export type AnyRealmObject = Api.AnyRealmObject;
  export type AnyResults = Api.AnyResults;
  export type AnySet = Api.AnySet;
  export type AsyncWork<R> = Api.AsyncWork<R>;
  export type BaseConfiguration = Api.BaseConfiguration;
  export type CanonicalGeoPoint = Api.CanonicalGeoPoint;
  export type CanonicalGeoPolygon = Api.CanonicalGeoPolygon;
  export type CanonicalObjectSchema = Api.CanonicalObjectSchema;
  export type CanonicalPropertiesTypes = Api.CanonicalPropertiesTypes;
  export type CanonicalPropertySchema = Api.CanonicalPropertySchema;
  export type Collection<T = unknown> = Api.Collection<T>;
  export type CollectionChangeCallback<T = unknown> = Api.CollectionChangeCallback<T>;
  export type CollectionChangeSet = Api.CollectionChangeSet;
  export type CollectionPropertyTypeName = Api.CollectionPropertyTypeName;
  export type Configuration = Api.Configuration;
  export type ConfigurationWithoutSync = Api.ConfigurationWithoutSync;
  export type Constructor<T = unknown> = Api.Constructor<T>;
  export type Counter = Api.Counter;
  export type DefaultObject = Api.DefaultObject;
  export type Dictionary<T = unknown> = DictionaryType<T>;
  export type DictionaryChangeCallback<T = unknown> = Api.DictionaryChangeCallback<T>;
  export type DictionaryChangeSet = Api.DictionaryChangeSet;
  export type GeoBox = Api.GeoBox;
  export type GeoCircle = Api.GeoCircle;
  export type GeoPoint = Api.GeoPoint;
  export type GeoPolygon = Api.GeoPolygon;
  export type GeoPosition = Api.GeoPosition;
  export type IndexedType = Api.IndexedType;
  export type List<T = unknown> = Api.List<T>;
  export type LogCategory = Api.LogCategory;
  export type LogEntry = Api.LogEntry;
  export type Logger = Api.Logger;
  export type LogLevel = Api.LogLevel;
  export type MigrationCallback = Api.MigrationCallback;
  export type MigrationOptions = Api.MigrationOptions;
  export type Mixed = Api.Mixed;
  export type NumericLogLevel = (typeof Api.NumericLogLevel)[keyof typeof Api.NumericLogLevel];
  export type Object<T = Api.DefaultObject, RequiredProperties extends keyof Api.OmittedRealmTypes<T> = never> = Api.RealmObject<T, RequiredProperties>;
  export type ObjectChangeCallback<T = Api.DefaultObject> = Api.ObjectChangeCallback<T>;
  export type ObjectChangeSet<T = Api.DefaultObject> = Api.ObjectChangeSet<T>;
  export type ObjectSchema = Api.ObjectSchema;
  export type ObjectType = Api.ObjectType;
  export type OmittedRealmTypes<T> = Api.OmittedRealmTypes<T>;
  export type OrderedCollection<T = unknown> = Api.OrderedCollection<T>;
  export type PresentationPropertyTypeName = Api.PresentationPropertyTypeName;
  export type PrimaryKey = Api.PrimaryKey;
  export type PrimitivePropertyTypeName = Api.PrimitivePropertyTypeName;
  export type PropertiesTypes = Api.PropertiesTypes;
  export type PropertySchema = Api.PropertySchema;
  export type PropertySchemaShorthand = Api.PropertySchemaShorthand;
  export type PropertyTypeName = Api.PropertyTypeName;
  export type RealmEventName = Api.RealmEventName;
  export type RealmJson = Api.RealmJson;
  export type RealmObjectConstructor<T extends Api.AnyRealmObject = Api.RealmObject> = Api.RealmObjectConstructor<T>;
  export type RelationshipPropertyTypeName = Api.RelationshipPropertyTypeName;
  export type Results<T = unknown> = Api.Results<T>;
  export type Set<T = unknown> = Api.Set<T>;
  export type SortDescriptor = Api.SortDescriptor;
  export type Unmanaged<T, RequiredProperties extends keyof T = never> = Api.Unmanaged<T, RequiredProperties>;
  export type UpdateMode = Api.UpdateModeName;
  export type UserTypeName = Api.UserTypeName;
  export namespace BSON {
    export type ObjectId = InstanceType<typeof Api.BSON.ObjectId>;
    export type UUID = InstanceType<typeof Api.BSON.UUID>;
    export type Decimal128 = InstanceType<typeof Api.BSON.Decimal128>;
    export type Binary = InstanceType<typeof Api.BSON.Binary>;
  }
  /** The types of properties. */
  export namespace Types {
    export type Bool = boolean;
    export type String = string;
    export type Int = number;
    export type Float = number;
    export type Double = number;
    export type Decimal128 = BSON.Decimal128;
    export type ObjectId = BSON.ObjectId;
    export type UUID = BSON.UUID;
    export type Counter = Api.Counter;
    export type Date = globalThis.Date;
    export type Data = ArrayBuffer;
    export type List<T> = Api.List<T>;
    export type Set<T> = Api.Set<T>;
    export type Dictionary<T> = DictionaryType<T>;
    export type Mixed = unknown;
    export type LinkingObjects<T, _LinkingPropertyName extends string> = Api.Results<T>;
  }
}

export default Realm;
// `require` of this module gives Realm itself, as Realm's CommonJS package does.
export { Realm, Realm as "module.exports" };
export * from "./public-api.ts";
