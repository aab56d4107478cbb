/**
 * Lifts a test of two values to operands with one value or several: ANY, ALL, NONE, and lists compared element by element.
 *
 * @module
 */
import type { Row } from "../records/row.ts";
import type { Operand } from "./operands.ts";
import type { PairTest } from "./pair-tests.ts";
import type { Value, ValuesReader } from "./value-reader.ts";

type RowTest = (row: Row) => boolean;

/**
 * The test over rows.
 *
 * @param isComplement - For `!=` between two whole lists: true if they are not equal.
 */
export function quantify(left: Operand, right: Operand, test: PairTest, isComplement = false): RowTest {
  if (!left.isMultiple && !right.isMultiple) return (row) => test(left.read(row), right.read(row));
  if (!right.isMultiple) {
    return quantifier(left, (row) => {
      const value = right.read(row);
      return (element) => test(element, value);
    });
  }
  if (!left.isMultiple) {
    return quantifier(right, (row) => {
      const value = left.read(row);
      return (element) => test(value, element);
    });
  }
  if (left.quantifier === undefined && right.quantifier === undefined) return elementwise(left, right, test, isComplement);
  return quantifier(left, (row) => {
    const others = collect(right.visit, row);
    return (element) => holdsForSome(others, right.quantifier, (other) => test(element, other));
  });
}

/** A test of one operand with several values; `prepare` reads what is the same for all of them. */
export function quantifier(operand: Operand, prepare: (row: Row) => (value: Value) => boolean): RowTest {
  const { visit } = operand;
  switch (operand.quantifier) {
    case "ALL":
      return (row) => {
        const test = prepare(row);
        return !visit(row, (value) => !test(value));
      };
    case "NONE":
      return (row) => !visit(row, prepare(row));
    default:
      return (row) => visit(row, prepare(row));
  }
}

function holdsForSome(values: readonly Value[], how: Operand["quantifier"], test: (value: Value) => boolean): boolean {
  if (how === "ALL") return values.every(test);
  return values.some(test) !== (how === "NONE");
}

function collect(visit: ValuesReader, row: Row): Value[] {
  const values: Value[] = [];
  visit(row, (value) => {
    values.push(value);
    return false;
  });
  return values;
}

/** Both sides have as many values, and the test holds for each pair in order. */
function elementwise(left: Operand, right: Operand, test: PairTest, isComplement: boolean): RowTest {
  return (row) => {
    const others = collect(right.visit, row);
    let count = 0;
    const isStopped = left.visit(row, (value) => {
      const at = count++;
      // For != the test is of inequality: one pair that differs makes the lists differ.
      return at >= others.length || test(value, others[at] as Value) === isComplement;
    });
    const isMatch = !isStopped && count === others.length;
    return isMatch !== isComplement;
  };
}
