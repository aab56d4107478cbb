/**
 * Has a file open until it is killed. Arguments: folder, name, key in hex.
 *
 * @module
 */
import { join } from "node:path";
import { Realm } from "@holdfast/realm";

const [folder = "", name = "", key = ""] = process.argv.slice(2);
const realm = new Realm({ path: join(folder, name), encryptionKey: Uint8Array.from(Buffer.from(key, "hex")) });
process.stdout.write(`open ${String(realm.schemaVersion)}\n`);
setInterval(() => undefined, 1000);
