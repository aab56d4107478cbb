/**
 * Brings a constant into the type of the property that it is compared with, as Realm does, or refuses the pair.
 *
 * @module
 */
import type { Constant } from "./ast.ts";
import type { CheckedValue, OperandType } from "./checked.ts";
import { decimalOf, parseDecimal } from "./decimal.ts";
import { QueryError } from "./errors.ts";
import { typeBits } from "./type-names.ts";

/** What a constant is converted for. */
export interface ConversionTarget {
  readonly type: OperandType;
  /** Of a link: its class. */
  readonly objectType: string | undefined;
  /** The other side as it was written, for messages. */
  readonly pathText: string;
  /** A literal string may spell a number; an argument may not. */
  readonly isLiteral: boolean;
  /** True if the constant stands on the left, so that messages keep the order of the query. */
  readonly isConstantLeft: boolean;
}

/** Realm's names of types, where they differ from the schema's. */
const TYPE_NAMES: ReadonlyMap<string, string> = new Map([["data", "binary"], ["date", "timestamp"], ["object", "link"], ["link", "link"], ["base64", "binary"], ["typeOf", "type of value"]]);

/** The name of a type in Realm's messages. */
export function typeName(type: string): string {
  return TYPE_NAMES.get(type) ?? type;
}

/**
 * The constant as a value of the other side's type.
 *
 * @throws {QueryError} `QUERY_TYPE_MISMATCH` with Realm's message.
 */
export function convertConstant(constant: Constant, target: ConversionTarget): CheckedValue {
  const value = tryConvertConstant(constant, target);
  if (value === undefined) throw mismatch(target, constant.type);
  return value;
}

/** As `convertConstant`, but undefined for a constant of another type: such an element of a list equals nothing. */
export function tryConvertConstant(constant: Constant, target: ConversionTarget): CheckedValue | undefined {
  if (constant.type === "null") return null;
  const { type } = target;
  switch (type) {
    case "int":
    case "float":
    case "double":
      return numberValue(constant, type, target.isLiteral);
    case "decimal128":
      return decimalValue(constant, target.isLiteral);
    case "string":
      return stringValue(constant);
    case "data":
      if (constant.type === "string") return { type: "data", value: new TextEncoder().encode(constant.value) };
      return constant.type === "data" || constant.type === "base64" ? { type: "data", value: constant.value } : undefined;
    case "object":
      return linkValue(constant, target);
    case "mixed":
      return anyValue(constant);
    case "typeOf":
      return typeValue(constant);
    default:
      return sameType(constant, type);
  }
}

/** A constant as it is, to be compared with values of any type. */
export function anyValue(constant: Constant): CheckedValue {
  switch (constant.type) {
    case "null":
      return null;
    case "int":
    case "double":
      return { type: "number", value: constant.value };
    case "decimal128":
      return { type: "decimal128", value: decimalOrThrow(constant.text) };
    case "base64":
      return textOrData(constant.value);
    case "link":
      return { type: "link", className: constant.className, key: constant.key };
    default:
      return constant;
  }
}

/** Base64 stands for a string; for data if it is no UTF-8. */
function textOrData(value: Uint8Array): CheckedValue {
  try {
    return { type: "string", value: utf8Text(value) };
  } catch {
    return { type: "data", value };
  }
}

function typeValue(constant: Constant): CheckedValue | undefined {
  if (constant.type === "string") return { type: "typeOf", value: typeBits(constant.value) };
  throw new QueryError("QUERY_TYPE_MISMATCH", `Unsupported comparison between @type and raw value: 'type of value' and '${typeName(constant.type)}'`);
}

function sameType(constant: Constant, type: OperandType): CheckedValue | undefined {
  if (constant.type !== type) return undefined;
  if (constant.type === "bool" || constant.type === "date" || constant.type === "objectId" || constant.type === "uuid") return constant;
  return undefined;
}

function numberValue(constant: Constant, type: "int" | "float" | "double", isLiteral: boolean): CheckedValue | undefined {
  switch (constant.type) {
    case "int":
      return { type: "number", value: constant.value };
    case "double":
      if (type === "int" && isLiteral && !Number.isFinite(constant.value)) {
        throw new QueryError("QUERY_TYPE_MISMATCH", `${Number.isNaN(constant.value) ? "NaN" : "Infinity"} not supported for int`);
      }
      return { type: "number", value: type === "float" ? Math.fround(constant.value) : constant.value };
    case "decimal128":
      return { type: "decimal128", value: decimalOrThrow(constant.text) };
    case "string":
      return isLiteral ? numberOfText(constant.value, type) : undefined;
    default:
      return undefined;
  }
}

function numberOfText(text: string, type: "int" | "float" | "double"): CheckedValue {
  const trimmed = text.trim();
  if (type === "int") {
    if (!/^[+-]?\d{1,19}$/.test(trimmed)) throw cannotConvert(text, "number");
    const exact = BigInt(trimmed.replace(/^\+/, ""));
    const number = Number(exact);
    return { type: "number", value: Number.isSafeInteger(number) ? number : exact };
  }
  const special = parseDecimal(trimmed);
  if (special === undefined) throw cannotConvert(text, "floating point number");
  const number = special.special === undefined ? Number(trimmed) : Number(special.special);
  return { type: "number", value: type === "float" ? Math.fround(number) : number };
}

function decimalValue(constant: Constant, isLiteral: boolean): CheckedValue | undefined {
  switch (constant.type) {
    case "int":
      return { type: "decimal128", value: decimalOf(constant.value) };
    case "double":
    case "decimal128":
      return { type: "decimal128", value: decimalOrThrow(constant.text) };
    case "string":
      return isLiteral ? { type: "decimal128", value: decimalOrThrow(constant.value) } : undefined;
    default:
      return undefined;
  }
}

function decimalOrThrow(text: string): NonNullable<ReturnType<typeof parseDecimal>> {
  const value = parseDecimal(text);
  if (value === undefined) throw cannotConvert(text, "decimal");
  return value;
}

function stringValue(constant: Constant): CheckedValue | undefined {
  if (constant.type === "string") return constant;
  if (constant.type !== "data" && constant.type !== "base64") return undefined;
  try {
    return { type: "string", value: utf8Text(constant.value) };
  } catch (cause) {
    throw new QueryError("QUERY_ARGUMENT_INVALID", "The data that a string property is compared with is not UTF-8", { cause });
  }
}

function utf8Text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function linkValue(constant: Constant, target: ConversionTarget): CheckedValue | undefined {
  if (constant.type !== "link") return undefined;
  const { objectType } = target;
  if (constant.className !== objectType) {
    throw new QueryError(
      "QUERY_TYPE_MISMATCH",
      `The relationship '${target.pathText}' which links to type '${String(objectType)}' cannot be compared to an argument of type ${constant.label}`,
    );
  }
  return { type: "link", className: constant.className, key: constant.key };
}

/** The error for two types that cannot be compared, in the order of the query. */
export function mismatch(target: ConversionTarget, constantType: string): QueryError {
  const types = [typeName(target.type), typeName(constantType)];
  if (target.isConstantLeft) types.reverse();
  return new QueryError("QUERY_TYPE_MISMATCH", `Unsupported comparison between type '${String(types[0])}' and type '${String(types[1])}'`);
}

function cannotConvert(text: string, kind: string): QueryError {
  return new QueryError("QUERY_TYPE_MISMATCH", `Cannot convert '${text}' to a ${kind}`);
}
