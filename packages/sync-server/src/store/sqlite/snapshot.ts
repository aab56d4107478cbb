/**
 * A snapshot on SQLite: a read transaction on a connection of its own.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { ObjectState, WireKey } from "@holdfast/sync-protocol";
import { SyncServerError } from "../../errors.ts";
import type { Filter } from "../../filters/filter.ts";
import { filterSql } from "../../filters/sql.ts";
import { STATE_COLUMN } from "../../schema/table-layout.ts";
import type { SchemaLayout, TableLayout } from "../../schema/table-layout.ts";
import { keyColumnText, keyOfColumnText } from "../../schema/wire-scalar.ts";
import { entryOf } from "../log-codec.ts";
import type { LogRow } from "../log-codec.ts";
import { stateOfText } from "../state-text.ts";
import { objectName } from "../store.ts";
import type { ChangeEntry, Position, RowPage, Snapshot } from "../store.ts";
import type { SqliteConnection } from "./connection.ts";
import { positionOf } from "./position.ts";
import { quoteName, statementDialect } from "./sqlite-dialect.ts";
import { keyValue } from "./table-sql.ts";

/** Everything as of one version. */
export class SqliteSnapshot implements Snapshot {
  readonly position: Position;
  readonly #db: SqliteConnection;
  readonly #layout: SchemaLayout;
  readonly #onRelease: () => void;

  constructor(db: SqliteConnection, layout: SchemaLayout, onRelease: () => void) {
    this.#db = db;
    this.#layout = layout;
    this.#onRelease = onRelease;
    db.exec("BEGIN");
    // The first read takes the snapshot.
    this.position = positionOf(db);
  }

  async rows(type: string, filter: Filter, { after, limit }: { readonly after: string | undefined; readonly limit: number }): Promise<RowPage> {
    const table = this.#table(type);
    const key = quoteName(table.key.name);
    const parameters: SQLInputValue[] = [];
    if (after !== undefined) parameters.push(keyValue(after, table));
    const condition = filterSql(filter, statementDialect(parameters));
    const statement = this.#db.prepare(`SELECT CAST(${key} AS TEXT) AS pk, ${quoteName(STATE_COLUMN)} AS m FROM ${quoteName(type)} WHERE ${after === undefined ? "" : `${key} > ? AND `}${condition} ORDER BY ${key} LIMIT ${String(limit)}`);
    const rows = statement.all(...parameters) as { pk: string; m: string }[];
    const kind = table.key.kind === "json" ? "string" : table.key.kind;
    return { rows: rows.map(({ pk, m }) => ({ type, pk: keyOfColumnText(pk, kind), stateText: m })), next: rows.length < limit ? undefined : rows.at(-1)?.pk };
  }

  async states(names: readonly { readonly type: string; readonly pk: WireKey }[]): Promise<ReadonlyMap<string, ObjectState>> {
    const found = new Map<string, ObjectState>();
    for (const { type, pk } of names) {
      const table = this.#table(type);
      const row = this.#db.prepare(`SELECT ${quoteName(STATE_COLUMN)} AS m FROM ${quoteName(type)} WHERE ${quoteName(table.key.name)} = ?`).get(keyValue(keyColumnText(pk), table)) as { m: string } | undefined;
      if (row !== undefined) found.set(objectName(type, pk), stateOfText(row.m));
    }
    return found;
  }

  async changes(after: number, limit: number): Promise<readonly ChangeEntry[]> {
    const rows = this.#db
      .prepare(
        `SELECT v, ordinal, client, typ, pk, ops, old, new FROM sync_change WHERE v > ? AND v <= (SELECT coalesce(max(v), 0) FROM (SELECT v FROM sync_change WHERE v > ? ORDER BY v, n LIMIT ?)) ORDER BY v, n`,
      )
      .all(after, after, limit) as unknown as LogRow[];
    return rows.map(entryOf);
  }

  async lastCseq(client: string): Promise<number> {
    const row = this.#db.prepare("SELECT last_cseq FROM sync_client WHERE client = ?").get(client) as { last_cseq: number } | undefined;
    return Number(row?.last_cseq ?? 0);
  }

  async salt(version: number): Promise<string | undefined> {
    const row = this.#db.prepare("SELECT salt FROM sync_version WHERE v = ?").get(version) as { salt: string } | undefined;
    return row?.salt;
  }

  async release(): Promise<void> {
    if (!this.#db.isOpen) return;
    this.#db.close();
    this.#onRelease();
  }

  #table(type: string): TableLayout {
    const table = this.#layout.tables.get(type);
    if (table === undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", "the server's schema has no such class");
    return table;
  }
}
