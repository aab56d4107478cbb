/**
 * One flush on PostgreSQL.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { keyText } from "@holdfast/sync-protocol";
import type { WireKey } from "@holdfast/sync-protocol";
import type { SchemaLayout, TableLayout } from "../../schema/table-layout.ts";
import { keyColumnText, keyOfColumnText } from "../../schema/wire-scalar.ts";
import type { Image } from "../../merge/image.ts";
import { isTimedOut } from "../failures.ts";
import { reachOf } from "../fold-floor.ts";
import { loggedImages, loggedOps } from "../log-codec.ts";
import { stateOfText, textOfState } from "../state-text.ts";
import { objectName, receiptName } from "../store.ts";
import type { ClientCursor, Committed, FlushInput, FlushPlan, FlushRequest, ForeignChange, Receipt, StoredObject, WrittenObject } from "../store.ts";
import { textArray } from "./binary-array.ts";
import { BY_KEYS_SQL, FLUSH_MARK_SQL, lockTimeoutSql, TAKE_FOREIGN_SQL } from "./postgres-only.ts";
import { prepared } from "./prepared.ts";
import { columnText, deleteSql, statesSql, upsertSql } from "./table-sql.ts";
import { together } from "./together.ts";

/** Receipts of a client are kept this far behind its newest transaction, which is more than it may have under way. */
const RECEIPTS_KEPT = 4096;

/** Runs it from BEGIN to COMMIT. The connection is thrown away by the caller if anything throws, which rolls back. */
export async function runFlush(client: pg.PoolClient, request: FlushRequest, layout: SchemaLayout): Promise<Committed | undefined> {
  const { version, floor, cursors, foreign, objects } = await read(client, request, layout);
  const receipts = await readReceipts(client, request, cursors);
  const plan = request.plan({ version, cursors, receipts, foreign, floor, objects });
  if (plan.entries.length === 0 && plan.receipts.length === 0 && foreign.length === 0) {
    await client.query("ROLLBACK");
    return undefined;
  }
  const committed = { version, salt: randomBytes(6).toString("hex") };
  await write(client, committed, plan, layout);
  // Not sent along with the others: a statement that could not be sent would be missing from what is committed.
  await client.query("COMMIT");
  return committed;
}

type Read = Required<Pick<FlushInput, "version" | "floor" | "cursors" | "foreign" | "objects">>;

/** In one go, unless other programs' changes, which come first, say what else is touched. */
async function read(client: pg.PoolClient, request: FlushRequest, layout: SchemaLayout): Promise<Read> {
  if (request.foreignLimit === 0) {
    const names = namesOf(request, [], layout);
    const [begun, cursors, objects] = await together(client, () => [begin(client, request), readCursors(client, request), readObjects(client, names, layout, [])]);
    return { ...begun, cursors, foreign: [], objects };
  }
  const [begun, cursors, foreign] = await together(client, () => [begin(client, request), readCursors(client, request), takeForeign(client, request.foreignLimit, layout)]);
  return { ...begun, cursors, foreign, objects: await readObjects(client, namesOf(request, foreign, layout), layout, foreign) };
}

/** From here to the commit no other flush of the database is in between. */
async function begin(client: pg.PoolClient, { lockTimeoutMs }: FlushRequest): Promise<Pick<Read, "version" | "floor">> {
  const text = `BEGIN; ${FLUSH_MARK_SQL}; ${BY_KEYS_SQL}; UPDATE sync.shard SET v = v + 1 WHERE id = 0 RETURNING v, floor, folded; ${lockTimeoutSql(lockTimeoutMs)}`;
  const begun = (await client.query(text).catch(waitedForOthers)) as unknown as readonly pg.QueryResult<{ v: string; floor: string; folded: string }>[];
  const shard = begun.find(({ rows }) => rows.length > 0)?.rows[0];
  return { version: Number(shard?.v), floor: { version: Number(shard?.floor), stamp: shard?.folded ?? "" } };
}

/** What takes too long here is the flushes of other servers: none of the transactions is to blame. */
function waitedForOthers(cause: unknown): never {
  throw isTimedOut(cause) ? new Error("the flushes of other servers take too long", { cause }) : cause;
}

async function readCursors(client: pg.PoolClient, { uploads }: FlushRequest): Promise<ReadonlyMap<string, ClientCursor>> {
  const ids = [...new Set(uploads.map((upload) => upload.client))];
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ client: string; usr: string; last_cseq: string; last: string }>({ name: "cursors", text: "SELECT client, usr, last_cseq, last FROM sync.client WHERE client = ANY($1::text[])", values: [ids] });
  return new Map(rows.map((row) => [row.client, { client: row.client, user: row.usr, lastCseq: Number(row.last_cseq), last: row.last }]));
}

