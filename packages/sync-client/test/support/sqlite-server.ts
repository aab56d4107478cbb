/**
 * The server itself on its embedded store, for tests of the client.
 *
 * @module
 */
import { join } from "node:path";
import { OPEN_RULES, SqliteStore, SyncServer } from "@holdfast/sync-server";
import type { Store, SyncServerOptions } from "@holdfast/sync-server";

/** Starts a server whose database is in a folder. It takes the tokens of `testUser`. */
export async function sqliteServer(folder: string, port = 0, changed: (store: Store) => Store = (store) => store, further: Partial<SyncServerOptions> = {}): Promise<SyncServer> {
  const authenticator = {
    verify: (token: string) => Promise.resolve(token.startsWith("test:") ? { userId: token.slice(5), customData: {}, expiresAt: Date.now() + 3_600_000 } : { refused: "invalid" as const }),
  };
  const server = new SyncServer({ store: changed(new SqliteStore(join(folder, "server.sqlite"))), authenticator, rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20, port, ...further });
  await server.start();
  return server;
}
