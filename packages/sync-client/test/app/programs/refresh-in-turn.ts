/**
 * Asks for another access token once, as one of several processes of a device; prints `asking`, and then `token` or the error's code.
 *
 * Arguments: folder, address of the server, key of the metadata file in hex, passphrase of the key store (empty: none).
 *
 * @module
 */
import { join } from "node:path";
import { DatabaseKeys } from "@holdfast/key-store";
import { openFileStore } from "@holdfast/key-store-node";
import { App, MetadataMode } from "../../../src/index.ts";

const [folder = "", baseUrl = "", key = "", passphrase = ""] = process.argv.slice(2);
const keys = passphrase === "" ? {} : { keys: new DatabaseKeys({ store: await openFileStore({ folder: join(folder, "keys"), passphrase, cost: { memoryKib: 8192, iterations: 1, parallelism: 1 } }) }) };
const app = new App({ id: "clinic", baseUrl, baseFilePath: folder, metadata: { mode: MetadataMode.Encryption, encryptionKey: Buffer.from(key, "hex") }, ...keys });
await app.ready();
const refreshed = app.currentUser?.refreshAccessToken();
process.stdout.write("asking\n");
const said = await refreshed?.then(() => "token", (error: unknown) => (error as { code?: string }).code ?? String(error));
process.stdout.write(`${said ?? "nobody"}\n`);
process.exit(0);