/** Only what comes a second time has one. */
async function readReceipts(client: pg.PoolClient, { uploads }: FlushRequest, cursors: ReadonlyMap<string, ClientCursor>): Promise<ReadonlyMap<string, Receipt>> {
  const repeats = uploads.filter((upload) => upload.cseq <= (cursors.get(upload.client)?.lastCseq ?? 0));
  if (repeats.length === 0) return new Map();
  const { rows } = await client.query<{ client: string; cseq: string; digest: string; answer: string | null }>(
    "SELECT r.client, r.cseq, r.digest, r.answer FROM sync.receipt r JOIN unnest($1::text[], $2::bigint[]) AS t(client, cseq) ON r.client = t.client AND r.cseq = t.cseq",
    [repeats.map((upload) => upload.client), repeats.map((upload) => upload.cseq)],
  );
  return new Map(
    rows.map((row) => [receiptName(row.client, Number(row.cseq)), { client: row.client, cseq: Number(row.cseq), digest: row.digest, ...(row.answer === null ? {} : { answer: row.answer }) }]),
  );
}

/** Ids are given before commits, so a row may come into sight below ones that were taken already. Deleting what is taken, instead of remembering a place, misses none. */
async function takeForeign(client: pg.PoolClient, limit: number, layout: SchemaLayout): Promise<readonly ForeignChange[]> {
  const { rows } = await client.query<{ id: string; typ: string; pk: string; columns: Record<string, string | null> | null; m: string | null }>({
    name: "foreign",
    text: TAKE_FOREIGN_SQL,
    values: [limit],
  });
  return rows.flatMap(({ id, typ, pk, columns, m }) => {
    const table = layout.tables.get(typ);
    return table === undefined ? [] : [{ id, type: typ, pk: keyOf(pk, table), columns: columns ?? undefined, ...(m === null ? {} : { rowState: m }) }];
  });
}

interface Names {
  readonly type: string;
  readonly keys: Map<string, WireKey>;
}

function namesOf({ uploads }: FlushRequest, foreign: readonly ForeignChange[], layout: SchemaLayout): ReadonlyMap<string, Names> {
  const names = new Map<string, Names>();
  const note = (type: string, pk: WireKey): void => {
    const table = layout.tables.get(type);
    if (table === undefined || pk === null || !fits(pk, table)) return;
    const known = names.get(type) ?? { type, keys: new Map<string, WireKey>() };
    known.keys.set(keyColumnText(pk), pk);
    names.set(type, known);
  };
  for (const { ops } of uploads) for (const { type, pk } of ops) note(type, pk);
  for (const { type, pk } of foreign) note(type, pk);
  return names;
}

/** Keys of a wrong type are refused later; here they must not reach a cast. */
function fits(pk: WireKey, table: TableLayout): boolean {
  const text = keyColumnText(pk);
  if (table.key.kind === "int") return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  if (table.key.kind === "uuid") return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
  return !text.includes("\0") && text.isWellFormed();
}

async function readObjects(client: pg.PoolClient, names: ReadonlyMap<string, Names>, layout: SchemaLayout, foreign: readonly ForeignChange[]): Promise<ReadonlyMap<string, StoredObject>> {
  const objects = new Map<string, StoredObject>();
  if (names.size === 0) return objects;
  const parts: string[] = [];
  const values: (readonly string[])[] = [];
  const tombstones: { readonly types: string[]; readonly keys: string[] } = { types: [], keys: [] };
  for (const { type, keys } of names.values()) {
    values.push([...keys.keys()]);
    parts.push(statesSql(layout.tables.get(type) as TableLayout, values.length));
    for (const pk of keys.values()) {
      tombstones.types.push(type);
      tombstones.keys.push(keyText(pk));
    }
  }
  values.push(tombstones.types, tombstones.keys);
  parts.push(`SELECT t.typ, t.pk, t.m, t.v, t.last FROM sync.tombstone t JOIN unnest($${String(values.length - 1)}::text[], $${String(values.length)}::text[]) AS n(typ, pk) ON t.typ = n.typ AND t.pk = n.pk`);
  const { rows } = await client.query<{ typ: string; pk: string; m: string; v: string; last: string | null }>(prepared(parts.join(" UNION ALL "), values));
  const inherited = new Map(foreign.flatMap(({ type, pk, columns, rowState }) => (columns === undefined || rowState === undefined ? [] : [[objectName(type, pk), rowState]])));
  for (const { typ, pk, m, v, last } of rows) {
    const key = names.get(typ)?.keys.get(pk) ?? (JSON.parse(pk) as WireKey);
    const name = objectName(typ, key);
    // Written by another program and not taken in yet.
    if (m === "" || inherited.get(name) === m) continue;
    objects.set(name, { type: typ, pk: key, state: stateOfText(m), version: Number(v), ...(last === null ? {} : { last: JSON.parse(last) as Image }) });
  }
  for (const { type, pk, columns, rowState } of foreign) {
    const name = objectName(type, pk);
    if (columns === undefined && rowState !== undefined && rowState !== "" && !objects.has(name)) objects.set(name, { type, pk, state: stateOfText(rowState) });
  }
  return objects;
}

