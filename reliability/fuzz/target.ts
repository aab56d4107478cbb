/**
 * What a target is: one parser, or one way into a file, that inputs are thrown at.
 *
 * A new parser needs a file in targets/ and a line in targets/index.ts, nothing else.
 *
 * @module
 */
import type { Random } from "./fuzzer/random.ts";
import type { Limits } from "./fuzzer/runtime.ts";

/** A parser under attack. */
export interface FuzzTarget {
  readonly name: string;
  /** What is tried, in one sentence. */
  readonly what: string;
  readonly maxBytes: number;
  /** What one input may use up. */
  readonly limits: Limits;
  /** Inputs to begin with, when the corpus has none better. */
  seeds(): Uint8Array[];
  /** Words and numbers that inputs are made of, beside those that stand in the sources. */
  readonly dictionary?: readonly (string | Uint8Array)[];
  /** Packages whose literals make a dictionary too. Default: none. */
  readonly literalsOf?: readonly string[];
  /**
   * Tries one input.
   *
   * @throws Whatever escapes is a failure; errors that the code under test may throw are caught by the target.
   */
  run(input: Uint8Array): void;
  /** A change that knows the grammar; used in turn with those that know nothing. */
  mutate?(input: Uint8Array, random: Random): Uint8Array;
  /** How inputs are shown and kept: text where they are text. */
  readonly isText?: boolean;
}

/** A promise of the target that does not hold. `kind` is stable, so that two inputs with one cause count once. */
export class PromiseBroken extends Error {
  override readonly name = "PromiseBroken";
  readonly code: string;
  constructor(kind: string, detail: string, options?: ErrorOptions) {
    super(`${kind}: ${detail}`, options);
    this.code = kind;
  }
}
