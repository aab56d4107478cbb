/**
 * A program that opens a realm, writes and closes it, and has nothing else to do: `write-and-close.ts PATH KEYHEX URL POLICY|wait`.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { enableSync } from "../../src/index.ts";
import type { SyncSession } from "../../src/index.ts";
import { ALL, SCHEMA, testUser } from "./clients.ts";

const [path = "", keyHex = "", url = "", policy = ""] = process.argv.slice(2);
const key = keyHex === "" ? {} : { encryptionKey: Uint8Array.from(Buffer.from(keyHex, "hex")) };
enableSync();
const stop = policy === "wait" ? {} : { _sessionStopPolicy: policy };
const realm = new Realm({ path, schema: SCHEMA, ...key, sync: { user: { ...testUser(), url }, flexible: true, initialSubscriptions: ALL, ...stop } as never });
realm.write(() => realm.create("Task", { _id: String(process.pid), done: false, votes: 0 } as never));
const session = realm.syncSession as unknown as SyncSession;
if (policy === "wait") {
  await session.uploadAllLocalChanges(60_000);
  process.stdout.write(`${session.connectionState}\n`);
  realm.close();
} else {
  realm.close();
  process.stdout.write(`${session.state}\n`);
}