async function write(client: pg.PoolClient, committed: Committed, plan: FlushPlan, layout: SchemaLayout): Promise<void> {
  // All parameters are made before the first statement is sent.
  const statements = [...objectStatements(plan, committed.version, layout), ...logStatements(plan, committed.version), ...receiptStatements(plan), versionStatement(plan, committed)];
  await together(client, () => statements.map((statement) => client.query(statement)));
}

function versionStatement(plan: FlushPlan, { version, salt }: Committed): pg.QueryConfig {
  const { stamp, base } = reachOf(plan);
  return { name: "version", text: "INSERT INTO sync.version (v, salt, oldest, base) VALUES ($1, $2, $3, $4)", values: [version, salt, stamp ?? null, base ?? null] };
}

function objectStatements({ objects: all }: FlushPlan, version: number, layout: SchemaLayout): pg.QueryConfig[] {
  const alive = all.filter(({ image }) => image !== undefined);
  const dead = all.filter(({ image }) => image === undefined);
  const statements = [...byType(alive)].map(([type, objects]) => upsert(version, objects, layout.tables.get(type) as TableLayout, layout));
  const revived = alive.filter(({ wasAlive }) => !wasAlive);
  if (revived.length > 0) {
    statements.push({ name: "revive", text: "DELETE FROM sync.tombstone t USING unnest($1::text[], $2::text[]) AS n(typ, pk) WHERE t.typ = n.typ AND t.pk = n.pk", values: [textArray(revived.map(({ type }) => type)), textArray(revived.map(({ pk }) => keyText(pk)))] });
  }
  if (dead.length > 0) {
    for (const [type, objects] of byType(dead)) statements.push(prepared(deleteSql(layout.tables.get(type) as TableLayout), [objects.map(({ pk }) => keyColumnText(pk))]));
    statements.push({
      name: "bury",
      text: "INSERT INTO sync.tombstone (typ, pk, m, v, last) SELECT typ, pk, m, $4::bigint, last FROM unnest($1::text[], $2::text[], $3::text[], $5::text[]) AS n(typ, pk, m, last) ON CONFLICT (typ, pk) DO UPDATE SET m = excluded.m, v = excluded.v, last = excluded.last",
      values: [textArray(dead.map(({ type }) => type)), textArray(dead.map(({ pk }) => keyText(pk))), textArray(dead.map(({ state }) => textOfState(state))), version, textArray(dead.map(({ last }) => (last === undefined ? null : JSON.stringify(last))))],
    });
  }
  return statements;
}

function logStatements({ entries }: FlushPlan, version: number): pg.QueryConfig[] {
  if (entries.length === 0) return [];
  const images = entries.map(loggedImages);
  return [
    {
      name: "log",
      text: "INSERT INTO sync.change (v, n, ordinal, client, typ, pk, ops, old, new) SELECT $1::bigint, t.* FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS t",
      values: [
        version, entries.map((_entry, index) => index), entries.map(({ ordinal }) => ordinal), textArray(entries.map((entry) => entry.client)), textArray(entries.map(({ type }) => type)),
        textArray(entries.map(({ pk }) => keyText(pk))), textArray(entries.map(loggedOps)), textArray(images.map((image) => image.old)), textArray(images.map((image) => image.new)),
      ],
    },
  ];
}

function receiptStatements({ receipts, cursors }: FlushPlan): pg.QueryConfig[] {
  if (receipts.length === 0) return [];
  return [
    {
      name: "receipts",
      text: "INSERT INTO sync.receipt (client, cseq, digest, answer) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[])",
      values: [textArray(receipts.map((each) => each.client)), receipts.map(({ cseq }) => cseq), textArray(receipts.map(({ digest }) => digest)), textArray(receipts.map(({ answer }) => answer ?? null))],
    },
    {
      name: "advance",
      text: `WITH moved AS (UPDATE sync.client c SET last_cseq = t.cseq, last = t.last, seen_at = now() FROM unnest($1::text[], $2::bigint[], $3::text[]) AS t(client, cseq, last) WHERE c.client = t.client RETURNING c.client, c.last_cseq)
        DELETE FROM sync.receipt r USING moved WHERE r.client = moved.client AND r.cseq <= moved.last_cseq - ${String(RECEIPTS_KEPT)}`,
      values: [textArray(cursors.map((each) => each.client)), cursors.map(({ lastCseq }) => lastCseq), textArray(cursors.map(({ last }) => last))],
    },
  ];
}

function upsert(version: number, objects: readonly WrittenObject[], table: TableLayout, layout: SchemaLayout): pg.QueryConfig {
  const values: unknown[] = table.columns.map((column) => textArray(objects.map(({ image }) => columnText(image ?? {}, column, layout.classes))));
  values.push(textArray(objects.map(({ state }) => textOfState(state))), version);
  return prepared(upsertSql(table), values);
}

function byType(objects: readonly WrittenObject[]): ReadonlyMap<string, readonly WrittenObject[]> {
  return Map.groupBy(objects, ({ type }) => type);
}

function keyOf(text: string, table: TableLayout): WireKey {
  return keyOfColumnText(text, table.key.kind === "json" ? "string" : table.key.kind);
}
