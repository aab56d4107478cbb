/** Does what it is told to the system's keyring and prints one JSON line: what each step gave, or the code of its error. */
import { createHash } from "node:crypto";
import { DatabaseKeys } from "@holdfast/key-store";
import type { KeyStore, KeyStoreError } from "@holdfast/key-store";
import { openKeyringStore } from "../../src/index.ts";

type Step = readonly [operation: string, ...values: string[]];

const application = process.argv[2] ?? "";
const steps = JSON.parse(process.argv[3] ?? "[]") as Step[];
let store: KeyStore | undefined;
const results: unknown[] = [];
for (const step of steps) {
  const startedMs = performance.now();
  try {
    results.push((await perform(step)) ?? null);
  } catch (error) {
    const { code, message } = error as KeyStoreError;
    results.push({ code, message, isQuick: performance.now() - startedMs < 3000 });
  }
}
process.stdout.write(`${JSON.stringify(results)}\n`);

async function perform([operation, name = "", value = ""]: Step): Promise<unknown> {
  store ??= await openKeyringStore({ application });
  const keys = new DatabaseKeys({ store });
  if (operation === "backend") return store.backend;
  if (operation === "write") return store.write(name, value);
  if (operation === "create") return store.create(name, value);
  if (operation === "read") return store.readText(name);
  if (operation === "contains") return store.containsKey(name);
  if (operation === "delete") return store.delete(name);
  if (operation === "names") return [...(await store.readAll()).entries.keys()].toSorted();
  if (operation === "deleteAll") return store.deleteAll();
  if (operation === "random") return randomValues(store);
  if (operation === "key") return hash(await keys.getOrCreate({ name, databaseExists: value === "exists" }));
  if (operation === "sleep") return new Promise((resolve) => setTimeout(resolve, Number(name)));
  throw new Error(`no such step: ${operation}`);
}

/** Writes and reads back values of all lengths. @returns How many came back as they were. */
async function randomValues(into: KeyStore): Promise<number> {
  let count = 0;
  for (const length of [0, 1, 63, 64, 65, 999, 1000]) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    await into.write("random", bytes);
    if (Buffer.compare((await into.read("random")) as Uint8Array, bytes) === 0) count += 1;
  }
  return count;
}

function hash(key: Uint8Array): string {
  return createHash("sha256").update(key).digest("hex");
}
