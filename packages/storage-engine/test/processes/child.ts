/**
 * A process of its own that writes or reads the store as its parent says, and reports what returned.
 *
 * Arguments: role, path, "plain" or "encrypted", then the role's own. A line on standard output is written with the
 * system's call, so that what was reported survives a kill.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { Store } from "../../src/store.ts";
import type { Snapshot } from "../../src/snapshot.ts";
import type { WriteTransaction } from "../../src/transaction.ts";

const [role, path = "", kind, ...rest] = process.argv.slice(2);
const TEST_KEY = Uint8Array.from({ length: 64 }, (_, index) => index);
const encoder = new TextEncoder();
const store = Store.open({ path, lockTimeoutMs: 30_000, ...(kind === "encrypted" ? { encryptionKey: TEST_KEY } : {}) });

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function keyOf(index: number): Uint8Array {
  return encoder.encode(`k${String(index).padStart(6, "0")}`);
}

function numberIn(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : new DataView(value.buffer, value.byteOffset).getUint32(0, true);
}

function valueOf(number: number, length: number): Uint8Array {
  const value = new Uint8Array(length).fill(number % 251);
  new DataView(value.buffer).setUint32(0, number, true);
  return value;
}

/** Adds one to the counter and writes the new number under `keys` keys: all of them, or none. */
function step(transaction: WriteTransaction, keys: number, length: number): number {
  const tree = transaction.tree("counter");
  const next = numberIn(tree.get(encoder.encode("n"))) + 1;
  tree.put(encoder.encode("n"), valueOf(next, 4));
  const data = transaction.tree("data");
  for (let index = 0; index < keys; index += 1) data.put(keyOf(index), valueOf(next, length));
  transaction.tree("history").put(keyOf(next), valueOf(next, 20));
  return next;
}

/** Every key of a snapshot must have the snapshot's own number. */
function check(snapshot: Snapshot): number {
  const number = numberIn(snapshot.tree("counter")?.get(encoder.encode("n")));
  const data = snapshot.tree("data");
  const cursor = data?.cursor();
  let seen = 0;
  while (cursor?.next() === true) {
    seen += 1;
    if (numberIn(cursor.value()) !== number) throw new Error(`snapshot ${number} holds ${numberIn(cursor.value())}`);
  }
  if (seen !== (data?.count ?? 0)) throw new Error(`${seen} entries, count ${data?.count}`);
  if ((snapshot.tree("history")?.count ?? 0) !== number) throw new Error(`snapshot ${number} has another history`);
  return number;
}

function write(): void {
  const [keys, length, commits] = rest.map(Number) as [number, number, number];
  for (let done = 0; done < commits; done += 1) {
    const transaction = store.beginWrite();
    const number = step(transaction, keys, length);
    transaction.commit();
    say(`committed ${number}`);
  }
  store.close();
  say("done");
}

/** Checks old and new snapshots again and again until the counter reaches the end. */
function read(): void {
  const [end] = rest.map(Number) as [number];
  let last = 0;
  let seen = 0;
  while (last < end) {
    store.refresh();
    const snapshot = store.snapshot();
    const number = check(snapshot);
    if (number < last) throw new Error(`went back from ${last} to ${number}`);
    if (number !== last) seen += 1;
    last = number;
    store.refresh();
    if (check(snapshot) !== number) throw new Error("a snapshot changed");
    snapshot.close();
  }
  store.close();
  say(`read ${seen}`);
}

/** Takes the writer's lock and never gives it back. */
function hold(): void {
  const transaction = store.beginWrite();
  step(transaction, 10, 100);
  say("holding");
  setInterval(() => undefined, 1000);
}

/** Says when it hears of each commit of others. */
function listen(): void {
  const [end] = rest.map(Number) as [number];
  const stop = store.onForeignCommit(() => {
    if (!store.refresh()) return;
    const snapshot = store.snapshot();
    const number = check(snapshot);
    snapshot.close();
    say(`heard ${number}`);
    if (number < end) return;
    stop();
    clearInterval(alive);
    store.close();
  });
  const alive = setInterval(() => undefined, 1000);
  say("listening");
}

const ROLES: Readonly<Record<string, () => void>> = { write, read, hold, listen };
ROLES[role ?? ""]?.();
