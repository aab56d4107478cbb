/**
 * A server in a process of its own, to be killed. Prints its port; ends with its standard input. With a folder of a certificate it speaks TLS.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encryptedSqlite, localKeyProvider, OPEN_RULES, PostgresStore, SqliteStore, SyncServer } from "@holdfast/sync-server";
import { TASKS } from "./operations.ts";
import { TestAuthenticator } from "./server.ts";

const [kind, place = "", port = "0", certificateFolder] = process.argv.slice(2);
const encryption = { providers: [localKeyProvider({ key: new Uint8Array(32).fill(5) })] };
const store = kind === "encrypted" ? new SqliteStore(place, await encryptedSqlite(place, encryption)) : kind === "sqlite" ? new SqliteStore(place) : new PostgresStore({ connection: JSON.parse(place) as object, connections: 6 });
const tls = certificateFolder === undefined ? {} : { tls: { cert: readFileSync(join(certificateFolder, "localhost.crt"), "utf8"), key: readFileSync(join(certificateFolder, "localhost.key"), "utf8") } };
const server = new SyncServer({ ...tls, store, authenticator: new TestAuthenticator(), rules: OPEN_RULES, schema: TASKS, pollMs: 50, port: Number(port) });
await server.start();
process.stdout.write(`${String(server.port)}\n`);
process.stdin.resume().on("end", () => process.exit(0));
