/**
 * Opens its user's two files after the user's key was changed, and is killed at a step of it, without any chance to tidy up.
 *
 * Arguments: folder, address of the server, step (from 1; beyond the last one it ends by itself). Steps are what outlasts the process:
 * changes of the key store, answers of the server, renames of files, and every third sync.
 *
 * @module
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { Realm } from "@holdfast/realm";
import { App, enableSync } from "../../../src/index.ts";
import { FILES, keysIn, PASSIVE, SCHEMA } from "../key-scene.ts";

const [folder = "", baseUrl = "", last = ""] = process.argv.slice(2);
let isCounting = false;
let step = 0;
let syncCount = 0;
const mayDie = (): void => {
  if (isCounting && ++step === Number(last)) process.kill(process.pid, "SIGKILL");
};
const { renameSync, fdatasyncSync } = fs;
fs.renameSync = (...given) => {
  const isRealm = String(given[1]).endsWith(".realm");
  if (isRealm) mayDie();
  renameSync(...given);
  if (isRealm) mayDie();
};
fs.fdatasyncSync = (...given) => {
  fdatasyncSync(...given);
  if (++syncCount % 3 === 1) mayDie();
};
syncBuiltinESMExports();

enableSync();
const app = new App({
  id: "clinic",
  baseUrl,
  baseFilePath: folder,
  keys: keysIn(folder, mayDie),
  fetch: async (url, init) => {
    const response = await fetch(url, init);
    const text = await response.text();
    mayDie();
    return { status: response.status, text: async () => text };
  },
});
await app.ready();
const user = app.currentUser;
if (user === null) throw new Error("nobody is logged in");
isCounting = true;
await user.refreshAccessToken();
// Once more: the key may have been fetched after it was asked for.
for (let round = 0; round < 3; round++) {
  for (const name of FILES) {
    const realm = await Realm.open({ path: join(folder, name), schema: SCHEMA, encryptionKey: await user.databaseKey(), sync: { user, flexible: true, transport: PASSIVE, _sessionStopPolicy: "immediately", newRealmFileBehavior: { type: "openImmediately" } } } as never);
    realm.close();
  }
  await app.currentUser?.keysFollowed();
}
process.stdout.write(`${String(step)}\n`);
process.exit(0);
