/**
 * From the values of the wire to those of a realm.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { ReplicaFields, ReplicaKey, ReplicaValue } from "@holdfast/realm/replica";
import type { PlainObject, PlainValue, WireKey } from "@holdfast/sync-protocol";

/** The fields of an object. */
export function toReplicaFields(plain: PlainObject): ReplicaFields {
  const fields: Record<string, ReplicaValue> = {};
  for (const name of Object.keys(plain)) {
    const value = toReplica(plain[name] as PlainValue);
    // A property of this name is one like any other.
    if (name === "__proto__") Object.defineProperty(fields, name, { value, enumerable: true });
    else fields[name] = value;
  }
  return fields;
}

/** A primary key. */
export function toReplicaKey(key: WireKey): ReplicaKey {
  return toReplica(key) as ReplicaKey;
}

/** A primary key as applications know it. */
export function toPublicKey(key: WireKey): unknown {
  if (key === null || typeof key !== "object") return key;
  if ("$oid" in key) return new BSON.ObjectId(key.$oid);
  return "$uuid" in key ? new BSON.UUID(key.$uuid) : BigInt(key.$int);
}

/** One value. A number without a fraction is an int. */
export function toReplica(value: PlainValue): ReplicaValue {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return { kind: "list", elements: value.map(toReplica) };
  if ("$set" in value) return { kind: "set", elements: value.$set.map(toReplica) };
  if ("$dict" in value) return { kind: "dictionary", entries: new Map(Object.entries(value.$dict).map(([name, element]) => [name, toReplica(element)])) };
  if ("$object" in value) return { kind: "embedded", fields: toReplicaFields(value.$object) };
  if ("$int" in value) return BigInt(value.$int);
  if ("$double" in value) return Number(value.$double);
  if ("$date" in value) return new Date(value.$date);
  if ("$data" in value) return Uint8Array.from(atob(value.$data), (character) => character.charCodeAt(0));
  if ("$decimal" in value) return { kind: "decimal128", bytes: decimalBytes(value.$decimal) };
  if ("$oid" in value) return { kind: "objectId", bytes: bytesOfHex(value.$oid) };
  if ("$uuid" in value) return { kind: "uuid", bytes: bytesOfHex(value.$uuid.replaceAll("-", "")) };
  const [className, key] = value.$link;
  return { kind: "link", className, key: toReplicaKey(key) };
}

function isList(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
}

function decimalBytes(text: string): Uint8Array {
  return new Uint8Array((BSON.Decimal128.fromString(text) as unknown as { bytes: Uint8Array }).bytes);
}
