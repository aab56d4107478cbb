/**
 * Text tests whose time grows with the text alone: patterns and texts come from users, and all of them share one thread.
 *
 * Literal parts are found by Knuth, Morris and Pratt's algorithm, parts with `?` by Baeza-Yates and Gonnet's (a bit for each place of the part).
 *
 * @module
 */

/** Longest part between stars with a `?` in it, in characters: as many bits are moved for each character of the text. */
export const WILD_PART_MAX = 256;
/** Below this many comparisons at the worst, the engine's own search is as good. */
const SMALL = 1_000_000;

/** Finds the end of a part's first occurrence at or behind a place; -1: there is none. */
type Find = (text: string, from: number) => number;

/** Whether `part` stands in `text`. */
export function containsText(text: string, part: string): boolean {
  return text.length * part.length < SMALL ? text.includes(part) : knuthMorrisPratt(part)(text, 0) >= 0;
}

/** True if a pattern has a part with `?` that is too long. */
export function isPatternTooLong(pattern: string): boolean {
  return pattern.split("*").some((part) => part.includes("?") && [...part].length > WILD_PART_MAX);
}

/** `?` is one character, `*` any number of them. */
export function likeTest(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return (text) => endAt(text, 0, first) === text.length;
  const middle: readonly Find[] = parts.slice(1, -1).filter((part) => part !== "").map(findOf);
  const lastLength = [...last].length;
  return (text) => {
    let at = endAt(text, 0, first);
    for (const find of middle) if (at >= 0) at = find(text, at);
    if (at < 0) return false;
    const start = startBefore(text, lastLength);
    return start >= at && endAt(text, start, last) === text.length;
  };
}

function findOf(part: string): Find {
  return part.includes("?") ? shiftAnd([...part]) : knuthMorrisPratt(part);
}

/** Where `part`, laid at a place, ends; -1 if it does not fit. */
function endAt(text: string, from: number, part: string): number {
  if (from < 0) return -1;
  let at = from;
  for (const wanted of part) {
    const code = text.codePointAt(at);
    if (code === undefined || (wanted !== "?" && wanted.codePointAt(0) !== code)) return -1;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

/** The place from which so many characters are left; -1 if there are not so many. */
function startBefore(text: string, count: number): number {
  let at = text.length;
  for (let left = count; left > 0; left--) {
    if (at <= 0) return -1;
    const unit = text.charCodeAt(at - 1);
    at -= at > 1 && unit >= 0xdc00 && unit <= 0xdfff ? 2 : 1;
  }
  return at;
}

function knuthMorrisPratt(part: string): Find {
  const { length } = part;
  const borders = new Int32Array(length + 1);
  borders[0] = -1;
  for (let at = 0, border = -1; at < length; ) {
    while (border >= 0 && part.charCodeAt(at) !== part.charCodeAt(border)) border = borders[border] as number;
    borders[++at] = ++border;
  }
  return (text, from) => {
    if (length * (text.length - from) < SMALL) {
      const found = text.indexOf(part, from);
      return found < 0 ? -1 : found + length;
    }
    let matched = 0;
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      while (matched >= 0 && part.charCodeAt(matched) !== unit) matched = borders[matched] as number;
      if (++matched === length) return at + 1;
    }
    return length === 0 ? from : -1;
  };
}

function shiftAnd(part: readonly string[]): Find {
  const words = Math.ceil(part.length / 32);
  const any = new Int32Array(words);
  const masks = new Map<number, Int32Array>();
  const mark = (mask: Int32Array, place: number): void => void (mask[place >> 5] = (mask[place >> 5] as number) | (1 << (place & 31)));
  for (const [place, wanted] of part.entries()) if (wanted === "?") mark(any, place);
  for (const [place, wanted] of part.entries()) {
    if (wanted === "?") continue;
    const code = wanted.codePointAt(0) as number;
    const mask = masks.get(code) ?? Int32Array.from(any);
    mark(mask, place);
    masks.set(code, mask);
  }
  const end = part.length - 1;
  return (text, from) => {
    const state = new Int32Array(words);
    for (let at = from; at < text.length; ) {
      const code = text.codePointAt(at) as number;
      at += code > 0xffff ? 2 : 1;
      const mask = masks.get(code) ?? any;
      let carry = 1;
      for (let word = 0; word < words; word++) {
        const bits = state[word] as number;
        state[word] = ((bits << 1) | carry) & (mask[word] as number);
        carry = bits >>> 31;
      }
      if (((state[end >> 5] as number) >>> (end & 31)) & 1) return at;
    }
    return -1;
  };
}
