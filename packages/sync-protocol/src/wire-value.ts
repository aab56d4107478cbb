/**
 * Values as JSON: every type that a property can have, each value with exactly one text.
 *
 * Equality of values is equality of these texts ({@link valueText}). What JSON has stands for itself; what it lacks is an object with one
 * field that begins with `$`. An int is a JSON number; a double that is whole is tagged, so that 1 and 1.0 stay two values. All forms:
 * docs/format/sync-wire.md, section 3.
 *
 * @module
 */

/** An int beyond 2^53, as decimal digits of a signed 64-bit number. */
export interface WireInt {
  readonly $int: string;
}
/** A double that JSON's numbers would confuse with an int, or do not have: `"1"`, `"1e300"`, `"-0"`, `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export interface WireDouble {
  readonly $double: string;
}
/** Milliseconds since 1970, negative before. */
export interface WireDate {
  readonly $date: number;
}
/** Bytes in base64 with padding (RFC 4648 section 4). */
export interface WireData {
  readonly $data: string;
}
/** A decimal128 in the text form of the BSON specification. */
export interface WireDecimal {
  readonly $decimal: string;
}
/** 24 hexadecimal digits in lower case. */
export interface WireObjectId {
  readonly $oid: string;
}
/** 36 characters in lower case, RFC 9562 section 4. */
export interface WireUuid {
  readonly $uuid: string;
}
/** A link: the class and the primary key of its target. */
export interface WireLink {
  readonly $link: readonly [type: string, pk: WireKey];
}

/** A value other than a container. */
export type WireValue = null | boolean | string | number | WireInt | WireDouble | WireDate | WireData | WireDecimal | WireObjectId | WireUuid | WireLink;

/** A primary key. */
export type WireKey = null | string | number | WireInt | WireObjectId | WireUuid;

/** The one text of a value: equal values have equal texts. */
export function valueText(value: WireValue): string {
  return JSON.stringify(value);
}

/** The one text of a primary key, for maps and for SQL. */
export function keyText(key: WireKey): string {
  return JSON.stringify(key);
}
