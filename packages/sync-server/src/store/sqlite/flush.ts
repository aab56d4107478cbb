/**
 * One flush on SQLite.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { keyText } from "@holdfast/sync-protocol";
import { STATE_COLUMN, VERSION_COLUMN } from "../../schema/table-layout.ts";
import type { SchemaLayout, TableLayout } from "../../schema/table-layout.ts";
import { isKeyText, keyColumnText } from "../../schema/wire-scalar.ts";
import type { Image } from "../../merge/image.ts";
import { reachOf } from "../fold-floor.ts";
import { loggedImages, loggedOps } from "../log-codec.ts";
import { stateOfText, textOfState } from "../state-text.ts";
import { objectName, receiptName } from "../store.ts";
import type { ClientCursor, Committed, FlushPlan, FlushRequest, Receipt, StoredObject } from "../store.ts";
import type { SqliteConnection } from "./connection.ts";
import { quoteName } from "./sqlite-dialect.ts";
import { columnValue, keyValue, upsertSql } from "./table-sql.ts";

/** As in PostgreSQL's flush. */
const RECEIPTS_KEPT = 4096;

/** What a flush does inside its transaction. */
export function runFlush(db: SqliteConnection, request: FlushRequest, layout: SchemaLayout): Committed | undefined {
  const { v: version, floor, folded } = db.prepare("UPDATE sync_shard SET v = v + 1 WHERE id = 0 RETURNING v, floor, folded").get() as { v: number; floor: number; folded: string };
  const cursors = readCursors(db, request);
  const plan = request.plan({ version, cursors, receipts: readReceipts(db, request, cursors), foreign: [], objects: readObjects(db, request, layout), floor: { version: floor, stamp: folded } });
  if (plan.entries.length === 0 && plan.receipts.length === 0) {
    db.exec("UPDATE sync_shard SET v = v - 1 WHERE id = 0");
    return undefined;
  }
  const committed = { version, salt: randomBytes(6).toString("hex") };
  write(db, committed, plan, layout);
  return committed;
}

function readCursors(db: SqliteConnection, { uploads }: FlushRequest): ReadonlyMap<string, ClientCursor> {
  const find = db.prepare("SELECT usr, last_cseq, last FROM sync_client WHERE client = ?");
  const cursors = new Map<string, ClientCursor>();
  for (const { client } of uploads) {
    if (cursors.has(client)) continue;
    const row = find.get(client) as { usr: string; last_cseq: number; last: string } | undefined;
    if (row !== undefined) cursors.set(client, { client, user: row.usr, lastCseq: row.last_cseq, last: row.last });
  }
  return cursors;
}

function readReceipts(db: SqliteConnection, { uploads }: FlushRequest, cursors: ReadonlyMap<string, ClientCursor>): ReadonlyMap<string, Receipt> {
  const receipts = new Map<string, Receipt>();
  const find = db.prepare("SELECT digest, answer FROM sync_receipt WHERE client = ? AND cseq = ?");
  for (const { client, cseq } of uploads) {
    if (cseq > (cursors.get(client)?.lastCseq ?? 0)) continue;
    const row = find.get(client, cseq) as { digest: string; answer: string | null } | undefined;
    if (row !== undefined) receipts.set(receiptName(client, cseq), { client, cseq, digest: row.digest, ...(row.answer === null ? {} : { answer: row.answer }) });
  }
  return receipts;
}

function readObjects(db: SqliteConnection, { uploads }: FlushRequest, layout: SchemaLayout): ReadonlyMap<string, StoredObject> {
  const objects = new Map<string, StoredObject>();
  const buried = db.prepare("SELECT m, v, last FROM sync_tombstone WHERE typ = ? AND pk = ?");
  for (const [type, ops] of Map.groupBy(uploads.flatMap((upload) => upload.ops), (operation) => operation.type)) {
    const table = layout.tables.get(type);
    if (table === undefined) continue;
    const find = db.prepare(`SELECT ${quoteName(STATE_COLUMN)} AS m, ${quoteName(VERSION_COLUMN)} AS v, NULL AS last FROM ${quoteName(type)} WHERE ${quoteName(table.key.name)} = ?`);
    for (const { pk } of ops) {
      const name = objectName(type, pk);
      const text = keyColumnText(pk);
      if (pk === null || objects.has(name) || !isKeyText(text, table.key.kind)) continue;
      const row = (find.get(keyValue(text, table)) ?? buried.get(type, keyText(pk))) as { m: string; v: number; last: string | null } | undefined;
      if (row !== undefined) objects.set(name, { type, pk, state: stateOfText(row.m), version: row.v, ...(row.last === null ? {} : { last: JSON.parse(row.last) as Image }) });
    }
  }
  return objects;
}

function write(db: SqliteConnection, { version, salt }: Committed, plan: FlushPlan, layout: SchemaLayout): void {
  const unbury = db.prepare("DELETE FROM sync_tombstone WHERE typ = ? AND pk = ?");
  const bury = db.prepare("INSERT INTO sync_tombstone (typ, pk, m, v, last) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET m = excluded.m, v = excluded.v, last = excluded.last");
  for (const [type, objects] of Map.groupBy(plan.objects, (object) => object.type)) {
    const table = layout.tables.get(type) as TableLayout;
    const upsert = db.prepare(upsertSql(table));
    const remove = db.prepare(`DELETE FROM ${quoteName(type)} WHERE ${quoteName(table.key.name)} = ?`);
    for (const { pk, state, image, wasAlive, last } of objects) {
      if (image === undefined) {
        remove.run(keyValue(keyColumnText(pk), table));
        bury.run(type, keyText(pk), textOfState(state), version, last === undefined ? null : JSON.stringify(last));
        continue;
      }
      upsert.run(...table.columns.map((column) => columnValue(image, column, layout.classes)), textOfState(state), version);
      if (!wasAlive) unbury.run(type, keyText(pk));
    }
  }
  const log = db.prepare("INSERT INTO sync_change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const [index, entry] of plan.entries.entries()) {
    const images = loggedImages(entry);
    log.run(version, index, entry.ordinal, entry.client, entry.type, keyText(entry.pk), loggedOps(entry), images.old, images.new);
  }
  const receive = db.prepare("INSERT INTO sync_receipt VALUES (?, ?, ?, ?)");
  for (const { client, cseq, digest, answer } of plan.receipts) receive.run(client, cseq, digest, answer ?? null);
  const advance = db.prepare("UPDATE sync_client SET last_cseq = ?, last = ?, seen_at = ? WHERE client = ?");
  const forget = db.prepare("DELETE FROM sync_receipt WHERE client = ? AND cseq <= ?");
  for (const { client, lastCseq, last } of plan.cursors) {
    advance.run(lastCseq, last, Date.now(), client);
    forget.run(client, lastCseq - RECEIPTS_KEPT);
  }
  const { stamp, base } = reachOf(plan);
  db.prepare("INSERT INTO sync_version (v, salt, at, oldest, base) VALUES (?, ?, ?, ?, ?)").run(version, salt, Date.now(), stamp ?? null, base ?? null);
}
