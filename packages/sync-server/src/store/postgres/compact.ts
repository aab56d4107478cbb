/**
 * Forgets what no client needs any more, on PostgreSQL.
 *
 * @module
 */
import type pg from "pg";

/**
 * The floor is the version up to which every client seen since `offlineSince` has everything. Log and tombstones up to it go, and so do
 * the clients that were away for longer: when they come back they start anew.
 */
export async function compactPostgres(client: pg.PoolClient, offlineSince: Date): Promise<number> {
  // Against flushes: they raise this row first.
  const { rows } = await client.query<{ v: string; floor: string }>("SELECT v, floor FROM sync.shard WHERE id = 0 FOR UPDATE");
  await client.query("DELETE FROM sync.receipt WHERE client IN (SELECT client FROM sync.client WHERE seen_at < $1)", [offlineSince]);
  await client.query("DELETE FROM sync.client WHERE seen_at < $1", [offlineSince]);
  const { rows: seen } = await client.query<{ v: string | null }>("SELECT min(seen_v) AS v FROM sync.client");
  const floor = Math.max(Number(rows[0]?.floor ?? 0), Math.min(Number(seen[0]?.v ?? rows[0]?.v ?? 0), Number(rows[0]?.v ?? 0)));
  await client.query("DELETE FROM sync.change WHERE v <= $1", [floor]);
  await client.query("DELETE FROM sync.version WHERE v < $1", [floor]);
  await client.query("DELETE FROM sync.tombstone WHERE v <= $1", [floor]);
  await client.query("UPDATE sync.shard SET floor = $1 WHERE id = 0", [floor]);
  return floor;
}
