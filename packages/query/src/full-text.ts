/**
 * Words: how a text is cut into them for a full-text index, and how the right side of TEXT is read.
 *
 * A word is a run of letters and digits of any script, in lower case and without diacritics ("É" is "e"), cut to its first 60
 * code units. Realm knows the letters of Latin-1 only; for texts of those the words are the same but for å, æ, ø, ð, þ and ß,
 * which stay letters of their own there and here.
 *
 * @module
 */
import { QueryError } from "./errors.ts";

/** What TEXT asks for. */
export interface FullTextTerms {
  /** All of these have to be there. */
  readonly included: readonly FullTextTerm[];
  /** None of these may be there. */
  readonly excluded: readonly string[];
}

/** A word, or the beginning of one. */
export interface FullTextTerm {
  readonly word: string;
  readonly isPrefix: boolean;
}

/** Longest word: what is longer is cut, in texts and in searches. */
export const WORD_MAX_UNITS = 60;

const NO_WORDS: ReadonlySet<string> = new Set();
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const NON_ASCII = /[\u0080-\uffff]/;
/** å and Å keep their ring: they are letters of their own. */
const RING = "\u030a";
const MARKS = /(?<!a)\u030a|[\u0300-\u0309\u030b-\u036f]/g;

/** Lower case, without diacritics. */
export function foldWord(text: string): string {
  if (!NON_ASCII.test(text)) return text.toLowerCase();
  const decomposed = text.normalize("NFD").toLowerCase();
  return (decomposed.includes(RING) || /[\u0300-\u036f]/.test(decomposed) ? decomposed.replaceAll(MARKS, "") : decomposed).normalize("NFC");
}

/** The words of a text, each once, in no particular order. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  for (const match of text.match(WORD) ?? []) {
    const word = foldWord(match).slice(0, WORD_MAX_UNITS);
    if (word !== "") words.add(word);
  }
  return words;
}

/**
 * The terms of the right side of TEXT: words apart by blanks, `-` in front excludes, `*` behind means the beginning of a word.
 * Quotes and other signs around a word count for nothing.
 *
 * @throws {QueryError} `QUERY_INVALID` for no word at all, signs inside a word, or a word both asked for and excluded.
 */
export function parseTerms(text: string): FullTextTerms {
  const included = new Map<string, FullTextTerm>();
  const excluded = new Set<string>();
  for (const part of text.split(/\s+/)) {
    if (part === "") continue;
    const word = singleWord(part);
    if (word === undefined) continue;
    if (part.startsWith("-")) excluded.add(word);
    else included.set(part.endsWith("*") ? `${word}*` : word, { word, isPrefix: part.endsWith("*") });
  }
  for (const word of excluded) {
    if (included.has(word)) throw new QueryError("QUERY_INVALID", "You can't include and exclude the same token");
  }
  if (included.size === 0 && excluded.size === 0) throw new QueryError("QUERY_INVALID", "Missing search token");
  return { included: [...included.values()], excluded: [...excluded] };
}

function singleWord(part: string): string | undefined {
  const matches = part.match(WORD) ?? [];
  if (matches.length > 1) throw new QueryError("QUERY_INVALID", "Non alphanumeric characters not allowed inside search word");
  const [match] = matches;
  return match === undefined ? undefined : foldWord(match).slice(0, WORD_MAX_UNITS);
}

/** True if a text meets the terms. A text that is null has no words. */
export function meetsTerms(text: string | null, terms: FullTextTerms): boolean {
  const words = text === null ? NO_WORDS : wordsOf(text);
  if (terms.excluded.some((word) => words.has(word))) return false;
  return terms.included.every(({ word, isPrefix }) => (isPrefix ? [...words].some((candidate) => candidate.startsWith(word)) : words.has(word)));
}
