/**
 * Values of the wire in the form in which filters compare them and columns hold them, and back.
 *
 * @module
 */
import type { PlainValue, WireKey, WireValue } from "@holdfast/sync-protocol";
import { hexOf, isInt64, isStorableText } from "../filters/constants.ts";
import type { Scalar, ScalarType } from "../filters/filter.ts";

/** Earliest date that PostgreSQL can hold: 4713 BC. */
const DATE_MIN = -210_866_803_200_000;
const DATE_MAX = 8_640_000_000_000_000;

/** A value as a filter sees it; null for one of another type, which a field can never hold. */
export function scalarOfWire(value: PlainValue | undefined, type: ScalarType): Scalar {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") {
    if (type === "bool") return typeof value === "boolean" ? value : null;
    if (type === "int" || type === "double") return typeof value === "number" ? value : null;
    return type === "string" && typeof value === "string" ? value : null;
  }
  if (Array.isArray(value)) return null;
  if ("$int" in value) return type === "int" ? BigInt(value.$int as string) : type === "double" ? Number(value.$int) : null;
  if ("$double" in value) return type === "double" ? Number(value.$double) : null;
  if ("$date" in value) return type === "date" ? (value.$date as number) : null;
  if ("$oid" in value) return type === "objectId" ? (value.$oid as string) : null;
  if ("$uuid" in value) return type === "uuid" ? (value.$uuid as string) : null;
  if ("$decimal" in value) return type === "decimal128" ? (value.$decimal as string) : null;
  if ("$data" in value) return type === "data" ? hexOfBase64(value.$data as string) : null;
  if ("$link" in value) return type === "link" ? keyColumnText((value.$link as readonly [string, WireKey])[1]) : null;
  return null;
}

/** The way back: a scalar as the value of a property. */
export function wireOfScalar(value: Exclude<Scalar, null>, type: ScalarType, linkClass?: { readonly name: string; readonly keyType: ScalarType }): WireValue {
  switch (type) {
    case "bool":
    case "string":
      return value as boolean | string;
    case "int":
      return wireInt(BigInt(value as number | bigint));
    case "double":
      return wireDouble(Number(value));
    case "date":
      return { $date: Number(value) };
    case "decimal128":
      return { $decimal: String(value) };
    case "objectId":
      return { $oid: String(value) };
    case "uuid":
      return { $uuid: String(value) };
    case "data":
      return { $data: Buffer.from(String(value), "hex").toString("base64") };
    case "link":
      if (linkClass === undefined) throw new TypeError("a link needs its class");
      return { $link: [linkClass.name, wireOfScalar(linkClass.keyType === "int" ? BigInt(String(value)) : value, linkClass.keyType) as WireKey] };
  }
}

/** A primary key as the text of its column's value: digits, the string itself, hex, or a UUID. */
export function keyColumnText(key: WireKey): string {
  if (key === null || typeof key !== "object") return String(key);
  if ("$int" in key) return key.$int;
  return "$oid" in key ? key.$oid : key.$uuid;
}

/** True if the text names a key that a column of this type can hold; others are refused before they are stored. */
export function isKeyText(text: string, type: string): boolean {
  return type !== "int" || (/^-?\d{1,19}$/.test(text) && isInt64(BigInt(text)));
}

/** The key of a column's text. */
export function keyOfColumnText(text: string, type: ScalarType): WireKey {
  return wireOfScalar(type === "int" ? BigInt(text) : text, type) as WireKey;
}

/** Why no store can hold a value; undefined if it can. Looks into containers. */
export function unstorable(value: unknown): string | undefined {
  if (typeof value === "string") return isStorableText(value) ? undefined : "text with a zero character or half of a surrogate pair";
  if (typeof value !== "object" || value === null) return undefined;
  if ("$date" in value && typeof value.$date === "number" && (value.$date < DATE_MIN || value.$date > DATE_MAX)) return "a date before 4713 BC";
  if ("$int" in value && typeof value.$int === "string" && !isInt64(BigInt(value.$int))) return "an integer of more than 64 bits";
  for (const [name, part] of Object.entries(value)) {
    const reason = (Array.isArray(value) ? undefined : unstorable(name)) ?? unstorable(part);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function wireInt(value: bigint): WireValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { $int: String(value) };
}

function wireDouble(value: number): WireValue {
  if (!Number.isFinite(value)) return { $double: String(value) };
  if (!Number.isInteger(value)) return value;
  return { $double: Object.is(value, -0) ? "-0" : String(value) };
}

function hexOfBase64(text: string): string {
  return hexOf(Buffer.from(text, "base64"));
}
