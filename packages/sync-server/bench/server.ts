/**
 * The server that is measured: TLS, rules on, PostgreSQL; in a process of its own. Prints its port, and its memory when asked.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PostgresStore, SyncServer } from "@holdfast/sync-server";
import type { Rules } from "@holdfast/sync-server";
import { TestAuthenticator } from "../test/support/server.ts";
import { TASKS } from "../test/support/operations.ts";

const [connection = "{}", certPath = "", keyPath = ""] = process.argv.slice(2);
const rules: Rules = {
  classes: {
    Task: [
      { name: "reader", applyWhen: "%%user.custom_data.readsAll == true", read: true },
      { name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id", fields: { secret: { read: false, write: false } } },
    ],
  },
};
const authenticator = new TestAuthenticator();
authenticator.customData.set("reader", { readsAll: true });
const server = new SyncServer({ store: new PostgresStore({ connection: JSON.parse(connection) as object }), authenticator, rules, schema: TASKS, tls: { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") } });
await server.start();
process.stdout.write(`${String(server.port)}\n`);
createInterface(process.stdin).on("line", (line) => {
  if (line === "memory") {
    (globalThis as { gc?: () => void }).gc?.();
    process.stdout.write(`${String(process.memoryUsage.rss())}\n`);
  } else process.stdout.write(`${JSON.stringify(server.metrics.values())}\n`);
}).on("close", () => process.exit(0));
