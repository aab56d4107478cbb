/**
 * String comparisons as Realm makes them: order by code point, case folded for A to Z only, LIKE with `?` and `*`.
 *
 * @module
 */

/** A to Z in lower case; every other character as it is, as Realm does on all platforms but Windows. */
export function foldCase(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= UPPER_A && unit <= UPPER_Z) return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  return text;
}

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

/** Order of the code points, which is the order of the UTF-8 bytes and of index keys. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return orderOfUnit(leftUnit) - orderOfUnit(rightUnit);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points beyond every unit that is none. */
function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** True if the whole text fits the pattern: `?` is one character, `*` any number of them. There is no escape. */
export function isLike(text: string, pattern: string): boolean {
  let textAt = 0;
  let patternAt = 0;
  let starAt = -1;
  let retryAt = 0;
  while (textAt < text.length) {
    const wanted = pattern.charCodeAt(patternAt);
    if (wanted === STAR) {
      starAt = patternAt++;
      retryAt = textAt;
    } else if (wanted === QUESTION) {
      patternAt++;
      textAt = nextCharacter(text, textAt);
    } else if (wanted === text.charCodeAt(textAt)) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      // The last star takes one more character; earlier stars never have to be tried again.
      patternAt = starAt + 1;
      retryAt = nextCharacter(text, retryAt);
      textAt = retryAt;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(patternAt) === STAR) patternAt++;
  return patternAt === pattern.length;
}

const STAR = 0x2a;
const QUESTION = 0x3f;

function nextCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
