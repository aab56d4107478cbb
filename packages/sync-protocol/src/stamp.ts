/**
 * Stamps: when an operation happened, as text that sorts.
 *
 * A stamp is 32 characters: 12 hexadecimal digits of milliseconds since 1970, 4 of a counter, 16 of the replica that made it (64 random
 * bits). Comparing two stamps as text compares them in time; no two operations have the same one. The empty text stands for "never" and
 * sorts before all. Layout: docs/format/sync-wire.md, section 2. If the two disagree, this file is the bug.
 *
 * @module
 */
import { ProtocolError } from "./protocol-error.ts";

/** Text that sorts by time, or `""` for never. */
export type Stamp = string;

/** The stamp that sorts before all: never. */
export const NEVER: Stamp = "";

/** Length of a stamp in characters. */
export const STAMP_LENGTH = 32;

/** Length of a replica's id in characters: 64 random bits as hexadecimal digits. */
export const REPLICA_LENGTH = 16;

/** How far ahead of the server's clock a stamp may be before the server gives it another. */
export const MAX_AHEAD_MS = 60_000;

const STAMP = /^[0-9a-f]{32}$/;
const REPLICA = /^[0-9a-f]{16}$/;
const MAX_MS = 2 ** 48 - 1;
const MAX_COUNTER = 0xffff;

/** True for the text of a stamp other than {@link NEVER}. */
export function isStamp(value: unknown): value is Stamp {
  if (value === lastStamp) return true;
  if (typeof value !== "string" || !STAMP.test(value)) return false;
  lastStamp = value;
  return true;
}

/** What was written together bears one stamp: mostly it is the one that was looked at last. */
let lastStamp: Stamp | undefined;

/** True for the id of a replica: 16 hexadecimal digits in lower case. */
export function isReplica(value: unknown): value is string {
  return typeof value === "string" && REPLICA.test(value);
}

/** The latest stamp that there can be before a millisecond since 1970. */
export function lastStampBefore(ms: number): Stamp {
  return ms <= 0 ? NEVER : stampOf({ ms: Math.min(ms - 1, MAX_MS), counter: MAX_COUNTER, replica: "f".repeat(REPLICA_LENGTH) });
}

/** What a stamp says. */
export interface StampParts {
  /** Since 1970. */
  readonly ms: number;
  /** Tells stamps of one millisecond apart; 0 to 65535. */
  readonly counter: number;
  /** Who made it. */
  readonly replica: string;
}

/**
 * Makes the text of a stamp.
 *
 * @throws {ProtocolError} `STAMP_INVALID` for a part out of range.
 */
export function stampOf(parts: StampParts): Stamp {
  const { ms, counter, replica } = parts;
  if (!Number.isInteger(ms) || ms < 0 || ms > MAX_MS || !Number.isInteger(counter) || counter < 0 || counter > MAX_COUNTER || !isReplica(replica))
    throw new ProtocolError("STAMP_INVALID", "expected milliseconds below 2^48, a counter below 2^16 and a replica of 16 hexadecimal digits");
  return ms.toString(16).padStart(12, "0") + counter.toString(16).padStart(4, "0") + replica;
}

/**
 * Takes a stamp apart.
 *
 * @throws {ProtocolError} `STAMP_INVALID` for anything but a stamp, {@link NEVER} included.
 */
export function partsOf(stamp: Stamp): StampParts {
  if (!isStamp(stamp)) throw new ProtocolError("STAMP_INVALID", "expected 32 hexadecimal digits");
  return { ms: Number.parseInt(stamp.slice(0, 12), 16), counter: Number.parseInt(stamp.slice(12, 16), 16), replica: stamp.slice(16) };
}

/** The later of two stamps. */
export function laterOf(one: Stamp, other: Stamp): Stamp {
  return one < other ? other : one;
}
