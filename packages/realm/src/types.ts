/**
 * Types of Realm's API that stand for no value of their own: objects by their properties, names of types, plain forms of objects.
 *
 * @module
 */
import type { BSON } from "./bson.ts";
import type { Collection } from "./collections/collection.ts";
import type { Dictionary as DictionaryClass } from "./collections/dictionary.ts";
import type { List } from "./collections/list.ts";
import type { Results } from "./collections/results.ts";
import type { RealmSet } from "./collections/set.ts";
import type { Counter } from "./objects/counter.ts";
import type { RealmObject } from "./objects/realm-object.ts";
import type { CanonicalObjectSchema, ObjectSchema } from "./schema/types.ts";

/** An object whose properties are not known to the compiler: Realm's API has them as `any`, and code written for it counts on that. */
// oxlint-disable-next-line typescript/no-explicit-any
export type DefaultObject = Record<string, any>;

/** An object of whatever class. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyRealmObject = RealmObject<any>;

/** A class model. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Constructor<T = unknown> = new (...args: any[]) => T;

/** A class model with its schema. */
export type RealmObjectConstructor<T extends AnyRealmObject = RealmObject<DefaultObject>> = Constructor<T> & { schema?: ObjectSchema };

/** A class by its name or its model. */
export type ObjectType = string | RealmObjectConstructor;

/** A value of a mixed property. */
export type Mixed = unknown;

/** A dictionary: its methods, and values of one type under all other names. */
export type Dictionary<T = unknown> = DictionaryClass<T> & { [key: string]: T };

// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...args: any[]) => any;

/** Names of the properties that the plain form of an object has: no methods, no inverse relationships. */
type PlainKeys<T> = { [K in keyof T]: K extends keyof AnyRealmObject ? never : T[K] extends AnyFunction ? never : T[K] extends Results<infer _> ? never : K }[keyof T];

type PlainElement<E> = E extends AnyRealmObject ? E | Unmanaged<E> : E;

type PlainValue<V> =
  V extends List<infer E> ? PlainElement<E>[] | List<E>
  : V extends RealmSet<infer E> ? PlainElement<E>[] | Set<PlainElement<E>> | RealmSet<E>
  : V extends DictionaryClass<infer E> ? { [key: string]: PlainElement<E> } | V
  : V extends Counter ? Counter | number
  : PlainElement<V>;

/** An object's properties without what only a managed object has. */
export type OmittedRealmTypes<T> = Pick<T, PlainKeys<T>>;

/** The plain form of an object, as `create` takes it: properties are optional, but for those that are named. */
export type Unmanaged<T, RequiredProperties extends keyof T = never> =
  { [K in Exclude<PlainKeys<T>, RequiredProperties>]?: PlainValue<T[K]> } & { [K in Extract<PlainKeys<T>, RequiredProperties>]: PlainValue<T[K]> };

/** Names of primitive types. */
export type PrimitivePropertyTypeName = "bool" | "int" | "float" | "double" | "decimal128" | "objectId" | "string" | "data" | "date" | "mixed" | "uuid";
/** Names of collection types. */
export type CollectionPropertyTypeName = "list" | "dictionary" | "set";
/** Names of types of relationships. */
export type RelationshipPropertyTypeName = "object" | "linkingObjects";
/** Names of all types. */
export type PropertyTypeName = PrimitivePropertyTypeName | CollectionPropertyTypeName | RelationshipPropertyTypeName;
/** Names of presentations. */
export type PresentationPropertyTypeName = "counter";
/** The name of a class. */
export type UserTypeName = string;
/** How a property is indexed. */
export type IndexedType = boolean | "full-text";
/** What may be a primary key. */
export type PrimaryKey = number | string | InstanceType<typeof BSON.ObjectId> | InstanceType<typeof BSON.UUID> | null;
/** A property in its short form. */
export type PropertySchemaShorthand = string;
/** The canonical forms of a class's properties. */
export type CanonicalPropertiesTypes = CanonicalObjectSchema["properties"];
/** The properties of a class as they are written. */
export type PropertiesTypes = ObjectSchema["properties"];
/** Any collection. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyCollection = Collection<any>;
/** Any list. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyList = List<any>;
/** Any set. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnySet = RealmSet<any>;
/** Any dictionary. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyDictionary = DictionaryClass<any>;
/** Any result. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyResults = Results<any>;
