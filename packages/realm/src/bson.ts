/**
 * The BSON classes that Realm re-exports, loaded from a CommonJS package.
 *
 * @module
 */
import bson from "bson";
import type { Decimal128 as Decimal128Type, ObjectId as ObjectIdType, UUID as UUIDType } from "bson";

/** A 12-byte id. */
export const ObjectId: typeof ObjectIdType = bson.ObjectId;
/** A 16-byte id. */
export const UUID: typeof UUIDType = bson.UUID;
/** A decimal of 34 digits. */
export const Decimal128: typeof Decimal128Type = bson.Decimal128;
/** The whole namespace, as `Realm.BSON`. */
export const BSON: typeof bson = bson;
