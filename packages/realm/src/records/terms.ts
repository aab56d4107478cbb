/**
 * The terms of a text, as full-text indexes hold them and full-text searches look them up.
 *
 * @module
 */

const TERM = /[\p{L}\p{N}]+/gu;
const MARKS = /\p{M}+/gu;

/** The distinct terms of a text: runs of letters and digits, without case and diacritics. */
export function termsOf(text: string): string[] {
  const folded = text.normalize("NFKD").replace(MARKS, "").toLowerCase();
  return [...new Set(folded.match(TERM) ?? [])];
}
