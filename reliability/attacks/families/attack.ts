/**
 * One attack: what is written over the file, and how long the file is afterwards.
 *
 * @module
 */
import type { SeededRandom } from "@holdfast/storage-engine/simulation";
import type { Victim } from "../victims.ts";

/** Bytes that the attacker writes. */
export interface Edit {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What is done to one copy of a victim. */
export interface Attack {
  /** For a failure's report: enough to do it again. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** The file's length afterwards, if it changes. */
  readonly sizeBytes?: number;
  /** The newest slot may be gone as well as the log behind it: a crash while that slot was written looks alike. */
  readonly mayLoseSlot?: boolean;
  /** Everything was made to fit in a plain file: the content may be anything, only the reader must stay sound. */
  readonly isCrafted?: boolean;
}

/** A family of attacks on one victim. */
export interface Family {
  readonly name: string;
  /** The forms of file that it is for. */
  readonly forms: "encrypted" | "plain" | "both";
  attacks(victim: Victim, budget: Budget): Iterable<Attack>;
}

/** How much is tried. */
export interface Budget {
  readonly random: SeededRandom;
  /** Single flips for each victim; `Infinity` tries every byte. */
  readonly flips: number;
  /** Attempts of each other kind for each victim. */
  readonly tries: number;
}

/** Some of a list, spread evenly, in order. */
export function sample<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as Item);
}

/** An attack of one edit. */
export function overwrite(what: string, offset: number, bytes: Uint8Array): Attack {
  return { what, edits: [{ offset, bytes }] };
}
