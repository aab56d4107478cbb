/**
 * Words that inputs are made of: the target's own, and the literals that the code under test compares with.
 *
 * @module
 */
import type { FuzzTarget } from "../target.ts";
import { littleEndian } from "./mutate.ts";

const encoder = new TextEncoder();
const LONGEST_WORD_BYTES = 24;

/** All words of a target as bytes, each once. */
export function dictionaryOf(target: FuzzTarget, literals: ReadonlyMap<string, ReadonlySet<string | number>>): Uint8Array[] {
  const words = new Map<string, Uint8Array>();
  const add = (word: Uint8Array): void => {
    if (word.length > 0 && word.length <= LONGEST_WORD_BYTES) words.set(word.join(), word);
  };
  for (const word of target.dictionary ?? []) add(typeof word === "string" ? encoder.encode(word) : word);
  for (const area of target.literalsOf ?? []) {
    for (const literal of literals.get(area) ?? []) for (const word of wordsOf(literal, target.isText === true)) add(word);
  }
  return [...words.values()];
}

function wordsOf(literal: string | number, isText: boolean): Uint8Array[] {
  if (typeof literal === "string") return [encoder.encode(literal)];
  if (isText) return [encoder.encode(String(literal))];
  if (!Number.isSafeInteger(literal) || literal < 0) return [];
  if (literal < 0x100) return [Uint8Array.of(literal)];
  if (literal < 0x1_0000) return [littleEndian(literal, 2)];
  return literal <= 0xffff_ffff ? [littleEndian(literal, 4)] : [littleEndian(literal, 8)];
}
