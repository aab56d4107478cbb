/**
 * Turns the sides of a comparison into functions over rows: paths, counts, aggregates, subqueries, calculations.
 *
 * @module
 */
import { addDecimals, calculate, compareDecimals, decimalOf, divideDecimals, isDecimalNaN, TYPE_BITS } from "@holdfast/query";
import type { CheckedAggregate, CheckedArithmetic, CheckedCount, CheckedOperand, CheckedPath, CheckedSubquery, CheckedTypeOf, CheckedValue, Decimal, NumberValue, OperandType, Quantifier } from "@holdfast/query";
import { copyKey } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { utf8Bytes } from "../records/text.ts";
import { anyNumber, anyOf, anyOfConstant, numberIn } from "./any-value.ts";
import type { AnyValue } from "./any-value.ts";
import { readDecimal } from "./decimal128.ts";
import type { QuerySource } from "./query-source.ts";
import { elementsOf, fieldOf, ownersReaderOf, readerOf, valuesReaderOf, withRow } from "./value-reader.ts";
import type { Value, ValueReader, ValuesReader } from "./value-reader.ts";

/** One side of a comparison, ready to be read. */
export interface Operand {
  /** What its values are stored as; `mixed` values carry their type. A constant null has no type. */
  readonly type: OperandType | "null";
  /** Of links: their class. */
  readonly className: string | undefined;
  readonly isMultiple: boolean;
  readonly quantifier: Quantifier | undefined;
  /** For operands with one value. */
  readonly read: ValueReader;
  /** For all operands. */
  readonly visit: ValuesReader;
}

/** Turns a predicate into a test of rows; handed in, since a subquery has a predicate inside. */
export type PredicateCompiler = (predicate: CheckedSubquery["predicate"], source: QuerySource) => (row: Row) => boolean;

/** The readers of an operand in one state of a realm. */
export function compileOperand(operand: CheckedOperand, source: QuerySource, compile: PredicateCompiler): Operand {
  switch (operand.kind) {
    case "path":
      return pathOperand(operand, source);
    case "value": {
      const type = constantType(operand.type, [operand.value]);
      const value = constantValue(operand.value, type);
      return single(type, () => value, linkClassOf([operand.value]));
    }
    case "values": {
      const type = constantType(operand.type, operand.values);
      const values = operand.values.map((value) => constantValue(value, type));
      return several(type, (_, visit) => values.some(visit), operand.quantifier, linkClassOf(operand.values));
    }
    case "arithmetic":
      return arithmeticOperand(operand, source, compile);
    case "count":
      return countOperand(operand, source);
    case "aggregate":
      return aggregateOperand(operand, source);
    case "subquery":
      return subqueryOperand(operand, source, compile);
    case "typeOf":
      return typeOperand(operand, source);
  }
}

function single(type: Operand["type"], read: ValueReader, className?: string): Operand {
  return { type, className, isMultiple: false, quantifier: undefined, read, visit: (row, visit) => visit(read(row)) };
}

function several(type: Operand["type"], visit: ValuesReader, quantifier: Quantifier | undefined, className?: string): Operand {
  const first: ValueReader = (row) => {
    let found: Value = null;
    visit(row, (value) => {
      found = value;
      return true;
    });
    return found;
  };
  return { type, className, isMultiple: true, quantifier, read: first, visit };
}

function pathOperand(path: CheckedPath, source: QuerySource): Operand {
  const className = path.property.objectType;
  if (!path.isMultiple) return single(path.type, readerOf(path, source), className);
  return several(path.type, valuesReaderOf(path, source), path.quantifier, className);
}

/** What the constants of an operand are to be read as: its type, but for decimals among other numbers. */
function constantType(type: Operand["type"], values: readonly CheckedValue[]): Operand["type"] {
  const isDecimal = values.some((value) => value?.type === "decimal128");
  if (isDecimal && type !== "mixed" && type !== "decimal128") return values.every((value) => value === null || value.type === "decimal128") ? "decimal128" : "mixed";
  return type;
}

function linkClassOf(values: readonly CheckedValue[]): string | undefined {
  for (const value of values) if (value?.type === "link") return value.className;
  return undefined;
}

function constantValue(value: CheckedValue, type: Operand["type"]): Value {
  if (value === null) return null;
  if (type === "mixed") return anyOfConstant(value);
  return value.type === "link" ? (value.key as Uint8Array) : value.value;
}

