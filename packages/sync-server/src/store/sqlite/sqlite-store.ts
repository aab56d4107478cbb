/**
 * The store on SQLite: one file, one server process.
 *
 * Statements run to their end at once, so a flush is never interrupted. Snapshots are read through connections of their own.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { NEVER } from "@holdfast/sync-protocol";
import type { SyncSchema } from "@holdfast/sync-protocol";
import { SyncServerError } from "../../errors.ts";
import { mergedSchema } from "../../schema/additions.ts";
import { SchemaLayout } from "../../schema/table-layout.ts";
import type { ClientCursor, Committed, FlushRequest, Position, Receipt, ReceiptsLimit, Snapshot, Store } from "../store.ts";
import { forgetClients, forgetSome, raiseFloor } from "./compact.ts";
import type { SqliteConnection, SqliteDriver } from "./connection.ts";
import { runFlush } from "./flush.ts";
import { SQLITE_MIGRATIONS } from "./migrations.ts";
import { PLAIN_SQLITE } from "./plain-driver.ts";
import { positionOf } from "./position.ts";
import { SqliteSnapshot } from "./snapshot.ts";
import { addFunctions } from "./sqlite-dialect.ts";
import { ensureTable } from "./table-sql.ts";

/** A SQLite file as a store. */
export class SqliteStore implements Store {
  readonly kind = "sqlite";
  readonly #path: string;
  readonly #driver: SqliteDriver;
  readonly #db: SqliteConnection;
  readonly #snapshots = new Set<Snapshot>();
  #layout: SchemaLayout | undefined;

  /**
   * @param path - A file; made if it is not there.
   * @param driver - Of an encrypted file: `await encryptedSqlite(path, { providers })`.
   * @throws {SyncServerError} `STORE_KEY_MISSING` if the file is encrypted and there is no driver
   */
  constructor(path: string, driver: SqliteDriver = PLAIN_SQLITE) {
    this.#path = path;
    this.#driver = driver;
    this.#db = openDatabase(driver, path, false);
  }

  /** True if what reaches the disk is encrypted. */
  get isEncrypted(): boolean {
    return this.#driver.isEncrypted;
  }

  async open(): Promise<SyncSchema | undefined> {
    this.#transaction(() => {
      const done = Number((this.#db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version);
      if (done > SQLITE_MIGRATIONS.length) throw new SyncServerError("STORE_NEWER", `the database has step ${String(done)}, this server knows ${String(SQLITE_MIGRATIONS.length)}`);
      for (const step of SQLITE_MIGRATIONS.slice(done)) this.#db.exec(step);
      this.#db.exec(`PRAGMA user_version = ${String(SQLITE_MIGRATIONS.length)}`);
      const insert = this.#db.prepare("INSERT INTO sync_meta VALUES (?, ?) ON CONFLICT DO NOTHING");
      insert.run("epoch", randomBytes(8).toString("hex"));
      insert.run("secret", randomBytes(32).toString("hex"));
    });
    const stored = this.#storedSchema();
    if (stored !== undefined) this.#layout = new SchemaLayout(stored);
    return stored;
  }

  async applySchema(schema: SyncSchema): Promise<SchemaLayout> {
    const merged = mergedSchema(this.#storedSchema(), schema);
    const layout = new SchemaLayout(merged);
    this.#transaction(() => {
      for (const table of layout.tables.values()) ensureTable(this.#db, table);
      this.#db.prepare("INSERT INTO sync_schema (json) VALUES (?)").run(JSON.stringify(merged));
      this.#db.exec("DELETE FROM sync_schema WHERE version < (SELECT max(version) FROM sync_schema)");
    });
    this.#layout = layout;
    return layout;
  }

