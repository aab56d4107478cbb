/**
 * Makes a failing input as short and plain as it gets without losing the failure.
 *
 * @module
 */

/** Tries at most this many inputs. */
const MAX_TRIES = 1500;
const MAX_MS = 8000;

/** A shorter input for which `fails` is still true. */
export function shrink(input: Uint8Array, fails: (candidate: Uint8Array) => boolean): Uint8Array {
  let best = input;
  let tries = 0;
  const end = performance.now() + MAX_MS;
  const attempt = (candidate: Uint8Array): boolean => {
    if (tries >= MAX_TRIES || performance.now() > end) return false;
    tries++;
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let length = Math.ceil(best.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = 0; at + length <= best.length; ) {
      const candidate = new Uint8Array(best.length - length);
      candidate.set(best.subarray(0, at));
      candidate.set(best.subarray(at + length), at);
      if (!attempt(candidate)) at += length;
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === 0) continue;
    const candidate = best.slice();
    candidate[at] = 0;
    attempt(candidate);
  }
  return best;
}
