/**
 * All statements that only PostgreSQL understands, or that its relatives are known to answer differently. `family.test.ts` finds them
 * anywhere else. Who brings the store to a relative replaces this file; docs/architecture-sync.md says by what.
 *
 * @module
 */
import { quoteText } from "./postgres-dialect.ts";

/** One lock for all that changes tables: DDL of several servers that start at once, one after the other. Held until the transaction ends. */
export const LOCK_MIGRATIONS_SQL = "SELECT pg_advisory_xact_lock(hashtextextended('holdfast sync-server', 0))";

/** Hints: `hints.ts`. Without them another bus does, or polling alone. */
export const LISTEN_SQL = "LISTEN holdfast_sync";
/** Tells all servers of the database. */
export const NOTIFY_SQL = "NOTIFY holdfast_sync";

/** Says, until the transaction ends, that what is written is the server's own: the trigger leaves it alone. */
export const FLUSH_MARK_SQL = "SET LOCAL holdfast.flush = 'on'";

/**
 * Says, until the transaction ends, that rows are found by their keys. A plan that was made while a table was empty reads all of it, and would
 * be kept while the table grows; pages of a bootstrap would each be sorted out of the whole table until somebody has analysed it.
 */
export const BY_KEYS_SQL = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";

/** How long a flush waits for a row that another program has locked. */
export function lockTimeoutSql(ms: number): string {
  return `SET LOCAL lock_timeout = ${String(Math.ceil(ms))}`;
}

/** Takes what other programs noted, without waiting for those that are not done; `$1` is how much at most. */
export const TAKE_FOREIGN_SQL =
  "WITH taken AS (DELETE FROM sync.outbox WHERE id IN (SELECT id FROM sync.outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id, typ, pk, columns, m) SELECT * FROM taken ORDER BY id";

/** Makes every write of another program to a table a note. Can be run again. */
export function foreignTriggerSql(table: string, { key, watched }: { readonly key: string; readonly watched: string }): string {
  return `CREATE OR REPLACE TRIGGER "~holdfast" AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW WHEN (current_setting('holdfast.flush', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION sync.note_foreign(${quoteText(key)}, ${quoteText(watched)})`;
}

/** Nobody but the owner sees rows without a policy. */
export function rowSecuritySql(table: string): string {
  return `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`;
}

/** The functions behind the trigger: part of the first migration, and never changed. */
export const NOTE_FOREIGN_SQL = `  -- Rows that other programs write: what changed goes to the outbox, from which the server takes it in like any upload. It does not
  -- touch the counter row, so that a long transaction of such a program does not hold up the clients.
  CREATE FUNCTION sync.note_foreign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET bytea_output = 'hex' SET extra_float_digits = 1 SET search_path = pg_catalog AS $body$
  DECLARE
    key_column text := TG_ARGV[0];
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN sync.texts(to_jsonb(OLD), TG_ARGV[1]::jsonb) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN sync.texts(to_jsonb(NEW), TG_ARGV[1]::jsonb) END;
    changed jsonb;
  BEGIN
    IF TG_OP = 'UPDATE' AND before ->> key_column = after ->> key_column THEN
      SELECT jsonb_object_agg(a.key, a.value) INTO changed FROM jsonb_each(after) a WHERE a.value IS DISTINCT FROM before -> a.key;
      IF changed IS NOT NULL THEN
        INSERT INTO sync.outbox (typ, pk, columns) VALUES (TG_TABLE_NAME, after ->> key_column, changed);
      END IF;
      RETURN NULL;
    END IF;
    IF before IS NOT NULL THEN
      -- The merge state goes with the row, and the delete has to be told from it.
      INSERT INTO sync.outbox (typ, pk, columns, m) VALUES (TG_TABLE_NAME, before ->> key_column, NULL, OLD._m);
    END IF;
    IF after IS NOT NULL THEN
      -- A merge state that came along, from a row with another key or by a copy, is not this object's.
      INSERT INTO sync.outbox (typ, pk, columns, m) VALUES (TG_TABLE_NAME, after ->> key_column, after, NEW._m);
    END IF;
    RETURN NULL;
  END $body$;

  -- The synchronised columns of a row as text each, JSON columns as JSON: exact for every type.
  CREATE FUNCTION sync.texts(rec jsonb, names jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $body$
    SELECT coalesce(jsonb_object_agg(n.key, CASE WHEN n.value = 'true'::jsonb THEN nullif((rec -> n.key)::text, 'null') ELSE rec ->> n.key END), '{}'::jsonb)
    FROM jsonb_each(names) AS n
  $body$;
`;