  async flush(request: FlushRequest): Promise<Committed | undefined> {
    const layout = this.#layout;
    if (layout === undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", "the server has no schema yet");
    return this.#transaction(() => runFlush(this.#db, request, layout));
  }

  async position(): Promise<Position> {
    return positionOf(this.#db);
  }

  async snapshot(): Promise<Snapshot> {
    const snapshot = new SqliteSnapshot(openDatabase(this.#driver, this.#path, true), this.#layout ?? new SchemaLayout({ classes: [] }), () => this.#snapshots.delete(snapshot));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  async hasForeign(): Promise<boolean> {
    return false;
  }

  async addClient(client: string, user: string): Promise<ClientCursor> {
    this.#db.prepare("INSERT INTO sync_client (client, usr, last_cseq, seen_v, seen_at) VALUES (?, ?, 0, (SELECT v FROM sync_shard WHERE id = 0), ?)").run(client, user, Date.now());
    return { client, user, lastCseq: 0, last: NEVER };
  }

  async findClient(client: string, user: string): Promise<ClientCursor | undefined> {
    const row = this.#db.prepare("UPDATE sync_client SET seen_at = ? WHERE client = ? AND usr = ? RETURNING last_cseq, last").get(Date.now(), client, user) as { last_cseq: number; last: string } | undefined;
    return row === undefined ? undefined : { client, user, lastCseq: row.last_cseq, last: row.last };
  }

  async retireClient(client: string, user: string): Promise<number | undefined> {
    return this.#transaction(() => {
      forgetClients(this.#db, { where: "client = ? AND usr = ?", values: [client, user] });
      return (this.#db.prepare("SELECT last_cseq FROM sync_former WHERE client = ? AND usr = ?").get(client, user) as { last_cseq: number } | undefined)?.last_cseq;
    });
  }

  async receipts(client: string, after: number, { count, characters }: ReceiptsLimit): Promise<readonly Receipt[]> {
    const sql = `SELECT cseq, digest, answer FROM (
        SELECT cseq, digest, answer, coalesce(sum(length(answer)) OVER (ORDER BY cseq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM (SELECT * FROM sync_receipt WHERE client = ? AND cseq > ? AND answer IS NOT NULL ORDER BY cseq LIMIT ?)
      ) WHERE before <= ? ORDER BY cseq`;
    const rows = this.#db.prepare(sql).all(client, after, count, characters) as { cseq: number; digest: string; answer: string }[];
    return rows.map(({ cseq, digest, answer }) => ({ client, cseq, digest, answer }));
  }

  async noteSeen(seen: ReadonlyMap<string, number>): Promise<void> {
    const update = this.#db.prepare("UPDATE sync_client SET seen_v = max(seen_v, ?), seen_at = ? WHERE client = ?");
    for (const [client, version] of seen) update.run(version, Date.now(), client);
  }

  async claim(shard: string): Promise<string> {
    this.#db.prepare("INSERT INTO sync_meta VALUES ('shard', ?) ON CONFLICT DO NOTHING").run(shard);
    return (this.#db.prepare("SELECT value FROM sync_meta WHERE name = 'shard'").get() as { value: string }).value;
  }

  async secret(): Promise<Uint8Array> {
    const row = this.#db.prepare("SELECT value FROM sync_meta WHERE name = 'secret'").get() as { value: string };
    return Buffer.from(row.value, "hex");
  }

  async compact(offlineSince: Date, foldMarginMs?: number): Promise<number> {
    const floors = this.#transaction(() => raiseFloor(this.#db, offlineSince, foldMarginMs));
    // Nobody reads below the floor any more: the rest can go bit by bit, between flushes.
    while (forgetSome(this.#db, floors)) await new Promise((resolve) => setImmediate(resolve));
    return floors.floor;
  }

  onHint(): void {
    // One process has the file: nobody else writes.
  }

  hint(): void {
    // Nobody to tell.
  }

  async close(): Promise<void> {
    for (const snapshot of this.#snapshots) await snapshot.release();
    this.#db.close();
  }

  #storedSchema(): SyncSchema | undefined {
    const row = this.#db.prepare("SELECT json FROM sync_schema ORDER BY version DESC LIMIT 1").get() as { json: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.json) as SyncSchema);
  }

  #transaction<Result>(work: () => Result): Result {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

function openDatabase(driver: SqliteDriver, path: string, isReadOnly: boolean): SqliteConnection {
  const db = driver.open(path, { isReadOnly, timeoutMs: 10_000 });
  if (!isReadOnly) db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  addFunctions(db);
  return db;
}
