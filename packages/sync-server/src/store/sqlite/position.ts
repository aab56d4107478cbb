/**
 * How far a SQLite store is.
 *
 * @module
 */
import type { Position } from "../store.ts";
import type { SqliteConnection } from "./connection.ts";

/** Read inside whatever transaction is open. */
export function positionOf(db: SqliteConnection): Position {
  const { v, floor, folded } = db.prepare("SELECT v, floor, folded FROM sync_shard WHERE id = 0").get() as { v: number; floor: number; folded: string };
  const { value } = db.prepare("SELECT value FROM sync_meta WHERE name = 'epoch'").get() as { value: string };
  return { epoch: value, version: v, floor, folded };
}
