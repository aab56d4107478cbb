/**
 * Canonical stamps: a client whose clock is far ahead must not win for ever, and one that is far behind must not refer to what is forgotten.
 *
 * @module
 */
import { HybridClock } from "../hybrid-clock.ts";
import type { BoxStep, Operation, PathStep } from "../operation.ts";
import { laterOf, lastStampBefore, MAX_AHEAD_MS, NEVER, partsOf, type Stamp } from "../stamp.ts";

/** What {@link canonicalise} needs. */
export interface CanonicalOptions {
  readonly serverNowMs: number;
  /** What earlier operations of this client were given and the client may not know of yet: client's stamp, server's. Kept up to date. */
  readonly known: Map<Stamp, Stamp>;
  readonly maxAheadMs?: number;
  /** All that comes has to be later: up to where states are folded, and the stamps of this client's earlier operations. */
  readonly least?: Stamp;
  /** The newest stamp of others that the client says to have seen: what is too far ahead is put behind it. Of no account if it is itself twice as far ahead. */
  readonly newest?: Stamp;
}

/**
 * Gives an operation whose stamp is too far ahead of the server's clock, or not late enough, another stamp, and rewrites what it says that it has seen.
 * To be called for every operation of a client, in the order in which the client made them.
 *
 * The new stamp is made by a replica that stands for the client alone, and that no client is: so it is nobody else's stamp, and none of those that the client makes itself.
 *
 * @returns The same operation if nothing differs.
 */
export function canonicalise(operation: Operation, options: CanonicalOptions): Operation {
  const { known, least = NEVER, newest = NEVER, serverNowMs, maxAheadMs = MAX_AHEAD_MS } = options;
  const { h } = operation;
  if (isAfter(h, serverNowMs + maxAheadMs)) known.set(h, nextOf(h, isAfter(newest, serverNowMs + 2 * maxAheadMs) ? least : laterOf(least, newest), serverNowMs));
  else if (h <= least) known.set(h, nextOf(h, least, 0));
  else known.delete(h);
  return restamped(operation, known);
}

function isAfter(stamp: Stamp, ms: number): boolean {
  return stamp > lastStampBefore(ms + 1);
}

/** The next stamp behind `last` of the replica that stands for the one that made `stamp`: the same but for its first bit. */
function nextOf(stamp: Stamp, last: Stamp, nowMs: number): Stamp {
  const { replica } = partsOf(stamp);
  const first = (Number.parseInt(replica.slice(0, 1), 16) ^ 8).toString(16);
  return new HybridClock({ replica: first + replica.slice(1), now: () => nowMs, last }).tick();
}

/**
 * Rewrites the stamps of an operation. On the client: for those not sent yet, and for those sent and now acknowledged.
 *
 * @param stamps - What the client chose, and what the server gave.
 */
export function restamped(operation: Operation, stamps: ReadonlyMap<Stamp, Stamp>): Operation {
  if (stamps.size === 0) return operation;
  const h = stamps.get(operation.h);
  const g = operation.g === undefined ? undefined : stamps.get(operation.g);
  const path = restampedPath(operation.path, stamps);
  if (h === undefined && g === undefined && path === operation.path) return operation;
  return { ...operation, ...(h === undefined ? {} : { h, id: operation.id ?? operation.h }), ...(g === undefined ? {} : { g }), path };
}

function restampedPath(path: readonly PathStep[], stamps: ReadonlyMap<Stamp, Stamp>): readonly PathStep[] {
  const next = path.map((step) => (typeof step === "string" ? step : restampedStep(step, stamps)));
  return next.every((step, index) => step === path[index]) ? path : next;
}

function restampedStep(step: BoxStep, stamps: ReadonlyMap<Stamp, Stamp>): BoxStep {
  const seen = step.seen === undefined ? undefined : stamps.get(step.seen);
  return seen === undefined ? step : { ...step, seen };
}
