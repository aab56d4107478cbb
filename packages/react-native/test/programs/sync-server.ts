/**
 * A sync server with users, in a process of its own: phones' globals are not a server's. `sync-server.ts FOLDER`; says its address.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { anonymousProvider, AuthService, functionProvider, localKeyProvider, openSqliteUserDatabase, OPEN_RULES, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";

const [folder = ""] = process.argv.slice(2);
const users = new AuthService({
  appId: "clinic",
  database: openSqliteUserDatabase(join(folder, "users.sqlite")),
  secrets: [randomBytes(32)],
  providers: [anonymousProvider(), functionProvider(({ name }) => (typeof name === "string" ? { subject: name } : undefined))],
  key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
});
await users.start();
const server = new SyncServer({ store: new SqliteStore(join(folder, "server.sqlite")), authenticator: users.authenticator(), users: usersOf([users]), rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", pollMs: 20, port: 0 });
await server.start();
process.stdout.write(`http://127.0.0.1:${server.port}\n`);
process.on("disconnect", () => process.exit());
