/**
 * Refreshes a user's tokens and is killed on the way, without any chance to tidy up.
 *
 * Arguments: folder, address of the server, key of the metadata file in hex, moment (`sent`, `received` or `stored`).
 *
 * @module
 */
import { App, MetadataMode } from "../../../src/index.ts";

const [folder = "", baseUrl = "", key = "", moment = ""] = process.argv.slice(2);
const die = (at: string): void => {
  if (at === moment) process.kill(process.pid, "SIGKILL");
};
const app = new App({
  id: "clinic",
  baseUrl,
  baseFilePath: folder,
  metadata: { mode: MetadataMode.Encryption, encryptionKey: Buffer.from(key, "hex") },
  fetch: async (url, init) => {
    if (moment === "sent") {
      // The request is on its way; what becomes of it nobody here will know.
      void fetch(url, init);
      await new Promise((resolve) => setTimeout(resolve, 20));
      die("sent");
    }
    const response = await fetch(url, init);
    const text = await response.text();
    die("received");
    return { status: response.status, text: async () => text };
  },
});
await app.ready();
await app.currentUser?.refreshAccessToken();
die("stored");
