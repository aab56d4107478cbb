/**
 * Values and keys: each has one text, and only that one is taken. Forms: docs/format/sync-wire.md, section 3.
 *
 * @module
 */
import { isDecimalText } from "../decimal.ts";
import { isNewBox } from "../merge/slot.ts";
import type { Limits } from "../limits.ts";
import type { Content } from "../operation.ts";
import { isStamp, type Stamp } from "../stamp.ts";
import type { WireInt, WireKey, WireValue } from "../wire-value.ts";
import { oneOf, record, refuse, textOf, type Json, type Reading } from "./reading.ts";

const INT = /^-?[1-9][0-9]{15,18}$/;
const OBJECT_ID = /^[0-9a-f]{24}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const ELEMENT = /^[0-9a-f]{32}(?:\.[1-9][0-9]{0,4})?$/;
const MOST_MS = 8_640_000_000_000_000;
/** What stands before the padding when all bits behind the last byte are zero. */
const ENDS_OF_TWO = "AQgw";
const ENDS_OF_ONE = "AEIMQUYcgkosw048";

/** Readings of values within limits. */
export class ValueReadings {
  readonly name: Reading<string>;
  /** A name that may be empty: a dictionary's key. */
  readonly key: Reading<string>;
  readonly #text: Reading<string>;

  constructor(limits: Limits) {
    this.name = textOf(limits.nameLength, 1);
    this.key = textOf(limits.nameLength);
    this.#text = textOf(limits.valueLength);
  }

  /** A value other than a container. */
  readonly value: Reading<WireValue> = (value) => {
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") return plainNumber(value);
    return this.#tagged(record(value));
  };

  /** A value, or a new container. */
  readonly content: Reading<Content> = (value) => {
    if (typeof value !== "object" || value === null || !isNewBox(value as Content)) return this.value(value);
    return { $new: NEW_KIND(only(record(value), "$new")) };
  };

  /** A primary key. */
  readonly primaryKey: Reading<WireKey> = (value) => {
    if (value === null) return null;
    if (typeof value === "string") return this.key(value);
    if (typeof value === "number") return Number.isSafeInteger(value) ? plainNumber(value) : refuse("VALUE_INVALID", "a key is no double");
    const tagged = this.#tagged(record(value));
    if (typeof tagged === "object" && tagged !== null && ("$int" in tagged || "$oid" in tagged || "$uuid" in tagged)) return tagged;
    return refuse("VALUE_INVALID", "expected an int, a string, an objectId, a uuid or null as a key");
  };

  /** An int. */
  readonly int: Reading<number | WireInt> = (value) => {
    const int = this.value(value);
    if (typeof int === "number" && Number.isSafeInteger(int)) return int;
    if (typeof int === "object" && int !== null && "$int" in int) return int;
    return refuse("VALUE_INVALID", "expected an int");
  };

  #tagged(value: Json): WireValue {
    const [tag, ...others] = Object.keys(value);
    if (tag === undefined || others.length > 0) return refuse("VALUE_INVALID", "a value that is an object has exactly one field");
    const inner = value[tag];
    if (tag === "$int") return { $int: checked(inner, isBigInt, "decimal digits of an int beyond 2^53 and within 64 bits") };
    if (tag === "$double") return { $double: checked(inner, isDoubleText, "the text of a double that JSON's numbers cannot tell from an int, or do not have") };
    if (tag === "$date") return { $date: isDate(inner) ? inner : refuse("VALUE_INVALID", "expected whole milliseconds of a date") };
    if (tag === "$data") return { $data: checked(this.#text(inner), isBase64, "base64 with padding") };
    if (tag === "$decimal") return { $decimal: checked(inner, isDecimalText, "the canonical text of a decimal128") };
    if (tag === "$oid") return { $oid: checked(inner, (text) => OBJECT_ID.test(text), "24 hexadecimal digits") };
    if (tag === "$uuid") return { $uuid: checked(inner, (text) => UUID.test(text), "a uuid in lower case") };
    if (tag === "$link") return { $link: this.#link(inner) };
    return refuse("VALUE_INVALID", "no such type of value");
  }

  #link(inner: unknown): readonly [string, WireKey] {
    if (!Array.isArray(inner) || inner.length !== 2) return refuse("VALUE_INVALID", "a link is a class and a primary key");
    return [this.name(inner[0]), this.primaryKey(inner[1])];
  }
}

/** A stamp. */
export function stamp(value: unknown): Stamp {
  return isStamp(value) ? value : refuse("STAMP_INVALID", "expected 32 hexadecimal digits");
}

/** The id of a list's element or position. */
export function elementId(value: unknown): string {
  return typeof value === "string" && ELEMENT.test(value) ? value : refuse("OPERATION_INVALID", "expected the id of an element");
}

const NEW_KIND = oneOf(["list", "dict", "object"]);

function only(value: Json, name: string): unknown {
  return Object.keys(value).length === 1 ? value[name] : refuse("VALUE_INVALID", "a value that is an object has exactly one field");
}

function plainNumber(value: number): number {
  if (Object.is(value, -0) || !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return refuse("VALUE_INVALID", "a number that is neither an int nor a double with a fraction has to be tagged");
  return value;
}

function checked(value: unknown, isRight: (text: string) => boolean, what: string): string {
  return typeof value === "string" && isRight(value) ? value : refuse("VALUE_INVALID", `expected ${what}`);
}

function isBigInt(text: string): boolean {
  if (!INT.test(text)) return false;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value && !Number.isSafeInteger(Number(value));
}

function isDoubleText(text: string): boolean {
  if (text === "-0") return true;
  const value = Number(text);
  return String(value) === text && (!Number.isFinite(value) || Number.isInteger(value));
}

function isDate(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= MOST_MS && !Object.is(value, -0);
}

function isBase64(text: string): boolean {
  if (!BASE64.test(text)) return false;
  if (text.endsWith("==")) return ENDS_OF_TWO.includes(text.at(-3) ?? "");
  return !text.endsWith("=") || ENDS_OF_ONE.includes(text.at(-2) ?? "");
}
