/**
 * Reading JSON that came from outside: each function takes what it expects or throws, and says where.
 *
 * @module
 */
import { setOwn } from "../merge/fields.ts";
import { ProtocolError, type ProtocolErrorCode } from "../protocol-error.ts";

/** Something that makes a value of what it is given, or throws. */
export type Reading<T> = (value: unknown) => T;

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Throws. */
export function refuse(code: ProtocolErrorCode, message: string): never {
  throw new ProtocolError(code, message);
}

/** An object. */
export function record(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("MESSAGE_MALFORMED", "expected an object");
  return value as Json;
}

/** What a field holds, read. A field that is not there is read as undefined. */
export function field<T>(from: Json, name: string, reading: Reading<T>): T {
  try {
    return reading(Object.hasOwn(from, name) ? from[name] : undefined);
  } catch (error) {
    throw placed(error, name);
  }
}

/** The field to be spread into an object; nothing if it is not there. */
export function maybe<K extends string, T>(from: Json, name: K, reading: Reading<T>): { readonly [P in K]?: T } {
  return Object.hasOwn(from, name) && from[name] !== undefined ? ({ [name]: field(from, name, reading) } as { readonly [P in K]?: T }) : {};
}

/** Sets a field of `target` to what is read; nothing if it is not there. The same as `maybe` for what comes a hundred thousand times. */
export function take<K extends string, T>(target: { [P in K]?: T }, from: Json, name: K, reading: Reading<T>): void {
  if (!Object.hasOwn(from, name) || from[name] === undefined) return;
  try {
    target[name] = reading(from[name]);
  } catch (error) {
    throw placed(error, name);
  }
}

/** A list of at most `most` entries. */
export function listOf<T>(reading: Reading<T>, most: number, least = 0): Reading<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return refuse("MESSAGE_MALFORMED", "expected a list");
    if (value.length > most) return refuse("TOO_MANY", `at most ${most} entries, not ${value.length}`);
    if (value.length < least) return refuse("MESSAGE_MALFORMED", `at least ${least} entries`);
    return value.map((each, index) => {
      try {
        return reading(each);
      } catch (error) {
        throw placed(error, `[${index}]`);
      }
    });
  };
}

/** A record whose keys are data: each value read, each key too. */
export function mapOf<T>(reading: Reading<T>, readKey: Reading<string>): Reading<Readonly<Record<string, T>>> {
  return (value) => {
    const from = record(value);
    const read: Record<string, T> = {};
    for (const key of Object.keys(from)) {
      try {
        setOwn(read, readKey(key), reading(from[key]));
      } catch (error) {
        throw placed(error, "{}");
      }
    }
    return read;
  };
}

/** A string of at most `most` UTF-16 code units, without halves of surrogate pairs. */
export function textOf(most: number, least = 0): Reading<string> {
  return (value) => {
    if (typeof value !== "string") return refuse("MESSAGE_MALFORMED", "expected a string");
    if (value.length > most) return refuse("VALUE_TOO_LARGE", `at most ${most} code units, not ${value.length}`);
    if (value.length < least) return refuse("MESSAGE_MALFORMED", `at least ${least} code units`);
    if (HALF.test(value)) return refuse("VALUE_INVALID", "half of a surrogate pair");
    return value;
  };
}

/** A safe integer from `least` on. */
export function integerFrom(least: number): Reading<number> {
  return (value) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || Object.is(value, -0)) return refuse("MESSAGE_MALFORMED", `expected an integer from ${least} on`);
    return value;
  };
}

/** One of some strings. */
export function oneOf<const T extends string>(values: readonly T[]): Reading<T> {
  return (value) => values.find((each) => each === value) ?? refuse("MESSAGE_MALFORMED", `expected one of ${values.join(", ")}`);
}

/** The constant 1, a mark. */
export function mark(value: unknown): 1 {
  return value === 1 ? 1 : refuse("MESSAGE_MALFORMED", "expected 1");
}

/** The constant `true`, a mark. */
export function yes(value: unknown): true {
  return value === true ? true : refuse("MESSAGE_MALFORMED", "expected true");
}

/** A boolean. */
export function boolean(value: unknown): boolean {
  return typeof value === "boolean" ? value : refuse("MESSAGE_MALFORMED", "expected true or false");
}

function placed(error: unknown, step: string): unknown {
  if (!(error instanceof ProtocolError)) return error;
  const inner = error.place ?? "";
  return new ProtocolError(error.code, error.reason, { place: `${step}${inner === "" || inner.startsWith("[") || inner.startsWith("{") ? "" : "."}${inner}` });
}

const HALF = /\p{Surrogate}/u;
