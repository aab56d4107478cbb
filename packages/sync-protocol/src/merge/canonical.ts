/**
 * Canonical stamps: a client whose clock is far ahead must not win for ever.
 *
 * @module
 */
import type { HybridClock } from "../hybrid-clock.ts";
import type { BoxStep, Operation, PathStep } from "../operation.ts";
import { MAX_AHEAD_MS, partsOf, type Stamp } from "../stamp.ts";

/** What {@link canonicalise} needs. */
export interface CanonicalOptions {
  readonly serverNowMs: number;
  /** The server's own clock. */
  readonly clock: HybridClock;
  /** What earlier operations of this client were given and the client may not know of yet: client's stamp, server's. Added to. */
  readonly known: Map<Stamp, Stamp>;
  readonly maxAheadMs?: number;
  /** States have been folded up to `stamp`: an operation that is not later is made so, by the next stamp of `clock`, which stands just behind it. */
  readonly floor?: { readonly stamp: Stamp; readonly clock: HybridClock };
}

/**
 * Gives an operation whose stamp is too far ahead of the server's clock, or too old for what has been folded, another stamp, and rewrites what
 * it says that it has seen.
 * To be called for every operation of a client, in the order in which the client made them.
 *
 * @returns The same operation if nothing differs.
 */
export function canonicalise(operation: Operation, options: CanonicalOptions): Operation {
  const { known, clock, serverNowMs, maxAheadMs = MAX_AHEAD_MS, floor } = options;
  if (floor !== undefined && operation.h <= floor.stamp) known.set(operation.h, floor.clock.tick());
  else if (partsOf(operation.h).ms > serverNowMs + maxAheadMs) known.set(operation.h, clampStamp(operation.h, options));
  else clock.observe(operation.h);
  return restamped(operation, known);
}

/** The stamp itself, or the server's next one if it is too far ahead. */
export function clampStamp(stamp: Stamp, options: Omit<CanonicalOptions, "known" | "floor">): Stamp {
  return partsOf(stamp).ms > options.serverNowMs + (options.maxAheadMs ?? MAX_AHEAD_MS) ? options.clock.tick() : stamp;
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
