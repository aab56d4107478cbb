import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDecimals, calculate, compareDecimals, divideDecimals, parseDecimal } from "../src/index.ts";
import type { Decimal } from "../src/index.ts";
import { multiplyDecimals, negateDecimal } from "../src/decimal.ts";

const SEED = 20_261_121;

function decimal(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === undefined) throw new Error(`not a decimal: ${text}`);
  return value;
}

function text(value: Decimal): string {
  return value.special ?? `${String(value.coefficient)}E${String(value.exponent)}`;
}

describe("decimals", () => {
  it.each([
    ["0.1", "+", "0.2", "3E-1"], ["1", "+", "1e-100", "1E0"], ["1e6000", "+", "-1e-6000", "1E6000"], ["9999999999999999999999999999999999", "+", "1", "1000000000000000000000000000000000E1"],
    ["1", "/", "3", "3333333333333333333333333333333333E-34"], ["2", "/", "3", "6666666666666666666666666666666667E-34"], ["0.3", "/", "2", "15E-2"], ["-6", "/", "2", "-3E0"],
    ["1", "/", "0", "Infinity"], ["-1", "/", "0", "-Infinity"], ["0", "/", "0", "NaN"], ["1", "/", "inf", "0E0"], ["inf", "/", "-2", "-Infinity"], ["inf", "/", "inf", "NaN"],
    ["1.5", "*", "-2", "-30E-1"], ["inf", "*", "0", "NaN"], ["inf", "*", "-inf", "-Infinity"], ["inf", "+", "-inf", "NaN"], ["inf", "+", "5", "Infinity"], ["nan", "+", "5", "NaN"], ["nan", "*", "5", "NaN"], ["nan", "/", "5", "NaN"],
  ])("%s %s %s", (left, operator, right, expected) => {
    const operate = operator === "+" ? addDecimals : operator === "*" ? multiplyDecimals : divideDecimals;
    expect(text(operate(decimal(left), decimal(right)))).toBe(expected);
  });

  it(`sums, differences and products of short decimals are exact, quotients come back (seed ${String(SEED)})`, () => {
    const some = fc.tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: -6, max: 6 })).map(([coefficient, exponent]): Decimal => ({ coefficient, exponent }));
    fc.assert(
      fc.property(some, some, (left, right) => {
        if (left.special !== undefined || right.special !== undefined) return;
        const scale = (value: { coefficient: bigint; exponent: number }): bigint => value.coefficient * 10n ** BigInt(value.exponent + 12);
        const sum = addDecimals(left, right);
        expect(compareDecimals(sum, { coefficient: scale(left) + scale(right), exponent: -12 })).toBe(0);
        expect(compareDecimals(addDecimals(sum, negateDecimal(right)), left)).toBe(0);
        const product = multiplyDecimals(left, right);
        expect(compareDecimals(product, { coefficient: scale(left) * scale(right), exponent: -24 })).toBe(0);
        if (right.coefficient !== 0n) expect(compareDecimals(divideDecimals(product, right), left)).toBe(0);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe("calculations", () => {
  it.each([
    ["/", 7, 2, "int", 3], ["/", -7, 2, "int", -3], ["/", 7, 0, "int", 2n ** 63n - 1n], ["/", -7, 0, "int", -(2n ** 63n)], ["/", 7, 2, "double", 3.5], ["+", 2 ** 53 - 1, 2, "int", 2n ** 53n + 1n],
    ["*", 2n ** 62n, 4, "int", 2n ** 64n], ["-", 2n ** 53n + 2n, 3, "int", 2 ** 53 - 1], ["+", 0.1, 0.2, "float", Math.fround(0.30000000000000004)], ["+", null, 1, "int", null], ["*", 1.5, 2, "mixed", 3], ["/", 7, 2, "mixed", 3],
  ] as const)("%s of %s and %s as %4$s", (operator, left, right, type, expected) => {
    expect(calculate(operator, left, right, type)).toBe(expected);
  });
});
