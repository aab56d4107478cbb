/**
 * Up to which stamp states may be folded.
 *
 * A replica may forget up to a stamp what led to a state if every operation that it does not have yet is later than that stamp, and was written
 * by somebody who had everything up to it. Here that follows from three numbers that each version bears (docs/decisions/0018-folding.md).
 *
 * @module
 */
import { lastStampBefore, laterOf, MAX_AHEAD_MS, NEVER, partsOf } from "@holdfast/sync-protocol";
import type { Stamp } from "@holdfast/sync-protocol";
import type { FlushPlan } from "./store.ts";

/** Clocks of clients may be behind the server's by so much before their operations are taken for later than they say. */
export const FOLD_MARGIN_MS: number = MAX_AHEAD_MS;

/** What a version bears for later: how old its operations are, and how little their writers may have seen. */
export interface VersionReach {
  /** The oldest stamp of its operations; absent: it has none. */
  readonly stamp?: Stamp;
  /** The version that all of their writers had seen; absent: nobody wrote on what he had from the server. */
  readonly base?: number;
}

/** What a flush writes of this. */
export function reachOf({ entries, reach }: FlushPlan): VersionReach {
  let stamp: Stamp | undefined;
  for (const { ops } of entries) for (const { h } of ops) if (stamp === undefined || h < stamp) stamp = h;
  return { ...(stamp === undefined ? {} : { stamp }), ...(reach === undefined ? {} : { base: reach }) };
}

/** What the next floor is worked out from. */
export interface FoldQuestion {
  /** The stamp so far. */
  readonly folded: Stamp;
  /** The reach of every version above this one is known. */
  readonly knownAbove: number;
  /** The version that every client has seen that may still come: what it will write builds on this or more. */
  readonly seen: number;
  /** When that version was committed. */
  readonly seenAtMs: number;
  /** The least `base` of the versions above it; undefined: none bears one. */
  readonly leastBase: number | undefined;
  readonly marginMs?: number;
}

/** The version that every operation builds on which somebody does not have yet; undefined: nothing can be said. */
export function commonBase({ seen, leastBase, knownAbove }: FoldQuestion): number | undefined {
  const base = Math.min(seen, leastBase ?? seen);
  return base < knownAbove || base <= 0 ? undefined : base;
}

/**
 * The new floor.
 *
 * @param oldestAbove - The oldest stamp of the versions above the common base; `""`: one is not known; undefined: there are none.
 */
export function foldFloor({ folded, seenAtMs, marginMs = FOLD_MARGIN_MS }: FoldQuestion, oldestAbove: Stamp | undefined): Stamp {
  if (oldestAbove === NEVER) return folded;
  // What clients write after they had that version is not older than it, but for what their clocks are wrong by.
  const byTime = lastStampBefore(Math.floor(seenAtMs - marginMs));
  if (oldestAbove === undefined) return laterOf(folded, byTime);
  const byLog = lastStampBefore(partsOf(oldestAbove).ms);
  return laterOf(folded, byTime < byLog ? byTime : byLog);
}