function arithmeticOperand(arithmetic: CheckedArithmetic, source: QuerySource, compile: PredicateCompiler): Operand {
  const { operator, type } = arithmetic;
  const left = compileOperand(arithmetic.left, source, compile);
  const right = compileOperand(arithmetic.right, source, compile);
  const leftNumber = numberReader(left);
  const rightNumber = numberReader(right);
  const finish: (value: NumberValue) => Value = type === "mixed" ? anyNumber : (value) => value;
  const combine = (a: Value, b: Value): Value => finish(calculate(operator, leftNumber(a), rightNumber(b), type));
  if (!arithmetic.isMultiple) return single(type, (row) => combine(left.read(row), right.read(row)));
  const visit: ValuesReader = (row, each) => {
    // One of the two has one value: the check refuses two lists.
    if (!left.isMultiple) {
      const value = left.read(row);
      return right.visit(row, (other) => each(combine(value, other)));
    }
    const value = right.read(row);
    return left.visit(row, (other) => each(combine(other, value)));
  };
  return several(type, visit, arithmetic.quantifier);
}

/** Reads a value of an operand as a number; null if it is none. */
function numberReader({ type }: Operand): (value: Value) => NumberValue {
  if (type === "mixed") return (value) => numberIn(value as AnyValue);
  if (type === "decimal128") return (value) => (value instanceof Uint8Array ? readDecimal(value) : (value as Decimal | null));
  return (value) => value as number | bigint | null;
}

function countOperand(count: CheckedCount, source: QuerySource): Operand {
  const { path, of } = count;
  switch (of) {
    case "links": {
      const visit = valuesReaderOf(path, source);
      return single("int", (row) => countVisits((each) => visit(row, each)));
    }
    case "elements": {
      const size = sizeReader(path, source);
      const owners = ownersReaderOf(path, source);
      if (count.isMultiple) return several("int", (row, visit) => owners(row, (owner) => visit(size(owner))), count.quantifier);
      return single("int", (row) => {
        let result = 0;
        owners(row, (owner) => {
          result = size(owner);
          return true;
        });
        return result;
      });
    }
    case "length": {
      const operand = pathOperand(path, source);
      if (!operand.isMultiple) return single("int", (row) => lengthOf(operand.read(row)));
      return several("int", (row, visit) => operand.visit(row, (value) => visit(lengthOf(value))), count.quantifier);
    }
    case "backlinks": {
      const table = source.table(path.property.objectType ?? "");
      const visit = valuesReaderOf(path, source);
      if (path.steps.length === 0) return single("int", (row) => table.backlinkCount(copyKey(row)));
      if (count.isMultiple) return several("int", (row, each) => visit(row, (key) => each(table.backlinkCount(key as Uint8Array))), count.quantifier);
      const read = readerOf(path, source);
      return single("int", (row) => {
        const key = read(row);
        return key === null ? 0 : table.backlinkCount(key as Uint8Array);
      });
    }
  }
}

function countVisits(visit: (each: () => boolean) => unknown): number {
  let count = 0;
  visit(() => {
    count++;
    return false;
  });
  return count;
}

/** How many elements the collection at a path's end has, read from the row that has it. */
function sizeReader(path: CheckedPath, source: QuerySource): (owner: Row) => number {
  const step = path.steps.at(-1);
  if (step?.kind !== "property") throw new Error("the path does not end in a collection");
  const { read } = fieldOf(source, step.className, step.property.name);
  return (owner) => {
    const value = read(owner) as unknown;
    return Array.isArray(value) ? value.length : value instanceof Map ? value.size : 0;
  };
}

/** Bytes of a string or data, elements of a list or dictionary; null of anything else. */
function lengthOf(value: Value): number | null {
  if (typeof value === "string") return utf8Bytes(value).length;
  if (value instanceof Uint8Array) return value.length;
  if (value === null || typeof value !== "object" || !("type" in value)) return null;
  if (value.type === "list") return value.elements.length;
  if (value.type === "dictionary") return value.entries.size;
  return value.type === "string" || value.type === "data" ? lengthOf(value.value as Value) : null;
}

function subqueryOperand({ path, predicate }: CheckedSubquery, source: QuerySource, compile: PredicateCompiler): Operand {
  const visit = valuesReaderOf(path, source);
  const test = compile(predicate, source);
  const table = source.table(path.property.objectType ?? "");
  return single("int", (row) => {
    let count = 0;
    visit(row, (key) => {
      if (withRow(table, key as Uint8Array, test)) count++;
      return false;
    });
    return count;
  });
}

