/**
 * The server's own tables in PostgreSQL, step by step. A step that was released is never changed; a new one is added.
 *
 * @module
 */

/** Each is run once, in a transaction; the number of the last one stands in `sync.meta`. */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `
  CREATE SCHEMA IF NOT EXISTS app;
  CREATE TABLE sync.shard (id int PRIMARY KEY, v bigint NOT NULL, floor bigint NOT NULL);
  INSERT INTO sync.shard VALUES (0, 0, 0);
  CREATE TABLE sync.version (v bigint PRIMARY KEY, salt text NOT NULL, at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE sync.change (
    v bigint NOT NULL, n int NOT NULL, ordinal int NOT NULL, client text NOT NULL, typ text NOT NULL, pk text NOT NULL,
    ops text NOT NULL, old text, new text, PRIMARY KEY (v, n));
  CREATE TABLE sync.tombstone (typ text NOT NULL, pk text NOT NULL, m text NOT NULL, v bigint NOT NULL, PRIMARY KEY (typ, pk));
  CREATE TABLE sync.client (
    client text PRIMARY KEY, usr text NOT NULL, last_cseq bigint NOT NULL, seen_v bigint NOT NULL DEFAULT 0, seen_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE sync.receipt (client text NOT NULL, cseq bigint NOT NULL, digest text NOT NULL, answer text, PRIMARY KEY (client, cseq));
  CREATE TABLE sync.schema (version bigint PRIMARY KEY, json text NOT NULL, at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE sync.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, typ text NOT NULL, pk text NOT NULL, columns jsonb, m text, at timestamptz NOT NULL DEFAULT clock_timestamp());

  -- Rows that other programs write: what changed goes to the outbox, from which the server takes it in like any upload. It does not
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
  `,
  // What is to be known of a version to fold states: empty, where it is not known, holds the floor back.
  `
  ALTER TABLE sync.shard ADD COLUMN folded text NOT NULL DEFAULT '';
  ALTER TABLE sync.version ADD COLUMN oldest text DEFAULT '', ADD COLUMN base bigint DEFAULT 0;
  ALTER TABLE sync.tombstone ADD COLUMN last text;
  `,
];
