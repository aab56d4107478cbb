/**
 * The target over the planted parser.
 *
 * @module
 */
import type { FuzzTarget } from "../../target.ts";
import { parseMagic } from "./magic.ts";

/** No dictionary: every byte has to be found. */
export const target: FuzzTarget = {
  name: "planted-magic",
  what: "a mistake behind five bytes",
  maxBytes: 16,
  limits: { steps: 1000, bytes: 1000 },
  seeds: () => [new Uint8Array(8)],
  run: (input) => void parseMagic(input),
};
