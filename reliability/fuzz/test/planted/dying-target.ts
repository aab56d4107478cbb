/**
 * A target whose process dies of one input.
 *
 * @module
 */
import type { FuzzTarget } from "../../target.ts";

/** 0x66 ends the process. */
export const target: FuzzTarget = {
  name: "planted-death",
  what: "a process that dies",
  maxBytes: 4,
  limits: { steps: 1000, bytes: 1000 },
  seeds: () => [Uint8Array.of(0)],
  run(input) {
    if (input[0] === 0x66) process.abort();
  },
};
