/**
 * The store on PostgreSQL.
 *
 * One flush is one transaction whose first statement raises the counter row: from there to the commit no other flush of this database, on
 * whatever server, is in between. Everything else in it is read and written in bulk. What only PostgreSQL has is in `postgres-only.ts`.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { NEVER } from "@holdfast/sync-protocol";
import type { SyncSchema } from "@holdfast/sync-protocol";
import { SyncServerError } from "../../errors.ts";
import { mergedSchema } from "../../schema/additions.ts";
import { SchemaLayout } from "../../schema/table-layout.ts";
import type { ClientCursor, Committed, FlushRequest, Position, Receipt, ReceiptsLimit, Snapshot, Store } from "../store.ts";
import { forgetClients, forgetSome, raiseFloor } from "./compact.ts";
import { runFlush } from "./flush.ts";
import { NO_HINTS } from "../../hints/hint-bus.ts";
import type { HintBus, HintChannel } from "../../hints/hint-bus.ts";
import { notifyHints } from "./hints.ts";
import { POSTGRES_MIGRATIONS } from "./migrations.ts";
import { LOCK_MIGRATIONS_SQL } from "./postgres-only.ts";
import { repeated } from "./repeated.ts";
import { connectionFailure, securedConnection } from "./secured-connection.ts";
import { PostgresSnapshot } from "./snapshot.ts";
import { ensureTableSql } from "./table-sql.ts";

/** How to reach the database: what `pg` takes, and how many connections at once. */
export interface PostgresOptions {
  readonly connection: pg.ClientConfig;
  readonly connections?: number;
  /** Statements that take longer are given up; so are connections that do not answer at all, a quarter of it later. */
  readonly statementTimeoutMs?: number;
  /** How servers of this database tell each other that there is something new: by its NOTIFY (default), by looking for themselves alone, or over another bus. */
  readonly hints?: "notify" | "poll" | HintBus;
}

const CONNECTIONS = 12;
const STATEMENT_TIMEOUT_MS = 60_000;
/** Who is in a transaction may hold the counter row, for which all servers wait. One that says nothing for so long has lost its server. */
const SILENT_MS = 10_000;

