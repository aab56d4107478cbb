/**
 * What one push into a list costs the server: time of a flush, processor's and all of it, and bytes written; and what a bootstrap of such lists costs it.
 *
 *     npx tsc --build && node --conditions=@holdfast/source packages/sync-server/bench/list-push.ts
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HybridClock } from "@holdfast/sync-protocol";
import type { Operation } from "@holdfast/sync-protocol";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { Metrics } from "../src/operations/metrics.ts";
import { Download } from "../src/sessions/download.ts";
import { Gate } from "../src/sessions/gate.ts";
import { Outgoing } from "../src/sessions/outgoing.ts";
import { makeView } from "../src/sessions/view.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import type { FlushPlan, Upload } from "../src/store/store.ts";

const SCHEMA = { classes: [{ name: "Task", primaryKey: "_id", properties: [{ name: "_id", type: "string" }, { name: "tags", type: "string", collection: "list" }] }] } as const;
const CLIENT = "000000000000000a";
const PUSHES = 40;
const BOOTSTRAPS = 20;
const EVERYTHING = { kind: "truth", isTrue: true } as const;
const OPEN = { name: "everybody", read: EVERYTHING, insert: EVERYTHING, update: EVERYTHING, delete: EVERYTHING, hidden: new Set<string>(), unwritable: new Set<string>() };
const layout = new SchemaLayout(SCHEMA);

for (const length of [100, 10_000]) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-list-push-"));
  const store = new SqliteStore(join(folder, "sync.db"));
  await store.open();
  await store.applySchema(SCHEMA);
  await store.addClient(CLIENT, "ann");
  const clock = new HybridClock({ replica: CLIENT, now: Date.now });
  let last: string | undefined;
  const push = (): Operation => {
    const operation: Operation = { type: "Task", pk: "a", h: clock.tick(), path: [{ at: "tags", box: "list" }], do: { act: "insert", ...(last === undefined ? {} : { origin: last }), values: [`element ${clock.last.slice(8, 16)}`] } };
    last = operation.h;
    return operation;
  };
  let cseq = 0;
  let plan: FlushPlan | undefined;
  const flush = async (ops: readonly Operation[]): Promise<number> => {
    const upload: Upload = { client: CLIENT, user: "ann", cseq: ++cseq, digest: String(cseq), ops, known: new Map() };
    const startedAt = performance.now();
    await store.flush({ uploads: [upload], foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => (plan = mergeBatch([upload], input, { layout, nowMs: Date.now(), authorize: () => undefined })) });
    return performance.now() - startedAt;
  };
  await flush([{ type: "Task", pk: "a", h: clock.tick(), path: [], do: { act: "create" } }, ...Array.from({ length }, push)]);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let count = 0; count < PUSHES; count++) times.push(await flush([push()]));
  const { user } = process.cpuUsage(before);
  times.sort((one, other) => one - other);
  const [object] = plan?.objects ?? [];
  const [entry] = plan?.entries ?? [];
  const bytes = (value: unknown): number => JSON.stringify(value ?? null).length;
  process.stdout.write(`${String(length)} elements: ${(times[PUSHES / 2] ?? 0).toFixed(2)} ms a push (median of ${String(PUSHES)}; best ${(times[0] ?? 0).toFixed(2)}), ${(user / 1000 / PUSHES).toFixed(2)} ms of the processor; state ${String(bytes(object?.state))}, column ${String(bytes(object?.image?.["tags"]))}, log ${String(bytes(entry?.after))} bytes\n`);
  const snapshot = await store.snapshot();
  const { rows } = await snapshot.rows("Task", EVERYTHING, { after: undefined, limit: 10 });
  await snapshot.release();
  const boots = process.cpuUsage();
  let sent = 0;
  for (let count = 0; count < BOOTSTRAPS; count++) sent = await bootstrap(store);
  const taken = process.cpuUsage(boots).user;
  process.stdout.write(`  row's state ${String(rows[0]?.stateText.length)} characters; bootstrap ${String(sent)} characters, ${(taken / 1000 / BOOTSTRAPS).toFixed(2)} ms of the processor\n`);
  await store.close();
  rmSync(folder, { recursive: true });
}

/** All there is, as a session sends it, to nobody. Characters. */
async function bootstrap(store: SqliteStore): Promise<number> {
  let characters = 0;
  const take = (text: string, sent: (error?: Error) => void): void => {
    characters += text.length;
    sent();
  };
  const outgoing = new Outgoing({ bufferedAmount: 0, send: take, close() {}, terminate() {}, pause() {}, resume() {} }, 1e9, () => undefined);
  const view = makeView({ queries: [{ type: "Task", query: "TRUEPREDICATE" }], roles: new Map([["Task", OPEN]]), layout });
  await new Download({ store, bootstraps: new Gate(1), metrics: new Metrics(), layout, view, version: 1, outgoing, client: CLIENT, seal: () => "" }).run(undefined);
  return characters;
}
