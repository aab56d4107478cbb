/**
 * The server itself, for tests of the client: on its embedded store, or on another one.
 *
 * @module
 */
import { join } from "node:path";
import { OPEN_RULES, SqliteStore, SyncServer } from "@holdfast/sync-server";
import type { Store, SyncServerOptions } from "@holdfast/sync-server";

/** Starts a server whose database is in a folder. It takes the tokens of `testUser`. */
export function sqliteServer(folder: string, port = 0, changed: (store: Store) => Store = (store) => store, further: Partial<SyncServerOptions> = {}): Promise<SyncServer> {
  return serverOver(changed(new SqliteStore(join(folder, "server.sqlite"))), { port, ...further });
}

/** Starts a server over a store, which it owns from then on. */
export async function serverOver(store: Store, further: Partial<SyncServerOptions> = {}): Promise<SyncServer> {
  const authenticator = {
    verify: (token: string) => Promise.resolve(token.startsWith("test:") ? { userId: token.slice(5), customData: {}, expiresAt: Date.now() + 3_600_000 } : { refused: "invalid" as const }),
  };
  const server = new SyncServer({ store, authenticator, rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20, port: 0, ...further });
  await server.start();
  return server;
}
