/**
 * A process that backs up, restores, salvages or writes, to be killed at any moment.
 *
 * Arguments: role, folder, "plain" or "encrypted", and the step at which to stop and wait for the end, if any.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { Store } from "../../src/store.ts";

const [role, folder = "", kind, stop = "0"] = process.argv.slice(2);
const key = kind === "encrypted" ? { encryptionKey: Uint8Array.from({ length: 64 }, (_, index) => index) } : {};
const path = join(folder, "source");

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

let steps = 0;
/** A line for each slice, so that the parent can kill in the middle of the work. */
const onProgress = (): void => {
  steps += 1;
  say("step");
  if (steps === Number(stop)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

async function backup(): Promise<void> {
  const store = Store.open({ path, ...key });
  say("started");
  await store.backup({ path: join(folder, "backup"), onProgress });
  store.close();
}

async function increment(): Promise<void> {
  const store = Store.open({ path, ...key });
  say("started");
  await store.backup({ path: join(folder, "increment"), since: [join(folder, "full")], onProgress });
  store.close();
}

async function restore(): Promise<void> {
  say("started");
  await Store.restore({ from: [join(folder, "full")], path: join(folder, "restored"), ...key, onProgress });
}

async function salvage(): Promise<void> {
  say("started");
  await Store.salvage({ from: path, path: join(folder, "salvaged"), ...key, onProgress });
}

/** Writes one number under many keys, again and again: each commit is all of one number. */
async function write(): Promise<void> {
  const store = Store.open({ path, ...key, lockTimeoutMs: 30_000 });
  say("started");
  for (let number = 1; ; number += 1) {
    const transaction = store.beginWrite();
    const tree = transaction.tree("data");
    const value = new Uint8Array(600);
    new DataView(value.buffer).setUint32(0, number, true);
    for (let index = 0; index < 40; index += 1) tree.put(Uint8Array.of(index), value);
    transaction.commit();
    say("committed");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const ROLES: Readonly<Record<string, () => Promise<void>>> = { backup, increment, restore, salvage, write };
await ROLES[role ?? ""]?.();
say("done");
