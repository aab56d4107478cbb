/**
 * The terms of a text, as full-text indexes hold them and full-text searches look them up.
 *
 * @module
 */
import { wordsOf } from "@holdfast/query";

/** The distinct terms of a text: the words that the query language searches for. */
export function termsOf(text: string): string[] {
  return [...wordsOf(text)];
}
