/**
 * A process that has an encrypted realm open, closes it, and waits to be looked at.
 *
 *     node --expose-gc memory-child.ts FOLDER
 *
 * The key comes masked, so that the only unmasked copies are the one below, which is wiped, and Holdfast's own. After each
 * stage its name goes to standard output, and the process waits for a file of that name.
 *
 * @module
 */
import { existsSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeHeapSnapshot } from "node:v8";
import { Realm } from "@holdfast/realm";
import { unmask } from "./mask.ts";
import { fill, schemaOf } from "./workload.ts";

const folder = process.argv[2] ?? "";
const masked = readFileSync(join(folder, "masked"));
const path = join(folder, "memory.realm");
const collect = (globalThis as { gc?: () => void }).gc;

function stage(name: string): void {
  writeSync(1, `${name}\n`);
  while (!existsSync(join(folder, name))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

function open(): Realm {
  // A buffer of its own: an array of 64 bytes would be moved about by the garbage collector.
  const key = new Uint8Array(new ArrayBuffer(64));
  unmask(masked, key);
  try {
    return new Realm({ path, schema: schemaOf(0), encryptionKey: key });
  } finally {
    key.fill(0);
  }
}

/** In a function of its own, so that nothing of it stays on the stack. */
function useAndClose(): void {
  const realm = open();
  fill(realm, 400);
  stage("open");
  realm.close();
}

useAndClose();
stage("closed");
writeHeapSnapshot(join(folder, "closed.heapsnapshot"));
for (let round = 0; round < 4; round++) collect?.();
stage("closed and collected");
// What a program does next: allocation uses the freed memory again.
let churn: Uint8Array[] = [];
for (let round = 0; round < 2000; round++) churn.push(new Uint8Array(1 + (round % 400)).fill(round));
churn = [];
for (let round = 0; round < 4; round++) collect?.();
stage("closed, collected and gone on");
