/**
 * What the sync server does in a second: field changes acknowledged durably and delivered, idle clients, a bootstrap.
 *
 * Everything on one machine: PostgreSQL, the server in a process of its own, and this load generator share its cores. TLS and rules are on.
 * `node --conditions=@holdfast/source packages/sync-server/bench/main.ts [--seconds 8] [--clients 32] [--rows 100000] [--idle 1000]`
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import type { ServerMessage } from "@holdfast/sync-protocol";
import { makeCertificate } from "../test/support/certificate.ts";
import { Pen, TASKS } from "../test/support/operations.ts";
import { startCluster } from "../test/support/postgres.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "8" }, clients: { type: "string", default: "32" }, rows: { type: "string", default: "100000" }, idle: { type: "string", default: "1000" }, objects: { type: "string", default: "5" } } });
const CLIENTS = Number(values.clients);
const IN_FLIGHT = 2;
const CHANGES = 20;
/** Objects that the changes of one transaction are spread over. */
const OBJECTS = Number(values.objects);
const FIELDS = ["title", "owner2", "done", "due"] as const;

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const { certPath, keyPath, cert } = makeCertificate(folder);
const cluster = await startCluster({ isDurable: true, settings: { shared_buffers: "256MB" } });
const address = await cluster.createDatabase();
const configPath = join(folder, "config.mjs");
writeFileSync(
  configPath,
  `const everything = { readsAll: true };
export default {
  port: 0, adminPort: 0, tls: ${JSON.stringify({ certFile: certPath, keyFile: keyPath })}, postgres: ${JSON.stringify(address)}, schema: ${JSON.stringify(TASKS)},
  authenticator: { verify: async (token) => ({ userId: token.slice(5), customData: token === "test:reader" ? everything : {}, expiresAt: Date.now() + 3600000 }) },
  rules: { classes: { Task: [
    { name: "reader", applyWhen: "%%user.custom_data.readsAll == true", read: true },
    { name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id", fields: { secret: { read: false, write: false } } },
  ] } },
};`,
);
// The command as it is published: `npx tsc --build` first.
const profile = process.env["HOLDFAST_PROFILE"];
const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...(profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`]), join(import.meta.dirname, "../dist/cli/main.js"), "--config", configPath, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
const [started] = (await once(child.stdout, "data")) as [Buffer];
const { url, adminPort } = JSON.parse(String(started)) as { url: string; adminPort: number };
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${String(adminPort)}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? 0);
}
const report: Record<string, string> = { machine: `${String(availableParallelism())} cores, Node ${process.version}, PostgreSQL, TLS, rules on; load of the machine before ${(loadavg()[0] ?? 0).toFixed(1)}` };

class Client {
  readonly socket: WebSocket;
  readonly sentAt = new Map<number, number>();
  readonly latencies: number[] = [];
  pen!: Pen;
  cseq = 0;
  acked = 0;
  onMessage: ((message: ServerMessage) => void) | undefined;
  onAck: (() => void) | undefined;

  private constructor() {
    this.socket = new WebSocket(url, { ca: cert, perMessageDeflate: false });
  }

  static connect(user: string): Promise<Client> {
    const client = new Client();
    return new Promise((resolve, reject) => {
      client.socket.once("error", reject);
      client.socket.once("open", () => client.send({ msg: "hello", protocol: [1, 1], schema: TASKS, token: `test:${user}` }));
      client.socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as ServerMessage;
        if (message.msg === "error") throw new Error(`${message.code}: ${message.message}`);
        if (message.msg === "welcome") {
          client.pen = new Pen(message.client);
          resolve(client);
        }
        if (message.msg === "ack") {
          if (message.rejects !== undefined) throw new Error(JSON.stringify(message.rejects[0]));
          const now = performance.now();
          for (; client.acked < message.cseq; ) client.latencies.push(now - (client.sentAt.get(++client.acked) ?? now));
          client.onAck?.();
        }
        client.onMessage?.(message);
      });
    });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  until<Message>(pick: (message: ServerMessage) => Message | undefined): Promise<Message> {
    return new Promise((resolve) => {
      this.onMessage = (message) => {
        const found = pick(message);
        if (found !== undefined) resolve(found);
      };
    });
  }

  up(ops: readonly object[]): void {
    const cseq = ++this.cseq;
    this.sentAt.set(cseq, performance.now());
    this.send({ msg: "up", txs: [{ cseq, ops }] });
  }
}

function percentile(numbers: number[], part: number): string {
  const sorted = numbers.toSorted((left, right) => left - right);
  return (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
}

async function load(): Promise<void> {
  const reader = await Client.connect("reader");
  reader.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "TRUEPREDICATE" }] });
  await reader.until((message) => (message.msg === "boot" && message.last ? true : undefined));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_each, index) => Client.connect(`user${String(index)}`)));
  for (const [index, client] of clients.entries()) {
    client.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "TRUEPREDICATE" }] });
    client.up(Array.from({ length: 50 }, (_each, object) => client.pen.create(`${String(index)}-${String(object)}`, { owner: `user${String(index)}` })).flat());
  }
  while (clients.some(({ acked }) => acked < 1)) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const client of clients) client.latencies.length = 0;
  let delivered = 0;
  let deliveredAt = 0;
  const deliveries: number[] = [];
  const sent = new Map<string, number>();
  reader.onMessage = (message) => {
    if (message.msg !== "down") return;
    deliveredAt = performance.now();
    for (const { ops } of message.txs) {
      delivered += ops.filter(({ do: { act } }) => act !== "create").length;
      const stamp = ops[0]?.h;
      const at = stamp === undefined ? undefined : sent.get(stamp);
      if (at !== undefined) deliveries.push(deliveredAt - at);
    }
  };
  const startedAt = performance.now();
  const endsAt = startedAt + Number(values.seconds) * 1000;
  let changes = 0;
  let round = 0;
  await Promise.all(
    clients.map(
      (client, index) =>
        new Promise<void>((resolve) => {
          const next = (): void => {
            while (client.cseq - client.acked < IN_FLIGHT && performance.now() < endsAt) {
              round++;
              const ops = Array.from({ length: CHANGES }, (_each, change) => {
                const pk = `${String(index)}-${String((round * OBJECTS + (change % OBJECTS)) % 50)}`;
                const kind = FIELDS[Math.floor(change / OBJECTS) % FIELDS.length];
                return kind === "done" ? client.pen.set(pk, "done", round % 2 === 0) : kind === "due" ? client.pen.set(pk, "due", { $date: round }) : kind === "title" ? client.pen.set(pk, "title", `title ${String(round)}`) : client.pen.inc(pk, "count", 1);
              });
              changes += ops.length;
              sent.set(ops[0]?.h ?? "", performance.now());
              client.up(ops);
            }
            if (client.cseq === client.acked) resolve();
          };
          client.onAck = next;
          next();
        }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  while (delivered < changes) await new Promise((resolve) => setTimeout(resolve, 10));
  const latencies = clients.flatMap((client) => client.latencies);
  report["changes acknowledged"] = `${(changes / seconds).toFixed(0)} a second over ${seconds.toFixed(1)} s; ack p50 ${percentile(latencies, 0.5)} ms, p99 ${percentile(latencies, 0.99)} ms (${String(CLIENTS)} clients x ${String(IN_FLIGHT)} transactions of ${String(CHANGES)} changes of ${String(OBJECTS)} objects)`;
  report["changes delivered"] = `all ${String(changes)}, to their own client's view and to a reader of everything: ${(changes / ((deliveredAt - startedAt) / 1000)).toFixed(0)} a second; p50 ${percentile(deliveries, 0.5)} ms, p99 ${percentile(deliveries, 0.99)} ms`;
  report["server memory after"] = `${((await metric("process_resident_memory_bytes")) / 1e6).toFixed(0)} MB`;
  const flushes = await metric("holdfast_flushes_total");
  report["flushes"] = `${String(flushes)}, mean ${(((await metric("holdfast_flush_seconds_sum")) / flushes) * 1000).toFixed(1)} ms`;
  for (const client of [...clients, reader]) client.socket.terminate();
}

