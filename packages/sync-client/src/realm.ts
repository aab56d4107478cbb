/**
 * `@holdfast/sync-client/realm`: Realm with sync, under the names of realm-js 12. Applications of Atlas Device Sync change this import.
 *
 * @module
 */
import { Realm as LocalRealm } from "@holdfast/realm";
import type * as Local from "@holdfast/realm";
import * as Api from "./index.ts";

Api.enableSync();
Api.setAppClass(Api.App);

/** Realm's `Auth`. */
const Auth: { readonly EmailPasswordAuth: typeof Api.EmailPasswordAuth; readonly ApiKeyAuth: typeof Api.ApiKeyAuth } = { EmailPasswordAuth: Api.EmailPasswordAuth, ApiKeyAuth: Api.ApiKeyAuth };

/** The BSON classes. */
const BSON: typeof Local.BSON = LocalRealm.BSON;
/** Their types. */
declare namespace BSON {
  export type ObjectId = LocalRealm.BSON.ObjectId;
  export type UUID = LocalRealm.BSON.UUID;
  export type Decimal128 = LocalRealm.BSON.Decimal128;
  export type Binary = LocalRealm.BSON.Binary;
}

/** An open database, local or synced. */
class Realm extends LocalRealm {
  static override get App(): typeof Api.App {
    return Api.App;
  }
  static readonly Auth: typeof Auth = Auth;
  static readonly ClientResetError: typeof Api.ClientResetError = Api.ClientResetError;
  static readonly ClientResetMode: typeof Api.ClientResetMode = Api.ClientResetMode;
  static readonly CompensatingWriteError: typeof Api.CompensatingWriteError = Api.CompensatingWriteError;
  static readonly ConnectionState: typeof Api.ConnectionState = Api.ConnectionState;
  static readonly Credentials: typeof Api.Credentials = Api.Credentials;
  static readonly MetadataMode: typeof Api.MetadataMode = Api.MetadataMode;
  static readonly OpenRealmBehaviorType: typeof Api.OpenRealmBehaviorType = Api.OpenRealmBehaviorType;
  static readonly OpenRealmTimeOutBehavior: typeof Api.OpenRealmTimeOutBehavior = Api.OpenRealmTimeOutBehavior;
  static readonly ProgressDirection: typeof Api.ProgressDirection = Api.ProgressDirection;
  static readonly ProgressMode: typeof Api.ProgressMode = Api.ProgressMode;
  static readonly ProviderType: typeof Api.ProviderType = Api.ProviderType;
  static readonly ProxyType: typeof Api.ProxyType = Api.ProxyType;
  static readonly SessionState: typeof Api.SessionState = Api.SessionState;
  static readonly SessionStopPolicy: typeof Api.SessionStopPolicy = Api.SessionStopPolicy;
  static readonly SubscriptionSetState: typeof Api.SubscriptionSetState = Api.SubscriptionSetState;
  static readonly SyncError: typeof Api.SyncError = Api.SyncError;
  static readonly User: typeof Api.User = Api.User;
  static readonly UserState: typeof Api.UserState = Api.UserState;
  static readonly WaitForSync: typeof Api.WaitForSync = Api.WaitForSync;
}

