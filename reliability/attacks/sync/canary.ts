/**
 * Canaries: texts that some may see, looked for in everything that others are told.
 *
 * @module
 */
import type { Random } from "../../fuzz/fuzzer/random.ts";

const LETTERS = 16;
/** Pieces of this length are looked for: what a server might cut off or put together anew is found all the same. */
const PIECE = 8;

/** One secret, and who may know it. */
export class Canary {
  readonly word: string;
  readonly #allowed: ReadonlySet<string>;
  readonly #forms: readonly string[];
  #count = 0;

  constructor(random: Random, allowed: readonly string[]) {
    this.word = Array.from({ length: LETTERS }, () => String.fromCharCode(97 + random.below(26))).join("");
    this.#allowed = new Set(allowed);
    const pieces = Array.from({ length: LETTERS / PIECE * 2 - 1 }, (_, index) => this.word.slice((index * PIECE) / 2, (index * PIECE) / 2 + PIECE));
    const hexadecimal = [...this.word].map((letter) => letter.charCodeAt(0).toString(16)).join("");
    this.#forms = [...pieces, hexadecimal, ...[0, 1, 2].map((skip) => btoa(this.word.slice(skip)).slice(0, LETTERS))];
  }

  /** A text that nobody else has, with the secret in it. */
  text(): string {
    return `${this.word} ${String(this.#count++)}`;
  }

  /** Whether a text tells the secret to somebody who may not know it. */
  isIn(text: string, reader: string): boolean {
    return !this.#allowed.has(reader) && this.#forms.some((form) => text.includes(form));
  }
}