/** A PostgreSQL database as a store. */
export class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly #pool: pg.Pool;
  readonly #bus: HintBus;
  #hints: HintChannel | undefined;
  #listener: (() => void) | undefined;
  #layout: SchemaLayout | undefined;
  #epoch = "";

  /** @throws {SyncServerError} `TLS_REQUIRED` for another machine without TLS, or without a check of its certificate. */
  constructor({ connection, connections = CONNECTIONS, statementTimeoutMs = STATEMENT_TIMEOUT_MS, hints = "notify" }: PostgresOptions) {
    const secured = securedConnection(connection);
    // `pipeline`: the statements of a flush go out together.
    this.#pool = new pg.Pool({ ...secured, pipeline: true, max: connections, statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs * 1.25, idle_in_transaction_session_timeout: Math.min(SILENT_MS, statementTimeoutMs), keepAlive: true, connectionTimeoutMillis: 10_000, application_name: "holdfast-sync" });
    // A connection that breaks while nobody uses it is replaced by the pool.
    this.#pool.on("error", () => undefined);
    this.#bus = hints === "notify" ? notifyHints(secured, this.#pool) : hints === "poll" ? NO_HINTS : hints;
  }

  async open(): Promise<SyncSchema | undefined> {
    await this.#inTransaction(async (client) => {
      await lockMigrations(client);
      await client.query("CREATE SCHEMA IF NOT EXISTS sync");
      await client.query("CREATE TABLE IF NOT EXISTS sync.meta (name text PRIMARY KEY, value text NOT NULL)");
      const { rows } = await client.query<{ value: string }>("SELECT value FROM sync.meta WHERE name = 'migration'");
      const done = Number(rows[0]?.value ?? 0);
      if (done > POSTGRES_MIGRATIONS.length) throw new SyncServerError("STORE_NEWER", `the database has step ${String(done)}, this server knows ${String(POSTGRES_MIGRATIONS.length)}`);
      for (const step of POSTGRES_MIGRATIONS.slice(done)) await client.query(step);
      await client.query("INSERT INTO sync.meta VALUES ('migration', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [String(POSTGRES_MIGRATIONS.length)]);
      await client.query("INSERT INTO sync.meta VALUES ('epoch', $1), ('secret', $2) ON CONFLICT (name) DO NOTHING", [randomBytes(8).toString("hex"), randomBytes(32).toString("hex")]);
    });
    this.#epoch = await this.#meta("epoch");
    const { rows } = await this.#query<{ json: string }>("SELECT json FROM sync.schema ORDER BY version DESC LIMIT 1");
    const stored = rows[0] === undefined ? undefined : (JSON.parse(rows[0].json) as SyncSchema);
    if (stored !== undefined) this.#layout = new SchemaLayout(stored);
    // Several databases may share a bus: the epoch is random, and tells nothing.
    this.#hints ??= await this.#bus.open(this.#epoch, () => this.#listener?.());
    return stored;
  }

  async applySchema(schema: SyncSchema): Promise<SchemaLayout> {
    const layout = await this.#inTransaction(async (client) => {
      await lockMigrations(client);
      const { rows } = await client.query<{ version: string; json: string }>("SELECT version, json FROM sync.schema ORDER BY version DESC LIMIT 1");
      const merged = mergedSchema(rows[0] === undefined ? undefined : (JSON.parse(rows[0].json) as SyncSchema), schema);
      const next = new SchemaLayout(merged);
      const json = JSON.stringify(merged);
      if (json !== rows[0]?.json) {
        for (const table of next.tables.values()) for (const statement of ensureTableSql(table)) await client.query(statement);
        await client.query("INSERT INTO sync.schema (version, json) VALUES ($1, $2)", [Number(rows[0]?.version ?? 0) + 1, json]);
      }
      return next;
    });
    this.#layout = layout;
    return layout;
  }

  async flush(request: FlushRequest): Promise<Committed | undefined> {
    const layout = this.#layout;
    if (layout === undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", "the server has no schema yet");
    const committed = await this.#withClient((client) => runFlush(client, request, layout));
    if (committed !== undefined) this.hint();
    return committed;
  }

  async position(): Promise<Position> {
    const { rows } = await this.#query<{ v: string; floor: string; folded: string }>("SELECT v, floor, folded FROM sync.shard WHERE id = 0");
    return { epoch: this.#epoch, version: Number(rows[0]?.v ?? 0), floor: Number(rows[0]?.floor ?? 0), folded: rows[0]?.folded ?? "" };
  }

  snapshot(): Promise<Snapshot> {
    return repeated(() => this.#snapshot());
  }

  async #snapshot(): Promise<Snapshot> {
    const layout = this.#layout ?? new SchemaLayout({ classes: [] });
    const client = await this.#connect();
    try {
      return await PostgresSnapshot.begin(client, layout, this.#epoch);
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async hasForeign(): Promise<boolean> {
    const { rows } = await this.#query("SELECT 1 FROM sync.outbox LIMIT 1");
    return rows.length > 0;
  }

  async addClient(client: string, user: string): Promise<ClientCursor> {
    await this.#query("INSERT INTO sync.client (client, usr, last_cseq, seen_v) SELECT $1, $2, 0, v FROM sync.shard WHERE id = 0", [client, user]);
    return { client, user, lastCseq: 0, last: NEVER };
  }

  async findClient(client: string, user: string): Promise<ClientCursor | undefined> {
    const { rows } = await this.#query<{ last_cseq: string; last: string }>("UPDATE sync.client SET seen_at = now() WHERE client = $1 AND usr = $2 RETURNING last_cseq, last", [client, user]);
    return rows[0] === undefined ? undefined : { client, user, lastCseq: Number(rows[0].last_cseq), last: rows[0].last };
  }

  async retireClient(client: string, user: string): Promise<number | undefined> {
    const formerly = async (): Promise<number | undefined> => {
      const { rows } = await this.#query<{ last_cseq: string }>("SELECT last_cseq FROM sync.former WHERE client = $1 AND usr = $2", [client, user]);
      return rows[0] === undefined ? undefined : Number(rows[0].last_cseq);
    };
    const known = await formerly();
    if (known !== undefined) return known;
    await this.#inTransaction((connection) => forgetClients(connection, { where: "client = $1 AND usr = $2", values: [client, user] }));
    await this.#query("DELETE FROM sync.receipt WHERE client = $1 AND EXISTS (SELECT FROM sync.former f WHERE f.client = $1 AND f.usr = $2)", [client, user]);
    return formerly();
  }

  async receipts(client: string, after: number, { count, characters }: ReceiptsLimit): Promise<readonly Receipt[]> {
    const { rows } = await this.#query<{ cseq: string; digest: string; answer: string }>(
      `SELECT cseq, digest, answer FROM (
        SELECT cseq, digest, answer, coalesce(sum(length(answer)) OVER (ORDER BY cseq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM (SELECT * FROM sync.receipt WHERE client = $1 AND cseq > $2 AND answer IS NOT NULL ORDER BY cseq LIMIT $3) AS next
      ) AS summed WHERE before <= $4 ORDER BY cseq`,
      [client, after, count, characters],
    );
    return rows.map(({ cseq, digest, answer }) => ({ client, cseq: Number(cseq), digest, answer }));
  }

  async noteSeen(seen: ReadonlyMap<string, number>): Promise<void> {
    if (seen.size === 0) return;
    await this.#query("UPDATE sync.client c SET seen_v = greatest(c.seen_v, s.v), seen_at = now() FROM unnest($1::text[], $2::bigint[]) AS s(client, v) WHERE c.client = s.client", [[...seen.keys()], [...seen.values()]]);
  }

  async claim(shard: string): Promise<string> {
    await this.#query("INSERT INTO sync.meta VALUES ('shard', $1) ON CONFLICT (name) DO NOTHING", [shard]);
    return this.#meta("shard");
  }

  async secret(): Promise<Uint8Array> {
    return Buffer.from(await this.#meta("secret"), "hex");
  }

  async compact(offlineSince: Date, foldMarginMs?: number): Promise<number> {
    const floors = await repeated(() => this.#withClient((client) => raiseFloor(client, offlineSince, foldMarginMs)));
    // Nobody reads below the floor any more: the rest can go bit by bit, beside the flushes.
    while (await repeated(() => this.#withClient((client) => forgetSome(client, floors))));
    return floors.floor;
  }

  async applyPolicies(policies: readonly string[]): Promise<void> {
    await this.#inTransaction(async (client) => {
      await lockMigrations(client);
      for (const policy of policies) await client.query(policy);
    });
  }

  onHint(listener: () => void): void {
    this.#listener = listener;
  }

  hint(): void {
    this.#hints?.send();
  }

  async close(): Promise<void> {
    await this.#hints?.close();
    await this.#pool.end();
  }

  async #meta(name: string): Promise<string> {
    const { rows } = await this.#query<{ value: string }>("SELECT value FROM sync.meta WHERE name = $1", [name]);
    return rows[0]?.value ?? "";
  }

  /** One statement, which is one transaction. */
  #query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<Row>> {
    return repeated(() => this.#pool.query<Row>(text, [...values]));
  }

  async #withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    // Between two queries a lost connection is told by an event, which would end the process if nobody listened.
    const onError = (): void => undefined;
    client.on("error", onError);
    try {
      const result = await work(client);
      client.off("error", onError);
      client.release();
      return result;
    } catch (error) {
      client.off("error", onError);
      client.on("error", () => undefined);
      client.release(true);
      throw error;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw connectionFailure(error);
    }
  }

  #inTransaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return repeated(() =>
      this.#withClient(async (client) => {
        await client.query("BEGIN");
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      }),
    );
  }
}

/** DDL of several servers that start at once, one after the other. */
async function lockMigrations(client: pg.PoolClient): Promise<void> {
  await client.query("SET LOCAL client_min_messages = warning");
  await client.query(LOCK_MIGRATIONS_SQL);
}
