/**
 * A second process on a realm's file: does what its arguments say, then ends.
 *
 * @module
 */
import Realm from "../../src/index.ts";

const [action, path, key] = process.argv.slice(2) as [string, string, string];
const encryptionKey = key === "" ? {} : { encryptionKey: Uint8Array.from(Buffer.from(key, "hex")) };
const properties: Record<string, string> = action === "migrate" ? { id: "int", text: "string", more: "int" } : { id: "int", text: "string" };
const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties }];
const realm = new Realm({ path, schema, schemaVersion: action === "migrate" ? 1 : 0, ...encryptionKey });
if (action === "write") realm.write(() => realm.create("Note", { id: 100, text: "from the child" }, "all"));
realm.close();
