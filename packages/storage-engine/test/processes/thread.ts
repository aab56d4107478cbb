/**
 * A worker thread with a store of its own: makes as many commits as it is told to, then ends.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { Store } from "../../src/store.ts";

const { path, key, name, commits } = workerData as { path: string; key?: number[]; name: string; commits: number };
const encoder = new TextEncoder();
const store = Store.open({ path, lockTimeoutMs: 30_000, ...(key === undefined ? {} : { encryptionKey: key }) });
for (let commit = 0; commit < commits; commit += 1) {
  const transaction = store.beginWrite();
  const counter = transaction.tree("counter");
  const before = counter.get(encoder.encode("n"));
  const next = (before === undefined ? 0 : new DataView(before.buffer, before.byteOffset).getUint32(0, true)) + 1;
  const value = new Uint8Array(4);
  new DataView(value.buffer).setUint32(0, next, true);
  counter.put(encoder.encode("n"), value);
  transaction.tree("data").put(encoder.encode(`${name} ${commit}`), new Uint8Array(2000).fill(commit % 251));
  transaction.commit();
}
store.close();
