/**
 * Why a peer is ahead, row by row, or encrypted Holdfast over its limit against plain. Shown below the losses of a run; a row without a
 * sentence is asked for. A sentence says what was found out, not what is hoped; it goes when the row is no loss any more.
 *
 * @module
 */

/** By the row's id. */
export const REASONS: Readonly<Record<string, string>> = {
  "W4-count-indexed": "The branches of an index hold no counts of what is below them, so a range is counted entry by entry; the peers that are ahead count without leaving native code. Counts in branches would change the file format.",
};
