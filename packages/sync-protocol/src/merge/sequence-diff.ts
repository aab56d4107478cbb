/**
 * What two sequences of texts have in common, in order.
 *
 * Equal ends are cut off first, which is all there is to do for an append. Then Myers' greedy algorithm ("An O(ND) Difference Algorithm",
 * 1986) finds a longest common subsequence as long as the difference is small. Where it is large, the k-th occurrence of a text is taken for
 * the k-th, and the longest ascending part of that stays: never wrong, not always the longest. Memory is linear plus a constant.
 *
 * @module
 */

/** Beyond so many differences the cheaper way is taken. */
const MOST_DIFFERENCES = 400;

/** For each of the wanted, the index of what it is in the old ones; -1: it is new. Ascending apart from the -1s. */
export function commonSubsequence(old: readonly string[], wanted: readonly string[]): number[] {
  const matched = Array.from<number>({ length: wanted.length }).fill(-1);
  let start = 0;
  while (start < old.length && start < wanted.length && old[start] === wanted[start]) {
    matched[start] = start;
    start += 1;
  }
  let oldEnd = old.length;
  let wantedEnd = wanted.length;
  while (oldEnd > start && wantedEnd > start && old[oldEnd - 1] === wanted[wantedEnd - 1]) {
    oldEnd -= 1;
    wantedEnd -= 1;
    matched[wantedEnd] = oldEnd;
  }
  if (oldEnd === start || wantedEnd === start) return matched;
  const inner = { old: old.slice(start, oldEnd), wanted: wanted.slice(start, wantedEnd) };
  for (const [oldIndex, wantedIndex] of shortestEdit(inner.old, inner.wanted) ?? ascending(inner.old, inner.wanted)) matched[start + wantedIndex] = start + oldIndex;
  return matched;
}

type Pair = readonly [oldIndex: number, wantedIndex: number];

/** Pairs of a longest common subsequence; undefined if the sequences differ too much. */
function shortestEdit(old: readonly string[], wanted: readonly string[]): Pair[] | undefined {
  const most = Math.min(old.length + wanted.length, MOST_DIFFERENCES);
  const reach = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trace: Int32Array[] = [];
  for (let differences = 0; differences <= most; differences += 1) {
    trace.push(reach.slice(middle - differences - 1, middle + differences + 2));
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      let x = nextX(reach, middle, diagonal, differences);
      while (x < old.length && x - diagonal < wanted.length && old[x] === wanted[x - diagonal]) x += 1;
      reach[middle + diagonal] = x;
      if (x >= old.length && x - diagonal >= wanted.length) return walkedBack(trace, old.length, wanted.length);
    }
  }
  return undefined;
}

/** How far the path on `diagonal` comes with one more difference. */
function nextX(reach: Int32Array, middle: number, diagonal: number, differences: number): number {
  const fromAbove = reach[middle + diagonal + 1] as number;
  const fromLeft = (reach[middle + diagonal - 1] as number) + 1;
  return diagonal === -differences || (diagonal !== differences && fromLeft <= fromAbove) ? fromAbove : fromLeft;
}

function walkedBack(trace: readonly Int32Array[], oldLength: number, wantedLength: number): Pair[] {
  const pairs: Pair[] = [];
  let x = oldLength;
  let y = wantedLength;
  for (let differences = trace.length - 1; differences >= 0; differences -= 1) {
    const reach = trace[differences] as Int32Array;
    const middle = differences + 1;
    const diagonal = x - y;
    const fromAbove = reach[middle + diagonal + 1] as number;
    const fromLeft = (reach[middle + diagonal - 1] as number) + 1;
    const isDown = diagonal === -differences || (diagonal !== differences && fromLeft <= fromAbove);
    const startX = differences === 0 ? 0 : isDown ? fromAbove : fromLeft;
    const startY = startX - diagonal;
    while (x > startX && y > startY) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    if (differences === 0) break;
    if (isDown) y -= 1;
    else x -= 1;
  }
  return pairs;
}

/** Pairs of equal occurrences, the longest run of them that ascends in both. */
function ascending(old: readonly string[], wanted: readonly string[]): Pair[] {
  return longestAscending(occurrences(old, wanted));
}

/** The k-th occurrence of each text in `wanted` with its k-th occurrence in `old`, in the order of `wanted`. */
export function occurrences(old: readonly string[], wanted: readonly string[]): Pair[] {
  const places = new Map<string, number[]>();
  for (let index = old.length - 1; index >= 0; index -= 1) {
    const text = old[index] as string;
    const found = places.get(text);
    if (found === undefined) places.set(text, [index]);
    else found.push(index);
  }
  const pairs: Pair[] = [];
  for (const [wantedIndex, text] of wanted.entries()) {
    const oldIndex = places.get(text)?.pop();
    if (oldIndex !== undefined) pairs.push([oldIndex, wantedIndex]);
  }
  return pairs;
}

/** A longest subsequence whose old indexes ascend (patience sorting). */
function longestAscending(pairs: readonly Pair[]): Pair[] {
  const tails: number[] = [];
  const previous = Array.from<number>({ length: pairs.length }).fill(-1);
  for (const [index, [oldIndex]] of pairs.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const half = Math.floor((low + high) / 2);
      if ((pairs[tails[half] as number] as Pair)[0] < oldIndex) low = half + 1;
      else high = half;
    }
    previous[index] = low === 0 ? -1 : (tails[low - 1] as number);
    tails[low] = index;
  }
  const chosen: Pair[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] as number) chosen.push(pairs[index] as Pair);
  return chosen.toReversed();
}
