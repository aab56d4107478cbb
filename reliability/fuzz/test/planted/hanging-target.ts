/**
 * A target that hangs where no steps are counted: in a regular expression.
 *
 * @module
 */
import type { FuzzTarget } from "../../target.ts";

/** 0x77 takes for ever. */
export const target: FuzzTarget = {
  name: "planted-hang",
  what: "a regular expression that backtracks",
  maxBytes: 4,
  limits: { steps: 1000, bytes: 1000 },
  seeds: () => [Uint8Array.of(0)],
  run(input) {
    if (input[0] === 0x77) /^(a+)+$/.test(`${"a".repeat(60)}b`);
  },
};