function typeOperand({ path, quantifier }: CheckedTypeOf, source: QuerySource): Operand {
  const operand = pathOperand(path, source);
  const bitsOf = (value: Value): number => {
    const any = path.type === "mixed" ? (value as AnyValue) : anyOf(path.type, value as StoredValue);
    return any === null ? TYPE_BITS.null : any.bits;
  };
  if (!operand.isMultiple) return single("typeOf", (row) => bitsOf(operand.read(row)));
  return several("typeOf", (row, visit) => operand.visit(row, (value) => visit(bitsOf(value))), quantifier);
}

function aggregateOperand(aggregate: CheckedAggregate, source: QuerySource): Operand {
  const { path, property, operator, type } = aggregate;
  const valueType = property === undefined ? path.type : property.type;
  const toNumber = numberReader({ type: valueType } as Operand);
  const fold = (visit: (each: (value: Value) => boolean) => unknown): Value => {
    const folder = folderOf(operator, type);
    visit((value) => {
      const number = toNumber(value);
      if (number !== null) folder.add(number);
      return false;
    });
    const result = folder.result();
    return type === "mixed" ? anyNumber(result) : result;
  };
  if (property !== undefined) {
    const keys = valuesReaderOf(path, source);
    const table = source.table(path.property.objectType ?? "");
    const read = readerOf(property, source);
    return single(type, (row) => fold((each) => keys(row, (key) => withRow(table, key as Uint8Array, (target) => each(read(target))))));
  }
  if (!aggregate.isMultiple) {
    const visit = valuesReaderOf(path, source);
    return single(type, (row) => fold((each) => visit(row, each)));
  }
  // Over several collections: one value for each of them.
  const owners = ownersReaderOf(path, source);
  const step = path.steps.at(-1);
  if (step?.kind !== "property") throw new Error("the path does not end in a collection");
  const { read } = fieldOf(source, step.className, step.property.name);
  const present: (stored: StoredValue) => Value = valueType === "mixed" ? (stored) => anyOf("mixed", stored) : (stored) => stored;
  return several(
    type,
    (row, visit) =>
      owners(row, (owner) =>
        visit(
          fold((each) => {
            for (const element of elementsOf(read(owner), step.access[0])) each(present(element));
          }),
        ),
      ),
    undefined,
  );
}

/** Puts numbers together one by one. */
interface Folder {
  add(value: NonNullable<NumberValue>): void;
  result(): NumberValue;
}

/** Makes one number of many. NaN is left out of min and max; a sum of nothing is 0, everything else of nothing null. */
export function folderOf(operator: CheckedAggregate["operator"], type: OperandType): Folder {
  if (operator === "@min" || operator === "@max") return extremeFolder(operator === "@min" ? -1 : 1);
  return sumFolder(operator === "@avg", type);
}

function extremeFolder(sign: number): Folder {
  let best: NumberValue = null;
  return {
    add(value) {
      if (isNaNNumber(value)) return;
      if (best === null || compareNumberValues(value, best) * sign > 0) best = value;
    },
    result: () => best,
  };
}

function sumFolder(isAverage: boolean, type: OperandType): Folder {
  const isDecimal = type === "decimal128";
  const isWhole = type === "int";
  let count = 0;
  let sum: NonNullable<NumberValue> = isDecimal ? decimalOf(0) : 0;
  return {
    add(value) {
      count++;
      sum = isDecimal || typeof value === "object" ? addDecimals(toDecimal(sum), toDecimal(value)) : isWhole ? (calculate("+", sum, value, "int") as number | bigint) : addExact(sum as number | bigint, value);
    },
    result() {
      if (!isAverage) return isWhole || isDecimal ? sum : Number(sum);
      if (count === 0) return null;
      return isDecimal ? divideDecimals(toDecimal(sum), decimalOf(count)) : Number(sum) / count;
    },
  };
}

/** Ints are added as ints for as long as there is nothing else, so that an average of large ones is right. */
function addExact(sum: number | bigint, value: number | bigint): number | bigint {
  if (typeof sum === "number" && typeof value === "number") return sum + value;
  return Number.isInteger(Number(sum)) && Number.isInteger(Number(value)) ? (calculate("+", sum, value, "int") as number | bigint) : Number(sum) + Number(value);
}

function toDecimal(value: NonNullable<NumberValue>): Decimal {
  return typeof value === "object" ? value : decimalOf(value);
}

function isNaNNumber(value: NonNullable<NumberValue>): boolean {
  return typeof value === "object" ? isDecimalNaN(value) : Number.isNaN(value);
}

function compareNumberValues(left: NonNullable<NumberValue>, right: NonNullable<NumberValue>): number {
  if (typeof left === "object" || typeof right === "object") return compareDecimals(toDecimal(left), toDecimal(right));
  return left < right ? -1 : left > right ? 1 : 0;
}
