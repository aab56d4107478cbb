/**
 * A process that does with a store what its parent says, one line of JSON at a time, and answers each with one line.
 *
 * Answers are written with the system's own call, so that they survive a kill.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Snapshot } from "../../src/snapshot.ts";
import { Store } from "../../src/store.ts";
import type { WriteTransaction } from "../../src/transaction.ts";

/** What can be asked for. */
interface Request {
  readonly call: string;
  readonly path?: string;
  readonly key?: readonly number[];
  readonly options?: Record<string, unknown>;
  readonly from?: number;
  readonly count?: number;
  readonly length?: number;
}

let store: Store | undefined;
let transaction: WriteTransaction | undefined;
let snapshot: Snapshot | undefined;
const descriptors: number[] = [];
const encoder = new TextEncoder();

function keyOf(number: number): Uint8Array {
  return encoder.encode(`k${String(number).padStart(7, "0")}`);
}

function live(): Store {
  if (store === undefined) throw new Error("no store is open");
  return store;
}

/** Puts entries whose values begin with their number. */
function put(into: WriteTransaction, { from = 0, count = 1, length = 100 }: Request): void {
  const tree = into.tree("data");
  for (let number = from; number < from + count; number += 1) {
    const value = new Uint8Array(Math.max(4, length)).fill(number % 251);
    new DataView(value.buffer).setUint32(0, number, true);
    tree.put(keyOf(number), value);
  }
}

function within(run: (into: WriteTransaction) => void): number {
  const into = live().beginWrite();
  try {
    run(into);
    return into.commit();
  } finally {
    into.abort();
  }
}

/** How many entries there are; every one must be whole. */
function countOf(from: Snapshot): number {
  const tree = from.tree("data");
  const cursor = tree?.cursor();
  let count = 0;
  while (cursor?.next() === true) {
    const value = cursor.value();
    const number = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    if (new TextDecoder().decode(cursor.key()) !== `k${String(number).padStart(7, "0")}`) throw new Error("an entry has another's value");
    if (value.subarray(4).some((byte) => byte !== number % 251)) throw new Error("a value is not whole");
    count += 1;
  }
  if (count !== (tree?.count ?? 0)) throw new Error(`${count} entries, count ${tree?.count}`);
  return count;
}

const CALLS: Readonly<Record<string, (request: Request) => unknown>> = {
  open({ path = "", key, options = {} }) {
    store = Store.open({ ...options, path, ...(key === undefined ? {} : { encryptionKey: key }) });
    return store.commit;
  },
  put: (request) => within((into) => put(into, request)),
  delete: ({ from = 0, count = 1 }) =>
    within((into) => {
      for (let number = from; number < from + count; number += 1) into.tree("data").delete(keyOf(number));
    }),
  begin(request) {
    transaction = live().beginWrite();
    put(transaction, request);
  },
  commit: () => transaction?.commit(),
  snapshot() {
    snapshot = live().snapshot();
    return snapshot.commit;
  },
  readSnapshot: () => countOf(snapshot as Snapshot),
  read() {
    live().refresh();
    const now = live().snapshot();
    try {
      return countOf(now);
    } finally {
      now.close();
    }
  },
  verify: () => live().verify(),
  stats: () => live().stats(),
  copy: ({ path = "", key }) => live().writeCopyTo({ path, ...(key === undefined ? {} : { encryptionKey: key }) }),
  compact: () => live().compact(),
  rekey: ({ key }) => live().rekey(key),
  close() {
    store?.close();
    store = undefined;
  },
  /** Opens files until the process has no more descriptors, but for so many. */
  useDescriptors({ count = 0 }) {
    try {
      for (;;) descriptors.push(openSync("/dev/null", "r"));
    } catch {
      for (let left = count; left > 0; left -= 1) closeSync(descriptors.pop() as number);
    }
    return descriptors.length;
  },
  /** Root passes all checks of rights: from now on this process is nobody in particular. */
  dropRights({ count = 0 }) {
    process.setgroups?.([]);
    process.setgid?.(count);
    process.setuid?.(count);
  },
  freeDescriptors() {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  },
};

function answer(request: Request): unknown {
  try {
    return { result: CALLS[request.call]?.(request) };
  } catch (error) {
    const { name, message, code } = error as { name?: string; message?: string; code?: string };
    return { error: { name, message, code } };
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const text = `${JSON.stringify(answer(JSON.parse(line) as Request))}\n`;
  writeSync(1, text);
});
