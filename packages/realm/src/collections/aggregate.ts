/**
 * min, max, sum and avg over a collection.
 *
 * @module
 */
import { Decimal128 } from "../bson.ts";
import { RealmError } from "../errors.ts";
import { decimalString, folderOf, readDecimal } from "../queries/index.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";

const NUMERIC = new Set(["int", "float", "double", "decimal128", "mixed"]);

/** What an aggregate has to know of a collection. */
export interface Aggregated {
  readonly type: string;
  readonly objectType?: string | undefined;
  _values(): unknown[];
  _propertyType?(name: string): string | undefined;
  /** Visits the stored values of a property, without an object for each; false if that is not possible. */
  _visitStored?(name: string, visit: (value: StoredValue) => void): boolean;
  /** True if ints that a number cannot hold are shown as bigint. */
  readonly _hasExactInts?: boolean;
}

/** Types whose stored values are numbers. */
const STORED_NUMBERS = new Set(["int", "float", "double", "date"]);

/** Computes one aggregate; nulls are left out. */
export function aggregate(collection: Aggregated, operation: "min" | "max" | "sum" | "avg", property?: string): number | Date | undefined {
  const isPrimitive = PRIMITIVE_TYPES.has(collection.type);
  const type = isPrimitive ? collection.type : property === undefined ? undefined : collection._propertyType?.(property);
  if (type === undefined) {
    throw new RealmError("ARGUMENT_INVALID", property === undefined ? `Operation '${operation}' needs the name of a property` : `Property '${property}' does not exist on '${collection.objectType}' objects`);
  }
  const isDate = type === "date";
  if (!NUMERIC.has(type) && !(isDate && (operation === "min" || operation === "max"))) {
    throw new RealmError("ARGUMENT_INVALID", `Operation '${operation}' not supported for ${type} property '${isPrimitive ? collection.type : `${collection.objectType}.${property}`}'`);
  }
  if (type === "decimal128") return aggregateDecimals(collection, operation, isPrimitive ? undefined : (property as string)) as never;
  if (collection._hasExactInts === true && (type === "int" || type === "mixed")) return aggregateIntegers(collection, operation, isPrimitive ? undefined : (property as string)) as never;
  let result: number | undefined;
  let count = 0;
  const add = (value: number): void => {
    if (Number.isNaN(value)) return;
    count++;
    if (result === undefined) result = value;
    else if (operation === "min") result = Math.min(result, value);
    else if (operation === "max") result = Math.max(result, value);
    else result += value;
  };
  const addStored = (value: StoredValue): void => {
    if (value !== null) add(Number(value));
  };
  const isVisited = !isPrimitive && STORED_NUMBERS.has(type) && collection._visitStored?.(property as string, addStored) === true;
  if (!isVisited) {
    for (const element of collection._values()) {
      const raw = isPrimitive ? element : (element as Record<string, unknown> | null)?.[property as string];
      if (raw !== null && raw !== undefined) add(isDate ? (raw as Date).getTime() : Number(String(raw)));
    }
  }
  if (operation === "sum") return result ?? 0;
  if (result === undefined) return undefined;
  if (operation === "avg") return result / count;
  return isDate ? new Date(result) : result;
}

/** Whole numbers that are bigints are added and compared as such. */
function aggregateIntegers(collection: Aggregated, operation: "min" | "max" | "sum" | "avg", property: string | undefined): number | bigint | undefined {
  const all = collection._values().map((element) => (property === undefined ? element : (element as Record<string, unknown> | null)?.[property]));
  const values = all.filter((value): value is number | bigint => typeof value === "bigint" || (typeof value === "number" && !Number.isNaN(value)));
  const isWhole = values.every((value) => typeof value === "bigint" || Number.isInteger(value));
  if (operation === "min" || operation === "max") {
    return values.length === 0 ? undefined : values.reduce((best, value) => ((operation === "min" ? value < best : value > best) ? value : best));
  }
  const hasBigint = values.some((value) => typeof value === "bigint");
  const sum = isWhole && hasBigint ? values.reduce<bigint>((total, value) => total + BigInt(value), 0n) : values.reduce<number>((total, value) => total + Number(value), 0);
  return operation === "sum" ? sum : values.length === 0 ? undefined : Number(sum) / values.length;
}

/** Decimals make decimals: exact, to 34 digits. */
function aggregateDecimals(collection: Aggregated, operation: "min" | "max" | "sum" | "avg", property: string | undefined): InstanceType<typeof Decimal128> | undefined {
  const folder = folderOf(`@${operation}`, "decimal128");
  for (const element of collection._values()) {
    const value = property === undefined ? element : (element as Record<string, unknown> | null)?.[property];
    if (value instanceof Decimal128) folder.add(readDecimal(value.bytes));
  }
  const result = folder.result();
  return result === null ? undefined : Decimal128.fromString(decimalString(result));
}
