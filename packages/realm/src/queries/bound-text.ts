/**
 * A query's text with its arguments written into it: what a subscription sends, since a server has no arguments.
 *
 * @module
 */
import { tokenize } from "@holdfast/query";
import { RealmError } from "../errors.ts";
import { bytesToBase64 } from "../json/json-bytes.ts";

/** Strings are passed over: a dollar in them is no argument. */
const TOKEN = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\$(\d+)/g;

/** Replaces `$0` and so on. @throws {RealmError} `ARGUMENT_INVALID`: an argument has no form as text. */
export function bindText(text: string, args: readonly unknown[]): string {
  return text.replace(TOKEN, (token, index: string | undefined) => (index === undefined ? token : literalOf(args[Number(index)])));
}

/** Puts the names that properties have in the file in the place of those of the schema: a server knows no others. */
export function withFileNames(text: string, properties: Readonly<Record<string, { readonly mapTo: string }>>): string {
  if (Object.entries(properties).every(([name, { mapTo }]) => name === mapTo)) return text;
  let result = "";
  let end = 0;
  let before = "";
  for (const { kind, text: word, start } of tokenize(text)) {
    // Behind a dot stands a property of another class.
    const mapTo = kind === "identifier" && before !== "." && Object.hasOwn(properties, word) ? properties[word]?.mapTo : undefined;
    result += text.slice(end, start) + (mapTo ?? word);
    end = start + word.length;
    before = word;
  }
  return result;
}

function literalOf(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `{${value.map(literalOf).join(", ")}}`;
  if (value instanceof Date) return dateText(value.getTime());
  if (value instanceof ArrayBuffer) return `B64"${bytesToBase64(new Uint8Array(value))}"`;
  if (ArrayBuffer.isView(value)) return `B64"${bytesToBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}"`;
  const { _bsontype: type, sub_type: subType } = value as { _bsontype?: string; sub_type?: number };
  if (type === "ObjectId" || type === "ObjectID") return `oid(${String(value)})`;
  if (type === "UUID" || (type === "Binary" && subType === 4)) return `uuid(${String((value as { toHexString?: () => string }).toHexString?.() ?? value)})`;
  if (type === "Decimal128") return String(value);
  throw new RealmError("ARGUMENT_INVALID", "A subscription's query cannot have an object or a collection among its arguments.");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}

function dateText(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  return `T${seconds}:${(milliseconds - seconds * 1000) * 1_000_000}`;
}

function quoted(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t").replaceAll("\0", "\\0");
  return `"${escaped}"`;
}
