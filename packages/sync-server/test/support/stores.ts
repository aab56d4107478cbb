/**
 * Stores for suites that run over all of them.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localKeyProvider } from "../../src/auth/key-provider.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { encryptedSqlite } from "../../src/store/sqlite/store-encryption.ts";
import type { Store } from "../../src/store/store.ts";
import { postgresMissing, sharedCluster } from "./postgres.ts";
import type { DatabaseAddress } from "./postgres.ts";

/** One database that can be opened several times. */
export interface Place {
  /** Opens it; of SQLite only one at a time may write. */
  openStore(): Promise<Store>;
  /** Of PostgreSQL: how others reach it. */
  readonly address?: DatabaseAddress;
  remove(): Promise<void>;
}

/** A kind of store; `missing` says why there is none here. */
export interface StoreKind {
  readonly name: "sqlite" | "postgres" | "encrypted sqlite";
  readonly missing?: string | undefined;
  makePlace(): Promise<Place>;
}

/** All kinds. */
export const STORE_KINDS: readonly StoreKind[] = [
  {
    name: "sqlite",
    async makePlace() {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
      return { openStore: async () => new SqliteStore(join(folder, "sync.db")), remove: async () => rmSync(folder, { recursive: true }) };
    },
  },
  {
    name: "postgres",
    missing: postgresMissing(),
    async makePlace() {
      const address = await (await sharedCluster()).createDatabase();
      return { address, openStore: async () => new PostgresStore({ connection: address, connections: 6 }), remove: async () => undefined };
    },
  },
  {
    name: "encrypted sqlite",
    async makePlace() {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
      const path = join(folder, "sync.db");
      const providers = [localKeyProvider({ key: randomBytes(32) })];
      return { openStore: async () => new SqliteStore(path, await encryptedSqlite(path, { providers })), remove: async () => rmSync(folder, { recursive: true }) };
    },
  },
];
