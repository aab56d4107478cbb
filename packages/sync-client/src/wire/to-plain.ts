/**
 * From the values of a realm to those of the wire.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { ReplicaBytes, ReplicaFields, ReplicaKey, ReplicaValue } from "@holdfast/realm/replica";
import { valueText } from "@holdfast/sync-protocol";
import type { PlainObject, PlainValue, WireKey, WireValue } from "@holdfast/sync-protocol";

/** The fields of an object, its primary key left out. */
export function toPlainObject(fields: ReplicaFields, primaryKey?: string): PlainObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== primaryKey).map(([name, value]) => [name, toPlain(value)]));
}

/** One value. */
export function toPlain(value: ReplicaValue): PlainValue {
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return toWire(value);
  switch (value.kind) {
    case "list":
      return value.elements.map(toPlain);
    case "set":
      return { $set: value.elements.map((element) => toWire(element)).sort(byText) };
    case "dictionary":
      return { $dict: Object.fromEntries([...value.entries].map(([name, element]) => [name, toPlain(element)])) };
    case "embedded":
      return { $object: toPlainObject(value.fields) };
    default:
      return toWire(value);
  }
}

/** A primary key. */
export function toWireKey(key: ReplicaKey): WireKey {
  return toWire(key) as WireKey;
}

function byText(left: WireValue, right: WireValue): number {
  const [a, b] = [valueText(left), valueText(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function toWire(value: ReplicaValue): WireValue {
  switch (typeof value) {
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : { $int: String(value) };
    }
    case "number":
      return doubleToWire(value);
    case "object":
      return value === null ? null : objectToWire(value);
    default:
      return value;
  }
}

/** A double without a fraction would read as an int. */
function doubleToWire(value: number): WireValue {
  if (Object.is(value, -0)) return { $double: "-0" };
  return Number.isFinite(value) && !Number.isInteger(value) ? value : { $double: String(value) };
}

function objectToWire(value: Exclude<ReplicaValue, null | boolean | string | number | bigint>): WireValue {
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Uint8Array) return { $data: base64Of(value) };
  switch (value.kind) {
    case "objectId":
      return { $oid: hexOf(value.bytes) };
    case "uuid":
      return { $uuid: uuidText(value) };
    case "decimal128":
      return { $decimal: new BSON.Decimal128(value.bytes.slice() as never).toString() };
    case "link":
      return { $link: [value.className, toWireKey(value.key)] };
    default:
      throw new TypeError(`a ${value.kind} is no single value`);
  }
}

function uuidText({ bytes }: ReplicaBytes): string {
  const hex = hexOf(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
