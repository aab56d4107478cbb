/**
 * Elements as texts, which are cheap to keep and to compare.
 *
 * @module
 */
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import type { CanonicalProperty } from "../schema/types.ts";

/** Texts of the elements of a list or set. */
export function valueTexts(_property: CanonicalProperty, values: readonly StoredValue[]): string[] {
  return values.map(valueText);
}

/** Texts of the values of a dictionary, by key. */
export function entryTexts(_property: CanonicalProperty, values: StoredDictionary): Map<string, string> {
  return new Map([...values].map(([key, value]) => [key, valueText(value)]));
}

/** A key's text is what changed rows are looked up by, so bytes are their characters; other values never meet bytes in one collection. */
function valueText(value: StoredValue): string {
  if (value instanceof Uint8Array) return keyText(value);
  return value === null ? "\0null" : Object.is(value, -0) ? "-0" : String(value);
}

/** Makes texts distinct: the same element may stand in a list twice. The first keeps its text. */
export function distinctTexts(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return texts.map((text) => {
    const count = counts.get(text) ?? 0;
    counts.set(text, count + 1);
    return count === 0 ? text : `${text}\u{10ffff}${count}`;
  });
}
