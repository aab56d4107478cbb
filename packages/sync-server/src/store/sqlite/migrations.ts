/**
 * The server's own tables in SQLite, step by step. A step that was released is never changed; a new one is added.
 *
 * @module
 */

/** Each is run once; `user_version` counts them. */
export const SQLITE_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sync_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE sync_shard (id INTEGER PRIMARY KEY, v INTEGER NOT NULL, floor INTEGER NOT NULL);
  INSERT INTO sync_shard VALUES (0, 0, 0);
  CREATE TABLE sync_version (v INTEGER PRIMARY KEY, salt TEXT NOT NULL, at INTEGER NOT NULL);
  CREATE TABLE sync_change (
    v INTEGER NOT NULL, n INTEGER NOT NULL, ordinal INTEGER NOT NULL, client TEXT NOT NULL, typ TEXT NOT NULL, pk TEXT NOT NULL,
    ops TEXT NOT NULL, old TEXT, new TEXT, PRIMARY KEY (v, n)) WITHOUT ROWID;
  CREATE TABLE sync_tombstone (typ TEXT NOT NULL, pk TEXT NOT NULL, m TEXT NOT NULL, v INTEGER NOT NULL, PRIMARY KEY (typ, pk)) WITHOUT ROWID;
  CREATE TABLE sync_client (client TEXT PRIMARY KEY, usr TEXT NOT NULL, last_cseq INTEGER NOT NULL, seen_v INTEGER NOT NULL DEFAULT 0, seen_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE sync_receipt (client TEXT NOT NULL, cseq INTEGER NOT NULL, digest TEXT NOT NULL, answer TEXT, PRIMARY KEY (client, cseq)) WITHOUT ROWID;
  CREATE TABLE sync_schema (version INTEGER PRIMARY KEY, json TEXT NOT NULL);
  `,
  // What is to be known of a version to fold states: empty, where it is not known, holds the floor back.
  `
  ALTER TABLE sync_shard ADD COLUMN folded TEXT NOT NULL DEFAULT '';
  ALTER TABLE sync_version ADD COLUMN oldest TEXT DEFAULT '';
  ALTER TABLE sync_version ADD COLUMN base INTEGER DEFAULT 0;
  ALTER TABLE sync_tombstone ADD COLUMN last TEXT;
  `,
  // The newest stamp of a client: what it sends next is behind that, whatever clocks say.
  `
  ALTER TABLE sync_client ADD COLUMN last TEXT NOT NULL DEFAULT '';
  `,
  // How far clients were that are known no more: what they recover must not be done twice.
  `
  CREATE TABLE sync_former (client TEXT PRIMARY KEY, usr TEXT NOT NULL, last_cseq INTEGER NOT NULL) WITHOUT ROWID;
  `,
];
