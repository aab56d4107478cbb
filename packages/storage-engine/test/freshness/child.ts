/**
 * A process that commits to a file under an anchor in another file, and says what it did.
 *
 * Arguments: path, path of the anchor, "plain" or "encrypted", how many commits, "checkpoint" or "commit".
 *
 * @module
 */
import { writeSync } from "node:fs";
import { FileAnchor } from "../../src/freshness-anchors.ts";
import { Store } from "../../src/store.ts";

const [path = "", anchorPath = "", kind, commits, every] = process.argv.slice(2);
const TEST_KEY = Uint8Array.from({ length: 64 }, (_, index) => index);
const encoder = new TextEncoder();

const store = Store.open({
  path,
  lockTimeoutMs: 30_000,
  freshness: { anchor: new FileAnchor({ path: anchorPath }), every: every === "commit" ? "commit" : "checkpoint" },
  ...(kind === "encrypted" ? { encryptionKey: TEST_KEY } : {}),
});
for (let done = 0; done < Number(commits); done += 1) {
  const transaction = store.beginWrite();
  const tree = transaction.tree("data");
  tree.put(encoder.encode(`k${done % 50}`), new Uint8Array(4000).fill(done % 251));
  const commit = transaction.commit();
  writeSync(1, `committed ${commit}\n`);
}
store.close();
writeSync(1, "done\n");
