/**
 * Forgets what no client needs any more, on PostgreSQL.
 *
 * @module
 */
import type pg from "pg";
import { commonBase, foldFloor } from "../fold-floor.ts";

const ROWS_AT_ONCE = 2000;

/** The floor of versions, and the version that everything above it builds on. */
export interface Floors {
  readonly floor: number;
  readonly base: number;
}

/**
 * Raises both floors. The floor of versions is the one up to which every client seen since `offlineSince` has everything; clients that were
 * away for longer are forgotten, and start anew when they come back. The floor of stamps follows from it: `fold-floor.ts`.
 *
 * What is long is read before the counter row is taken: flushes wait for no more than what was committed meanwhile.
 */
export async function raiseFloor(client: pg.PoolClient, offlineSince: Date, marginMs: number | undefined): Promise<Floors> {
  await client.query("DELETE FROM sync.receipt WHERE client IN (SELECT client FROM sync.client WHERE seen_at < $1)", [offlineSince]);
  await client.query("BEGIN");
  await forgetClients(client, { where: "seen_at < $1", values: [offlineSince] });
  await client.query("COMMIT");
  const { rows: before } = await client.query<{ v: string; seen: string | null }>("SELECT v, (SELECT min(seen_v) FROM sync.client) AS seen FROM sync.shard WHERE id = 0");
  // Versions do not change once they are committed.
  const version = Number(before[0]?.v ?? 0);
  const seen = Math.min(Number(before[0]?.seen ?? version), version);
  const known = await extremes(client, seen, version);
  await client.query("BEGIN");
  const { rows } = await client.query<{ v: string; floor: string; folded: string }>("SELECT v, floor, folded FROM sync.shard WHERE id = 0 FOR UPDATE");
  const old = Number(rows[0]?.floor ?? 0);
  const folded = rows[0]?.folded ?? "";
  const newest = Number(rows[0]?.v ?? 0);
  const floor = Math.max(old, seen);
  const { rows: dated } = await client.query<{ at: Date | null; first: string | null }>("SELECT (SELECT at FROM sync.version WHERE v = $1) AS at, min(v) AS first FROM sync.version", [floor]);
  const at = dated[0]?.at ?? undefined;
  const late = await extremes(client, version, newest);
  const question = { folded, knownAbove: Number(dated[0]?.first ?? 1) - 1, seen: floor, seenAtMs: at?.getTime() ?? 0, leastBase: least(known.base, late.base), ...(marginMs === undefined ? {} : { marginMs }) };
  const base = commonBase(question);
  let stamp = folded;
  if (base !== undefined && at !== undefined) {
    const { oldest: between } = base < floor ? await extremes(client, base, floor) : { oldest: undefined };
    const { oldest: above } = seen < floor ? await extremes(client, floor, newest) : { oldest: leastText(known.oldest, late.oldest) };
    stamp = foldFloor(question, leastText(between, above));
  }
  await client.query("UPDATE sync.shard SET floor = $1, folded = $2 WHERE id = 0", [floor, stamp]);
  await client.query("COMMIT");
  return { floor, base: base ?? 0 };
}

/**
 * Forgets clients, but for how far they were; in the caller's transaction.
 *
 * It takes the counter row, so that no flush of theirs is under way: one that came later would do what nobody knows of.
 */
export async function forgetClients(client: pg.PoolClient, { where, values }: { readonly where: string; readonly values: readonly unknown[] }): Promise<void> {
  await client.query("SELECT v FROM sync.shard WHERE id = 0 FOR UPDATE");
  await client.query(`WITH gone AS (DELETE FROM sync.client WHERE ${where} RETURNING client, usr, last_cseq) INSERT INTO sync.former SELECT client, usr, last_cseq FROM gone`, [...values]);
}

/** Deletes some of what lies below the floor. False: there was nothing left. */
export async function forgetSome(client: pg.PoolClient, { floor, base }: Floors): Promise<boolean> {
  const { rowCount } = await client.query("DELETE FROM sync.change WHERE (v, n) IN (SELECT v, n FROM sync.change WHERE v <= $1 ORDER BY v, n LIMIT $2)", [floor, ROWS_AT_ONCE]);
  if ((rowCount ?? 0) > 0) return true;
  await client.query("DELETE FROM sync.version WHERE v < $1", [Math.min(floor, base)]);
  await client.query("DELETE FROM sync.tombstone WHERE v <= $1", [floor]);
  return false;
}

/** The least base and the oldest stamp of the versions above one, up to another. */
async function extremes(client: pg.PoolClient, above: number, upTo: number): Promise<{ readonly base: number | undefined; readonly oldest: string | undefined }> {
  // Stamps compare as bytes, whatever the database's collation.
  const { rows } = await client.query<{ base: string | null; oldest: string | null }>('SELECT min(base) AS base, min(oldest COLLATE "C") AS oldest FROM sync.version WHERE v > $1 AND v <= $2', [above, upTo]);
  return { base: rows[0]?.base === null || rows[0] === undefined ? undefined : Number(rows[0].base), oldest: rows[0]?.oldest ?? undefined };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function leastText(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined || other === undefined ? (one ?? other) : one < other ? one : other;
}
