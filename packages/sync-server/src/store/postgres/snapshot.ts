/**
 * A snapshot on PostgreSQL: a REPEATABLE READ transaction, its version read inside it.
 *
 * @module
 */
import type pg from "pg";
import type { ObjectState, WireKey } from "@holdfast/sync-protocol";
import { SyncServerError } from "../../errors.ts";
import type { Filter } from "../../filters/filter.ts";
import { filterSql } from "../../filters/sql.ts";
import type { SchemaLayout, TableLayout } from "../../schema/table-layout.ts";
import { keyColumnText, keyOfColumnText } from "../../schema/wire-scalar.ts";
import { entryOf } from "../log-codec.ts";
import type { LogRow } from "../log-codec.ts";
import { stateOfText } from "../state-text.ts";
import { objectName } from "../store.ts";
import type { ChangeEntry, Position, RowPage, Snapshot } from "../store.ts";
import { statementDialect } from "./postgres-dialect.ts";
import { BY_KEYS_SQL } from "./postgres-only.ts";
import { pageSql, statesSql } from "./table-sql.ts";

/** Everything as of one version. */
export class PostgresSnapshot implements Snapshot {
  readonly position: Position;
  readonly #client: pg.PoolClient;
  readonly #layout: SchemaLayout;
  #isReleased = false;
  #isBroken = false;

  private constructor(client: pg.PoolClient, layout: SchemaLayout, position: Position) {
    this.#client = client;
    this.#layout = layout;
    this.position = position;
  }

  static async begin(client: pg.PoolClient, layout: SchemaLayout, epoch: string): Promise<PostgresSnapshot> {
    // A connection that is lost tells so by an event as well, which would end the process if nobody listened.
    client.on("error", ignore);
    // The counter row has to be part of the snapshot, else a flush between the two would be seen twice or not at all.
    const results = (await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${BY_KEYS_SQL}; SELECT v, floor, folded FROM sync.shard WHERE id = 0`)) as unknown as readonly pg.QueryResult<{ v: string; floor: string; folded: string }>[];
    const row = results.at(-1)?.rows[0];
    return new PostgresSnapshot(client, layout, { epoch, version: Number(row?.v ?? 0), floor: Number(row?.floor ?? 0), folded: row?.folded ?? "" });
  }

  async rows(type: string, filter: Filter, { after, limit }: { readonly after: string | undefined; readonly limit: number }): Promise<RowPage> {
    const table = this.#table(type);
    const parameters: string[] = [];
    const condition = filterSql(filter, statementDialect(parameters));
    if (after !== undefined) parameters.push(after);
    const { rows } = await this.#ask<{ pk: string; m: string }>(pageSql(table, condition, { after: after === undefined ? undefined : parameters.length, limit }), parameters);
    const kind = table.key.kind === "json" ? "string" : table.key.kind;
    return {
      rows: rows.map(({ pk, m }) => ({ type, pk: keyOfColumnText(pk, kind), stateText: m })),
      next: rows.length < limit ? undefined : rows.at(-1)?.pk,
    };
  }

  async states(names: readonly { readonly type: string; readonly pk: WireKey }[]): Promise<ReadonlyMap<string, ObjectState>> {
    const found = new Map<string, ObjectState>();
    for (const [type, group] of Map.groupBy(names, (name) => name.type)) {
      const byText = new Map(group.map(({ pk }) => [keyColumnText(pk), pk]));
      const { rows } = await this.#ask<{ pk: string; m: string }>(statesSql(this.#table(type), 1), [[...byText.keys()]]);
      for (const { pk, m } of rows) if (m !== "") found.set(objectName(type, byText.get(pk) ?? null), stateOfText(m));
    }
    return found;
  }

  async changes(after: number, limit: number): Promise<readonly ChangeEntry[]> {
    const { rows } = await this.#ask<LogRow>(
      `SELECT c.v, c.ordinal, c.client, c.typ, c.pk, c.ops, c.old, c.new FROM sync.change c WHERE c.v > $1 AND c.v <= (
        SELECT coalesce(max(v), 0) FROM (SELECT v FROM sync.change WHERE v > $1 ORDER BY v, n LIMIT $2) AS first) ORDER BY c.v, c.n`,
      [after, limit],
    );
    return rows.map(entryOf);
  }

  async lastCseq(client: string): Promise<number> {
    const { rows } = await this.#ask<{ last_cseq: string }>("SELECT last_cseq FROM sync.client WHERE client = $1", [client]);
    return Number(rows[0]?.last_cseq ?? 0);
  }

  async salt(version: number): Promise<string | undefined> {
    const { rows } = await this.#ask<{ salt: string }>("SELECT salt FROM sync.version WHERE v = $1", [version]);
    return rows[0]?.salt;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    // What has not answered before would not answer this either.
    if (!this.#isBroken) await this.#ask("COMMIT").catch(() => undefined);
    this.#client.off("error", ignore);
    if (this.#isBroken) this.#client.on("error", ignore);
    this.#client.release(this.#isBroken);
  }

  async #ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#client.query<Row>(text, [...values]);
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  #table(type: string): TableLayout {
    const table = this.#layout.tables.get(type);
    if (table === undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", "the server's schema has no such class");
    return table;
  }
}

function ignore(): void {
  // Told by the next query as well.
}

