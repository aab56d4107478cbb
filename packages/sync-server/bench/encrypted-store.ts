/**
 * What encryption costs the embedded store: plain and encrypted in alternation in one process, as ratios.
 *
 * `node --conditions=@holdfast/source packages/sync-server/bench/encrypted-store.ts [--pairs 9]`
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EVERYTHING } from "../src/filters/filter.ts";
import { encryptedSqlite, localKeyProvider, SqliteStore } from "../src/index.ts";
import type { StoreCipher } from "../src/index.ts";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import type { Upload } from "../src/store/store.ts";
import { clientId, Pen, TASKS, uploadOf } from "../test/support/operations.ts";

const { values } = parseArgs({ options: { pairs: { type: "string", default: "9" } } });
const ROWS = 5000;
const CLIENTS = 32;
const layout = new SchemaLayout(TASKS);
const kinds: readonly (StoreCipher | undefined)[] = [undefined, "sqlcipher", "aegis-256"];
const MEASURES = ["one transaction of 20 changes", "32 transactions of 20 changes, one flush", "first load of 5,000 rows", "reading 5,000 rows, file just opened", "opening"] as const;
const times = new Map(kinds.map((kind) => [kind, MEASURES.map((): number[] => [])]));

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
process.stdout.write(`${String(availableParallelism())} cores, Node ${process.version}, load before ${(loadavg()[0] ?? 0).toFixed(1)}, ${values.pairs} rounds of each in turn\n`);
for (let round = 0; round < Number(values.pairs); round++) for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) await measure(kind, join(folder, `${String(round)}-${kind ?? "plain"}.db`));
for (const [at, name] of MEASURES.entries()) {
  const plain = times.get(undefined)?.[at] ?? [];
  const ratios = kinds.slice(1).map((kind) => {
    const pairs = (times.get(kind)?.[at] ?? []).map((time, pair) => time / (plain[pair] ?? 1)).toSorted((left, right) => left - right);
    return `${kind ?? ""} x${(pairs[pairs.length >> 1] ?? 0).toFixed(2)} (${(pairs[0] ?? 0).toFixed(2)} to ${(pairs.at(-1) ?? 0).toFixed(2)})`;
  });
  process.stdout.write(`${name}: plain ${(plain.toSorted((left, right) => left - right)[plain.length >> 1] ?? 0).toFixed(2)} ms; ${ratios.join("; ")}\n`);
}
rmSync(folder, { recursive: true });

async function measure(kind: StoreCipher | undefined, path: string): Promise<void> {
  const results = times.get(kind) ?? [];
  const note = (measureIndex: number, startedAt: number, count: number): void => void results[measureIndex]?.push((performance.now() - startedAt) / count);
  const encryption = { providers: [localKeyProvider({ key: randomBytes(32) })], ...(kind === undefined ? {} : { cipher: kind }) };
  const open = async (): Promise<SqliteStore> => {
    const store = kind === undefined ? new SqliteStore(path) : new SqliteStore(path, await encryptedSqlite(path, encryption));
    await store.open();
    await store.applySchema(TASKS);
    return store;
  };
  let store = await open();
  const pens = Array.from({ length: CLIENTS }, (_each, index) => new Pen(clientId(index + 1)));
  for (const [index] of pens.entries()) await store.addClient(clientId(index + 1), "ann");
  const cseqs = pens.map(() => 0);
  const upload = (client: number, ops: Parameters<typeof uploadOf>[2]): Upload => uploadOf(clientId(client + 1), (cseqs[client] = (cseqs[client] ?? 0) + 1), ops);
  const flush = async (uploads: readonly Upload[]): Promise<void> => {
    await store.flush({ uploads, foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => mergeBatch(uploads, input, { layout, nowMs: Date.now(), authorize: () => undefined }) });
  };
  const pkOf = (number: number): string => `row-${String((number * 7919) % ROWS)}`;
  let startedAt = performance.now();
  for (let at = 0; at < ROWS; at += 500) await flush([upload(0, Array.from({ length: 500 }, (_each, index) => (pens[0] as Pen).create(pkOf(at + index), { owner: "ann", title: `title ${String(at + index)}`, done: false })).flat())]);
  note(2, startedAt, 1);
  const changes = (client: number, round: number): Upload => upload(client, Array.from({ length: 20 }, (_each, index) => (pens[client] as Pen).set(pkOf(client * 400 + round * 5 + (index % 5)), index % 2 === 0 ? "title" : "secret", `changed ${String(round)}`)));
  startedAt = performance.now();
  for (let round = 0; round < 40; round++) await flush([changes(round % CLIENTS, round)]);
  note(0, startedAt, 40);
  startedAt = performance.now();
  for (let round = 0; round < 10; round++) await flush(pens.map((_pen, client) => changes(client, 100 + round)));
  note(1, startedAt, 10);
  await store.close();
  startedAt = performance.now();
  store = await open();
  note(4, startedAt, 1);
  const snapshot = await store.snapshot();
  startedAt = performance.now();
  for (let after: string | undefined; ; ) {
    const page = await snapshot.rows("Task", EVERYTHING, { after, limit: 1000 });
    if (page.next === undefined) break;
    after = page.next;
  }
  note(3, startedAt, 1);
  await snapshot.release();
  await store.close();
}
