/**
 * Text tests: the same as by the book, in time that grows with the text alone.
 *
 * @module
 */
import { expect, it } from "vitest";
import { containsText, isPatternTooLong, likeTest } from "../src/filters/text-search.ts";
import { seededRandom } from "./support/random.ts";

/** Every way in which the pattern can be laid over the text. */
function byTheBook(text: readonly string[], pattern: readonly string[]): boolean {
  const [wanted, ...rest] = pattern;
  if (wanted === undefined) return text.length === 0;
  if (wanted === "*") return byTheBook(text, rest) || (text.length > 0 && byTheBook(text.slice(1), pattern));
  return text.length > 0 && (wanted === "?" || wanted === text[0]) && byTheBook(text.slice(1), rest);
}

it("LIKE means what it means by the book, seed 11", () => {
  const random = seededRandom(11);
  const word = (letters: readonly string[], most: number): string => Array.from({ length: Math.floor(random() * most) }, () => letters[Math.floor(random() * letters.length)]).join("");
  let likes = 0;
  for (let round = 0; round < 20_000; round++) {
    const [text, pattern] = [word(["a", "b", "😀"], 9), word(["a", "b", "😀", "*", "?"], 7)];
    const wanted = byTheBook([...text], [...pattern]);
    likes += Number(wanted);
    if (likeTest(pattern)(text) !== wanted) expect([pattern, text]).toEqual(wanted);
  }
  expect(likes).toBeGreaterThan(1000);
});

it("long texts and patterns are found by the algorithms for them, also where there is none", () => {
  const part = `${"a".repeat(700)}b${"a".repeat(700)}`;
  const filler = "a".repeat(4000);
  for (const [text, isThere] of [[`${filler}${part}${filler}`, true], [`${filler}${filler}`, false], [`${filler}b${"a".repeat(699)}`, false]] as const) {
    expect(containsText(text, part)).toBe(isThere);
    expect(likeTest(`*${part}*`)(text)).toBe(isThere);
    expect(likeTest(`*${"a".repeat(100)}b${"?".repeat(100)}*`)(text)).toBe(text.includes("b"));
  }
});

it("a pattern of the worst kind costs as much as one of the best, on a text of four million characters", () => {
  const text = "a".repeat(4_000_000);
  const seconds = (pattern: string): number => {
    const test = likeTest(pattern);
    const startedAt = performance.now();
    expect(test(text)).toBe(false);
    return performance.now() - startedAt;
  };
  const easy = Math.max(...["*b*c*", "*b?c*"].map(seconds), 20);
  // By the book the last two are a thousand and 256 times as much.
  for (const pattern of [`*${"a".repeat(4000)}b*`, `*${"a".repeat(500)}b${"a".repeat(500)}*`, `*${"a".repeat(254)}?b*`]) if (!isPatternTooLong(pattern)) expect(seconds(pattern) / easy).toBeLessThan(60);
});
