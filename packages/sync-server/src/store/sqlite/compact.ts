/**
 * Forgets what no client needs any more, on SQLite.
 *
 * @module
 */
import { commonBase, foldFloor } from "../fold-floor.ts";
import type { SqliteConnection } from "./connection.ts";
import { positionOf } from "./position.ts";

const ROWS_AT_ONCE = 2000;

/** The floor of versions, and the version that everything above it builds on. */
export interface Floors {
  readonly floor: number;
  readonly base: number;
}

/** Both floors, and which clients have to start anew: as on PostgreSQL, in the caller's transaction. */
export function raiseFloor(db: SqliteConnection, offlineSince: Date, marginMs: number | undefined): Floors {
  forgetClients(db, { where: "seen_at < ?", values: [offlineSince.getTime()] });
  const { version, floor: old, folded } = positionOf(db);
  const { v } = db.prepare("SELECT min(seen_v) AS v FROM sync_client").get() as { v: number | null };
  const floor = Math.max(old, Math.min(v ?? version, version));
  const { first } = db.prepare("SELECT min(v) AS first FROM sync_version").get() as { first: number | null };
  const at = db.prepare("SELECT at FROM sync_version WHERE v = ?").get(floor) as { at: number } | undefined;
  const { base: leastBase } = db.prepare("SELECT min(base) AS base FROM sync_version WHERE v > ?").get(floor) as { base: number | null };
  const question = { folded, knownAbove: (first ?? 1) - 1, seen: floor, seenAtMs: at?.at ?? 0, leastBase: leastBase ?? undefined, ...(marginMs === undefined ? {} : { marginMs }) };
  const base = commonBase(question);
  const { oldest } = db.prepare("SELECT min(oldest) AS oldest FROM sync_version WHERE v > ?").get(base ?? version) as { oldest: string | null };
  const stamp = base === undefined || at === undefined ? folded : foldFloor(question, oldest ?? undefined);
  db.prepare("UPDATE sync_shard SET floor = ?, folded = ? WHERE id = 0").run(floor, stamp);
  return { floor, base: base ?? 0 };
}

/** Forgets clients, but for how far they were. */
export function forgetClients(db: SqliteConnection, { where, values }: { readonly where: string; readonly values: readonly (string | number)[] }): void {
  db.prepare(`INSERT INTO sync_former SELECT client, usr, last_cseq FROM sync_client WHERE ${where}`).run(...values);
  db.prepare(`DELETE FROM sync_receipt WHERE client IN (SELECT client FROM sync_client WHERE ${where})`).run(...values);
  db.prepare(`DELETE FROM sync_client WHERE ${where}`).run(...values);
}

/** Deletes some of what lies below the floor. False: there was nothing left. */
export function forgetSome(db: SqliteConnection, { floor, base }: Floors): boolean {
  if (!db.isOpen) return false;
  const gone = db.prepare("DELETE FROM sync_change WHERE (v, n) IN (SELECT v, n FROM sync_change WHERE v <= ? ORDER BY v, n LIMIT ?) RETURNING n").all(floor, ROWS_AT_ONCE);
  if (gone.length > 0) return true;
  db.prepare("DELETE FROM sync_version WHERE v < ?").run(Math.min(floor, base));
  db.prepare("DELETE FROM sync_tombstone WHERE v <= ?").run(floor);
  return false;
}