/** The types that applications write as `Realm.SyncConfiguration` and the like. */
declare namespace Realm {
  export type AnyCollection = LocalRealm.AnyCollection;
  export type AnyDictionary = LocalRealm.AnyDictionary;
  export type AnyList = LocalRealm.AnyList;
  export type AnyRealmObject = LocalRealm.AnyRealmObject;
  export type AnyResults = LocalRealm.AnyResults;
  export type AnySet = LocalRealm.AnySet;
  export type AsyncWork<R> = LocalRealm.AsyncWork<R>;
  export type BaseConfiguration = LocalRealm.BaseConfiguration;
  export type CanonicalGeoPoint = LocalRealm.CanonicalGeoPoint;
  export type CanonicalGeoPolygon = LocalRealm.CanonicalGeoPolygon;
  export type CanonicalObjectSchema = LocalRealm.CanonicalObjectSchema;
  export type CanonicalPropertiesTypes = LocalRealm.CanonicalPropertiesTypes;
  export type CanonicalPropertySchema = LocalRealm.CanonicalPropertySchema;
  export type Collection<T = unknown> = LocalRealm.Collection<T>;
  export type CollectionChangeCallback<T = unknown> = LocalRealm.CollectionChangeCallback<T>;
  export type CollectionChangeSet = LocalRealm.CollectionChangeSet;
  export type CollectionPropertyTypeName = LocalRealm.CollectionPropertyTypeName;
  export type Configuration = LocalRealm.Configuration;
  export type ConfigurationWithoutSync = LocalRealm.ConfigurationWithoutSync;
  export type Constructor<T = unknown> = LocalRealm.Constructor<T>;
  export type Counter = LocalRealm.Counter;
  export type DefaultObject = LocalRealm.DefaultObject;
  export type Dictionary<T = unknown> = LocalRealm.Dictionary<T>;
  export type DictionaryChangeCallback<T = unknown> = LocalRealm.DictionaryChangeCallback<T>;
  export type DictionaryChangeSet = LocalRealm.DictionaryChangeSet;
  export type GeoBox = LocalRealm.GeoBox;
  export type GeoCircle = LocalRealm.GeoCircle;
  export type GeoPoint = LocalRealm.GeoPoint;
  export type GeoPolygon = LocalRealm.GeoPolygon;
  export type GeoPosition = LocalRealm.GeoPosition;
  export type IndexedType = LocalRealm.IndexedType;
  export type List<T = unknown> = LocalRealm.List<T>;
  export type LogCategory = LocalRealm.LogCategory;
  export type LogEntry = LocalRealm.LogEntry;
  export type Logger = LocalRealm.Logger;
  export type LogLevel = LocalRealm.LogLevel;
  export type MigrationCallback = LocalRealm.MigrationCallback;
  export type MigrationOptions = LocalRealm.MigrationOptions;
  export type Mixed = LocalRealm.Mixed;
  export type NumericLogLevel = LocalRealm.NumericLogLevel;
  export type Object<T = Local.DefaultObject, RequiredProperties extends keyof Local.OmittedRealmTypes<T> = never> = LocalRealm.Object<T, RequiredProperties>;
  export type ObjectChangeCallback<T = Local.DefaultObject> = LocalRealm.ObjectChangeCallback<T>;
  export type ObjectChangeSet<T = Local.DefaultObject> = LocalRealm.ObjectChangeSet<T>;
  export type ObjectSchema = LocalRealm.ObjectSchema;
  export type ObjectType = LocalRealm.ObjectType;
  export type OmittedRealmTypes<T> = LocalRealm.OmittedRealmTypes<T>;
  export type OrderedCollection<T = unknown> = LocalRealm.OrderedCollection<T>;
  export type PresentationPropertyTypeName = LocalRealm.PresentationPropertyTypeName;
  export type PrimaryKey = LocalRealm.PrimaryKey;
  export type PrimitivePropertyTypeName = LocalRealm.PrimitivePropertyTypeName;
  export type PropertiesTypes = LocalRealm.PropertiesTypes;
  export type PropertySchema = LocalRealm.PropertySchema;
  export type PropertySchemaShorthand = LocalRealm.PropertySchemaShorthand;
  export type PropertyTypeName = LocalRealm.PropertyTypeName;
  export type RealmEventName = LocalRealm.RealmEventName;
  export type RealmJson = LocalRealm.RealmJson;
  export type RealmObjectConstructor<T extends Local.AnyRealmObject = Local.RealmObject> = LocalRealm.RealmObjectConstructor<T>;
  export type RelationshipPropertyTypeName = LocalRealm.RelationshipPropertyTypeName;
  export type Results<T = unknown> = LocalRealm.Results<T>;
  export type Set<T = unknown> = LocalRealm.Set<T>;
  export type SortDescriptor = LocalRealm.SortDescriptor;
  export type Unmanaged<T, RequiredProperties extends keyof T = never> = LocalRealm.Unmanaged<T, RequiredProperties>;
  export type UpdateMode = LocalRealm.UpdateMode;
  export type UserTypeName = LocalRealm.UserTypeName;
  export type AnyUser = Api.AnyUser;
  export type ApiKey = Api.ApiKey;
  export type AppChangeCallback = Api.ChangeCallback;
  export type AppConfiguration = Api.AppConfiguration;
  export type AppServicesFunction<Result = unknown, Args extends unknown[] = unknown[]> = Api.AppServicesFunction<Result, Args>;
  export type BaseSyncConfiguration = Api.BaseSyncConfiguration;
  export type ClientResetAfterCallback = Api.ClientResetAfterCallback;
  export type ClientResetBeforeCallback = Api.ClientResetBeforeCallback;
  export type ClientResetConfig = Api.ClientResetConfiguration;
  export type ClientResetDiscardUnsyncedChangesConfiguration = Api.ClientResetDiscardUnsyncedChangesConfiguration;
  export type ClientResetError = Api.ClientResetError;
  export type ClientResetFallbackCallback = Api.ClientResetFallbackCallback;
  export type ClientResetManualConfiguration = Api.ClientResetManualConfiguration;
  export type ClientResetMode = Api.ClientResetMode;
  export type ClientResetRecoverOrDiscardUnsyncedChangesConfiguration = Api.ClientResetRecoverOrDiscardUnsyncedChangesConfiguration;
  export type ClientResetRecoverUnsyncedChangesConfiguration = Api.ClientResetRecoverUnsyncedChangesConfiguration;
  export type CompensatingWriteError = Api.CompensatingWriteError;
  export type CompensatingWriteInfo = Api.CompensatingWriteInfo;
  export type ConnectionNotificationCallback = Api.ConnectionCallback;
  export type ConnectionState = Api.ConnectionState;
  export type Credentials = Api.Credentials;
  export type DefaultFunctionsFactory = Api.DefaultFunctionsFactory;
  export type DefaultUserProfileData = Api.DefaultUserProfileData;
  export type ErrorCallback = Api.ErrorCallback;
  export type EstimateProgressNotificationCallback = Api.ProgressCallback;
  export type FlexibleSyncConfiguration = Api.FlexibleSyncConfiguration;
  export type InitialSubscriptions = Api.InitialSubscriptions;
  export type LocalAppConfiguration = Api.LocalAppConfiguration;
  export type Metadata = Api.AppMetadataConfiguration;
  export type MetadataMode = Api.MetadataMode;
  export type OpenRealmBehaviorConfiguration = Api.OpenRealmBehavior;
  export type OpenRealmBehaviorType = Api.OpenRealmBehaviorType;
  export type OpenRealmTimeOutBehavior = Api.OpenRealmTimeOutBehavior;
  export type PartitionBasedSyncProgressNotificationCallback = Api.ProgressCallback;
  export type PartitionSyncConfiguration = Api.PartitionSyncConfiguration;
  export type PartitionValue = Api.PartitionValue;
  export type ProgressDirection = Api.ProgressDirection;
  export type ProgressMode = Api.ProgressMode;
  export type ProgressNotificationCallback = Api.ProgressCallback;
  export type ProviderType = Api.ProviderType;
  export type ProxyType = Api.ProxyType;
  export type RealmFunction<Result = unknown, Args extends unknown[] = unknown[]> = Api.AppServicesFunction<Result, Args>;
  export type SecretApiKey = Api.ApiKey;
  export type SessionState = Api.SessionState;
  export type SessionStopPolicy = Api.SessionStopPolicy;
  export type SubscriptionOptions = Api.SubscriptionOptions;
  export type SubscriptionSetState = Api.SubscriptionSetState;
  export type SyncConfiguration = Api.SyncConfiguration;
  export type SyncError = Api.SyncError;
  export type UserChangeCallback = Api.ChangeCallback;
  export type UserIdentity = Api.UserIdentity;
  export type UserState = Api.UserState;
  export type WaitForSync = Api.WaitForSync;
  export type App<Functions extends object = Api.DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>> = Api.App<Functions, CustomData>;
  export type ConfigurationWithSync = LocalRealm.Configuration;
  export type ProgressRealmPromise = Local.ProgressRealmPromise;
  export type User<Functions extends object = Api.DefaultFunctionsFactory, CustomData extends object = Record<string, unknown>, Profile extends object = Api.DefaultUserProfileData> = Api.User<Functions, CustomData, Profile>;
  export namespace Auth {
    export type ApiKey = Api.ApiKey;
    export type ApiKeyAuth = Api.ApiKeyAuth;
    export type EmailPasswordAuth = Api.EmailPasswordAuth;
  }
  export namespace App {
    export type Credentials = Api.Credentials;
    export namespace Sync {
      export type BaseSubscriptionSet = Api.BaseSubscriptionSet;
      export type ConnectionState = Api.ConnectionState;
      export type LogLevel = LocalRealm.LogLevel;
      export type MutableSubscriptionSet = Api.MutableSubscriptionSet;
      export type NumericLogLevel = LocalRealm.NumericLogLevel;
      export type PartitionValue = Api.PartitionValue;
      export type Session = Api.SyncSession;
      export type Subscription = Api.Subscription;
      export type SubscriptionOptions = Api.SubscriptionOptions;
      export type SubscriptionSet = Api.SubscriptionSet;
      export type SubscriptionSetState = Api.SubscriptionSetState;
      export type SyncSession = Api.SyncSession;
    }
  }
  export namespace BSON {
    export type ObjectId = LocalRealm.BSON.ObjectId;
    export type UUID = LocalRealm.BSON.UUID;
    export type Decimal128 = LocalRealm.BSON.Decimal128;
    export type Binary = LocalRealm.BSON.Binary;
  }
  /** The types of properties. */
  export namespace Types {
    export type Bool = boolean;
    export type String = string;
    export type Int = number;
    export type Float = number;
    export type Double = number;
    export type Decimal128 = LocalRealm.BSON.Decimal128;
    export type ObjectId = LocalRealm.BSON.ObjectId;
    export type UUID = LocalRealm.BSON.UUID;
    export type Counter = LocalRealm.Counter;
    export type Date = globalThis.Date;
    export type Data = ArrayBuffer;
    export type List<T> = LocalRealm.List<T>;
    export type Set<T> = LocalRealm.Set<T>;
    export type Dictionary<T> = LocalRealm.Dictionary<T>;
    export type Mixed = unknown;
    export type LinkingObjects<T, _LinkingPropertyName extends string> = LocalRealm.Results<T>;
  }
}

export default Realm;
export { Auth, BSON, Realm, Realm as "module.exports" };
export * from "@holdfast/realm";
export * from "./index.ts";
