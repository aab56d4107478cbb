/**
 * The server's own tables in PostgreSQL, step by step. A step that was released is never changed; a new one is added.
 *
 * @module
 */

import { NOTE_FOREIGN_SQL } from "./postgres-only.ts";

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

${NOTE_FOREIGN_SQL}  `,
  // What is to be known of a version to fold states: empty, where it is not known, holds the floor back.
  `
  ALTER TABLE sync.shard ADD COLUMN folded text NOT NULL DEFAULT '';
  ALTER TABLE sync.version ADD COLUMN oldest text DEFAULT '', ADD COLUMN base bigint DEFAULT 0;
  ALTER TABLE sync.tombstone ADD COLUMN last text;
  `,
  // The newest stamp of a client: what it sends next is behind that, whichever server takes it and whatever clocks say.
  `
  ALTER TABLE sync.client ADD COLUMN last text NOT NULL DEFAULT '';
  `,
  // How far clients were that are known no more: what they recover must not be done twice.
  `
  CREATE TABLE sync.former (client text PRIMARY KEY, usr text NOT NULL, last_cseq bigint NOT NULL);
  `,
];