async function bootstrap(rows: number): Promise<void> {
  const writer = await Client.connect("bulk");
  for (let at = 0; at < rows; at += 1000) {
    writer.up(Array.from({ length: 1000 }, (_each, index) => writer.pen.create(`row-${String(at + index)}`, { owner: "bulk", title: `title of row ${String(at + index)}` })).flat());
    while (writer.cseq - writer.acked > 3) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  while (writer.cseq > writer.acked) await new Promise((resolve) => setTimeout(resolve, 5));
  const client = await Client.connect("bulk");
  let count = 0;
  let bytes = 0;
  client.socket.on("message", (data) => (bytes += (data as Buffer).length));
  const startedAt = performance.now();
  client.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "title BEGINSWITH 'title'" }] });
  await client.until((message) => {
    if (message.msg !== "boot") return undefined;
    count += message.rows.length;
    return message.last ? true : undefined;
  });
  const seconds = (performance.now() - startedAt) / 1000;
  report["bootstrap"] = `${String(count)} rows, ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s: ${(count / seconds).toFixed(0)} rows a second, parsed by this process`;
  for (const each of [writer, client]) each.socket.terminate();
}

async function idle(count: number): Promise<void> {
  const before = await metric("process_resident_memory_bytes");
  const clients: Client[] = [];
  const startedAt = performance.now();
  while (clients.length < count) {
    const some = await Promise.all(Array.from({ length: Math.min(50, count - clients.length) }, (_each, index) => Client.connect(`idle${String(clients.length + index)}`)));
    for (const client of some) client.send({ msg: "sub", version: 1, queries: [{ type: "Task", query: "TRUEPREDICATE" }] });
    clients.push(...some);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = await metric("process_resident_memory_bytes");
  report["idle clients"] = `${String(count)} over TLS, each with a user and a subscription of its own: server ${(after / 1e6).toFixed(0)} MB (${(before / 1e6).toFixed(0)} MB before), ${(count / seconds).toFixed(0)} connected a second`;
  for (const client of clients) client.socket.terminate();
}

if (Number(values.idle) > 0) await idle(Number(values.idle));
if (Number(values.seconds) > 0) await load();
if (Number(values.rows) > 0) await bootstrap(Number(values.rows));
for (const [name, text] of Object.entries(report)) process.stdout.write(`${name}: ${text}\n`);
child.kill("SIGTERM");
await new Promise((resolve) => child.once("exit", resolve));
cluster.stop();
rmSync(folder, { recursive: true });
process.exit(0);
