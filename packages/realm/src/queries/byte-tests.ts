/**
 * `==`, `!=` and BEGINSWITH on a string property of the object itself, byte for byte and without decoding a string.
 *
 * @module
 */
import type { CheckedPath } from "@holdfast/query";
import { blobStart, readHeader } from "../records/read.ts";
import type { Row } from "../records/row.ts";
import type { QuerySource } from "./query-source.ts";

/** Header of a null string: no bytes, and the flag that else says "not ASCII". */
const NULL_HEADER = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A test of a string property against one constant. */
export interface TextByteTest {
  readonly path: CheckedPath;
  readonly operator: "==" | "!=" | "BEGINSWITH";
  readonly value: string;
}

/** The test over rows; undefined if the property does not stand in the record itself or the constant is not well-formed. */
export function compileByteTest({ path, operator, value }: TextByteTest, source: QuerySource): ((row: Row) => boolean) | undefined {
  const locate = locatorOf(path, source);
  const wanted = encoder.encode(value);
  // A lone surrogate has no bytes of its own: it would be taken for the replacement character.
  if (locate === undefined || decoder.decode(wanted) !== value) return undefined;
  if (operator === "BEGINSWITH") return prefixTest(locate, wanted);
  const isEqual = operator === "==";
  const header = wanted.length * 2 + (wanted.length === value.length ? 0 : 1);
  return (row) => {
    const bytes = row.valueBytes;
    const at = locate(row);
    return (readHeader(bytes, at) === header && hasBytes(bytes, blobStart(bytes, at), wanted)) === isEqual;
  };
}

function prefixTest(locate: (row: Row) => number, wanted: Uint8Array): (row: Row) => boolean {
  return (row) => {
    const bytes = row.valueBytes;
    const at = locate(row);
    const header = readHeader(bytes, at);
    return header !== NULL_HEADER && header >= wanted.length * 2 && hasBytes(bytes, blobStart(bytes, at), wanted);
  };
}

/** From the end on: names, cities and numbered texts differ there more often than at their beginning. */
function hasBytes(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = wanted.length - 1; index >= 0; index--) if (bytes[start + index] !== wanted[index]) return false;
  return true;
}

/** Where the string's header stands in a record. */
function locatorOf(path: CheckedPath, source: QuerySource): ((row: Row) => number) | undefined {
  const [step] = path.steps;
  if (step?.kind !== "property" || step.property.collection !== undefined || step.access.length > 0 || path.steps.length > 1) return undefined;
  const { layout } = source.table(step.className);
  const field = layout.fieldOf(step.property.name);
  if (field?.group !== "blob" || field.section > 0) return undefined;
  return field.at;
}
