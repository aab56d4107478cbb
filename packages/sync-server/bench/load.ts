/**
 * Field changes, acknowledged durably and delivered to somebody who sees everything.
 *
 * @module
 */
import { materialise } from "@holdfast/sync-protocol";
import { Client, connectAll, percentile, until } from "./client.ts";
import type { CpuSeconds, Processes } from "./processes.ts";

/** What is done. */
export interface LoadOptions {
  readonly seconds: number;
  readonly clients: number;
  /** Transactions of a client that are under way at once. */
  readonly inFlight: number;
  /** Field changes of a transaction, and the objects that they are spread over. */
  readonly changes: number;
  readonly objects: number;
  /** What the clients and their objects are called. */
  readonly prefix: string;
  /** Who sees everything, and at which server; `reader` of the same one unless said otherwise. */
  readonly reader?: { readonly user: string; readonly processes: Processes };
}

/** What came of it. */
export interface LoadResult {
  readonly changes: number;
  readonly acknowledgedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly ack: { readonly p50: number; readonly p99: number };
  readonly delivery: { readonly p50: number; readonly p99: number };
  /** Microseconds of processor time for each change. */
  readonly cpu: CpuSeconds;
  /** Transactions of the client that got through fewest, of the one in the middle, and of the one with most. */
  readonly perClient: readonly [least: number, middle: number, most: number];
  /** 99th percentile of the acknowledgements of the client that was worst off. */
  readonly worstClientP99: number;
  readonly flushes: number;
  readonly meanFlushMs: number;
}

/** Objects of a client. */
const OBJECTS = 50;

/** Runs it. @throws if a change was lost or done twice. */
export async function load(processes: Processes, options: LoadOptions): Promise<LoadResult> {
  const { user, processes: readersProcesses } = options.reader ?? { user: "reader", processes };
  const reader = await Client.connect(readersProcesses, user);
  await reader.subscribe(`_id BEGINSWITH '${options.prefix}'`);
  const clients = await connectAll(processes, Array.from({ length: options.clients }, (_each, index) => `${options.prefix}${String(index)}`));
  for (const [index, client] of clients.entries()) {
    await client.subscribe("TRUEPREDICATE");
    client.up(Array.from({ length: OBJECTS }, (_each, object) => client.create(pkOf(options, index, object), { owner: `${options.prefix}${String(index)}` })).flat());
  }
  await until(() => clients.every(({ acked }) => acked === 1));
  for (const client of clients) client.latencies.length = 0;
  const delivery = watch(reader);
  const flushesBefore = [await processes.metric("holdfast_flushes_total"), await processes.metric("holdfast_flush_seconds_sum")] as const;
  const before = processes.cpu();
  const startedAt = performance.now();
  const total = await drive(clients, options, delivery.sent);
  const seconds = (performance.now() - startedAt) / 1000;
  await until(() => delivery.count() >= total.changes);
  const after = processes.cpu();
  const flushes = (await processes.metric("holdfast_flushes_total")) - flushesBefore[0];
  const flushSeconds = (await processes.metric("holdfast_flush_seconds_sum")) - flushesBefore[1];
  for (const { socket } of [...clients, reader]) socket.terminate();
  await check(processes, options, total.increments);
  const latencies = clients.flatMap((client) => client.latencies);
  const done = clients.map(({ latencies: { length } }) => length);
  const each = (part: keyof CpuSeconds): number => ((after[part] - before[part]) / total.changes) * 1e6;
  return {
    changes: total.changes,
    acknowledgedPerSecond: total.changes / seconds,
    deliveredPerSecond: total.changes / ((delivery.lastAt() - startedAt) / 1000),
    ack: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    delivery: { p50: percentile(delivery.latencies, 0.5), p99: percentile(delivery.latencies, 0.99) },
    cpu: { server: each("server"), postgres: each("postgres"), generator: each("generator") },
    perClient: [percentile(done, 0), percentile(done, 0.5), percentile(done, 1)],
    worstClientP99: Math.max(...clients.map((client) => percentile(client.latencies, 0.99))),
    flushes,
    meanFlushMs: (flushSeconds / flushes) * 1000,
  };
}

/** Counts what the reader is told. Every change has a stamp of its own: the first one of each transaction says when it was sent. */
function watch(reader: Client): { readonly sent: Map<string, number>; readonly latencies: number[]; count(): number; lastAt(): number } {
  const sent = new Map<string, number>();
  const latencies: number[] = [];
  let count = 0;
  let lastAt = 0;
  reader.onMessage = (message) => {
    if (message.msg !== "down") return;
    lastAt = performance.now();
    for (const { ops } of message.txs) {
      const stamp = ops[0]?.h ?? "";
      const at = sent.get(stamp);
      // What the clients made their objects with may still come.
      if (at === undefined) continue;
      count += ops.length;
      sent.delete(stamp);
      latencies.push(lastAt - at);
    }
  };
  return { sent, latencies, count: () => count, lastAt: () => lastAt };
}

/** Keeps `inFlight` transactions of every client under way until the time is up and all are acknowledged. */
async function drive(clients: readonly Client[], { seconds, inFlight, changes, objects, ...names }: LoadOptions, sent: Map<string, number>): Promise<{ changes: number; increments: number }> {
  const endsAt = performance.now() + seconds * 1000;
  let round = 0;
  let increments = 0;
  const one = (client: Client, index: number): void => {
    round++;
    const operations: string[] = [];
    for (let change = 0; change < changes; change++) {
      const stamp = client.stamps.next();
      if (change === 0) sent.set(stamp, performance.now());
      const pk = pkOf(names, index, (round * objects + (change % objects)) % OBJECTS);
      switch (Math.floor(change / objects) % 4) {
        case 0:
          operations.push(client.stamped(stamp, pk, "title", `{"act":"set","value":"title ${String(round)}"}`));
          break;
        case 1:
          increments++;
          operations.push(client.stamped(stamp, pk, "count", '{"act":"inc","by":1}'));
          break;
        case 2:
          operations.push(client.stamped(stamp, pk, "done", `{"act":"set","value":${String(round % 2 === 0)}}`));
          break;
        default:
          operations.push(client.stamped(stamp, pk, "due", `{"act":"set","value":{"$date":${String(round)}}}`));
      }
    }
    client.up(operations);
  };
  await Promise.all(
    clients.map(
      (client, index) =>
        new Promise<void>((resolve) => {
          client.onAck = () => {
            while (client.cseq - client.acked < inFlight && performance.now() < endsAt) one(client, index);
            if (client.cseq === client.acked) resolve();
          };
          client.onAck();
        }),
    ),
  );
  return { changes: round * changes, increments };
}

/** What somebody finds who comes afterwards: every increment once. */
async function check(processes: Processes, { prefix, reader }: LoadOptions, increments: number): Promise<void> {
  const witness = await Client.connect(processes, reader?.user ?? "reader");
  let sum = 0;
  const done = new Promise<void>((resolve) => {
    witness.onMessage = (message) => {
      if (message.msg !== "boot") return;
      for (const { state } of message.rows) sum += Number(materialise(state)?.["count"] ?? 0);
      if (message.last) resolve();
    };
  });
  witness.socket.send(JSON.stringify({ msg: "sub", version: 1, queries: [{ type: "Task", query: `_id BEGINSWITH '${prefix}'` }] }));
  await done;
  witness.socket.terminate();
  if (sum !== increments) throw new Error(`${String(increments)} increments were acknowledged, ${String(sum)} are stored`);
}

function pkOf({ prefix }: { readonly prefix: string }, client: number, object: number): string {
  return `${prefix}-${String(client)}-${String(object)}`;
}
