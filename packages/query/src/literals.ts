/**
 * The values of literal tokens: numbers, strings with escapes, dates, ids and base64.
 *
 * @module
 */
import type { Constant } from "./ast.ts";
import { QueryError } from "./errors.ts";
import type { Token } from "./lexer.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", "0": "\0" };
const BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const MS_PER_SECOND = 1000;
const NS_PER_MS = 1_000_000;
/** The furthest that a Date can be from 1970. */
const DATE_MAX_MS = 8.64e15;

/**
 * The constant that a literal token stands for; undefined if the token is not a literal.
 *
 * @throws {QueryError} `QUERY_INVALID` for an integer outside 64 bits, a date before 1900, base64 of a wrong length.
 */
export function constantOf(token: Token): Constant | undefined {
  const text = token.text;
  switch (token.kind) {
    case "natural":
    case "integer":
      return intConstant(text);
    case "float": {
      const digits = text.endsWith("f") ? text.slice(0, -1) : text;
      return { type: "double", value: Number(digits), text: digits };
    }
    case "infinity":
      return { type: "double", value: text.startsWith("-") ? -Infinity : Infinity, text: text.startsWith("-") ? "-Infinity" : "Infinity" };
    case "nan":
      return { type: "double", value: NaN, text: "NaN" };
    case "string":
      return { type: "string", value: unescape(text.slice(1, -1)) };
    case "base64":
      return { type: "base64", value: bytesOfBase64(text.slice(4, -1)) };
    case "uuid":
      return { type: "uuid", value: bytesOfHex(text.slice(5, -1).replaceAll("-", "")) };
    case "objectId":
      return { type: "objectId", value: bytesOfHex(text.slice(4, -1)) };
    case "date":
      return { type: "date", value: dateInRange(text) };
    default:
      return undefined;
  }
}

/** An identifier with its escaped blanks (`\ `, `\t`, `\n`, `\r`) put in. */
export function identifierOf(token: Token): string {
  return token.text.replaceAll(/\\([ nrt])/g, (_, letter: string) => (letter === " " ? " " : (ESCAPES[letter] ?? letter)));
}

/** An integer constant: a number where it is exact, else a bigint. */
export function intConstant(text: string): Constant {
  const isNegative = text.startsWith("-");
  const magnitude = BigInt(text.replace(/^[+-]/, ""));
  const value = isNegative ? -magnitude : magnitude;
  if (value < INT_MIN || value > INT_MAX) {
    throw new QueryError("QUERY_INVALID", `The integer ${text} does not fit into 64 bits`);
  }
  const number = Number(value);
  return { type: "int", value: Number.isSafeInteger(number) ? number : value };
}

function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, unit: string | undefined, letter: string) =>
    unit === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(unit, 16)),
  );
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

function bytesOfBase64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, "");
  if (digits.includes("=") || digits.length % 4 === 1) throw new QueryError("QUERY_SYNTAX", "Invalid base64 value");
  const bytes: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const digit of digits) {
    bits = bits * 64 + BASE64_ALPHABET.indexOf(digit);
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes.push(Math.floor(bits / 2 ** bitCount));
      bits %= 2 ** bitCount;
    }
  }
  return Uint8Array.from(bytes);
}

/** A date that no Date could hold would be NaN, which compares with nothing. */
function dateInRange(text: string): number {
  const ms = dateMs(text);
  if (!(Math.abs(ms) <= DATE_MAX_MS)) throw new QueryError("QUERY_INVALID", `The date ${text} is further from 1970 than a date can be`);
  return ms;
}

/** `T<seconds>:<nanoseconds>` or `year-month-day@hour:minute:second[:nanoseconds]`, in UTC. */
function dateMs(text: string): number {
  if (text.startsWith("T")) {
    const [seconds = 0, nanoseconds = 0] = text.slice(1).split(":").map(Number);
    if (seconds * nanoseconds < 0) throw new QueryError("QUERY_SYNTAX", "Invalid timestamp format");
    return seconds * MS_PER_SECOND + nanoseconds / NS_PER_MS;
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanoseconds = 0] = text.split(/[-@T:]/).map(Number);
  if (year < 1900) throw new QueryError("QUERY_INVALID", "Conversion of dates before 1900 is not supported.");
  const secondsMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Seconds carry the sign of the fraction, as in Realm's timestamps.
  return secondsMs + (secondsMs < 0 ? -nanoseconds : nanoseconds) / NS_PER_MS;
}
