/**
 * Scaling out, measured as ratios: one and two servers, one and several shards, one and two clusters; and what a hint saves between servers.
 *
 * The arrangements take turns on the same machine, so what else goes on there meets all of them alike.
 * `node --conditions=@holdfast/source packages/sync-server/bench/scale-out.ts [--rounds 3] [--seconds 6] [--latencies 40]`; needs `npm run compile` before.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { makeCertificate } from "../test/support/certificate.ts";
import { NatsServer, natsMissing } from "../test/support/nats.ts";
import { TASKS } from "../test/support/operations.ts";
import { startCluster } from "../test/support/postgres.ts";
import type { DatabaseAddress } from "../test/support/postgres.ts";
import { Client, percentile } from "./client.ts";
import { load } from "./load.ts";
import type { Processes } from "./processes.ts";

/** How servers and databases stand to each other. */
interface Arrangement {
  readonly name: string;
  readonly servers: number;
  /** The cluster of each shard. */
  readonly shards: readonly number[];
}

const ARRANGEMENTS: readonly Arrangement[] = [
  { name: "1 server, 1 shard", servers: 1, shards: [0] },
  { name: "2 servers, 1 shard", servers: 2, shards: [0] },
  { name: "1 server, 4 shards in one cluster", servers: 1, shards: [0, 0, 0, 0] },
  { name: "1 server, 2 shards in two clusters", servers: 1, shards: [0, 1] },
];
const CLIENTS = 32;
const POLL_MS = 200;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "6" }, latencies: { type: "string", default: "40" } } });
const LATENCIES = Number(values.latencies);
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const { certPath, keyPath, cert } = makeCertificate(folder);
const clusters = [await startCluster({ isDurable: true, settings: { shared_buffers: "128MB" } }), await startCluster({ isDurable: true, settings: { shared_buffers: "128MB" } })];
let configs = 0;

/** `reader2` and `load2x7` belong to shard `s2`; readers see everything of theirs. */
function configText(shards: readonly DatabaseAddress[], hints: unknown): string {
  const databases = shards.length === 1 ? `postgres: ${JSON.stringify(shards[0])}` : `shards: ${JSON.stringify(Object.fromEntries(shards.map((address, index) => [`s${String(index)}`, { postgres: address }])))}, shardOf: ({ userId }) => "s" + /\\d/.exec(userId)[0]`;
  return `export default {
  port: 0, adminPort: 0, tls: ${JSON.stringify({ certFile: certPath, keyFile: keyPath })}, ${databases}, hints: ${JSON.stringify(hints)}, pollMs: ${String(POLL_MS)}, schema: ${JSON.stringify(TASKS)},
  authenticator: { verify: async (token) => ({ userId: token.slice(5), customData: { readsAll: token.startsWith("test:reader") }, expiresAt: Date.now() + 3600000 }) },
  rules: { classes: { Task: [
    { name: "reader", applyWhen: "%%user.custom_data.readsAll == true", read: true },
    { name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id" },
  ] } },
};`;
}

interface Running {
  readonly processes: Processes;
  readonly child: ChildProcess;
}

async function startServer(shards: readonly DatabaseAddress[], hints: unknown): Promise<Running> {
  const path = join(folder, `config${String(++configs)}.mjs`);
  writeFileSync(path, configText(shards, hints));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "../dist/cli/main.js"), "--config", path, "--json"], { stdio: ["ignore", "pipe", "ignore"] });
  const [started] = (await once(child.stdout, "data")) as [Buffer];
  const { url, adminPort } = JSON.parse(String(started)) as { url: string; adminPort: number };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${String(adminPort)}/metrics`)).text();
    return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, "gm"))].reduce((sum, match) => sum + Number(match[1]), 0);
  };
  const processes: Processes = { url, cert, database: new pg.Client(), metric, serverBytes: () => metric("process_resident_memory_bytes"), cpu: () => ({ server: 0, postgres: 0, generator: 0 }), stop: async () => undefined };
  return { processes, child };
}

async function stopServer({ child }: Running): Promise<void> {
  const isGone = once(child, "exit");
  child.kill("SIGTERM");
  await isGone;
}

interface Figures {
  readonly perSecond: number;
  readonly ackP99: number;
  readonly deliveryP50: number;
  readonly deliveryP99: number;
}

/** The clients are spread evenly over servers and shards; with two servers each reader hangs on the other one. */
async function measure({ servers: serverCount, shards }: Arrangement): Promise<Figures> {
  const addresses = [];
  for (const cluster of shards) addresses.push(await clusters[cluster]!.createDatabase());
  const servers: Running[] = [];
  for (let index = 0; index < serverCount; index++) servers.push(await startServer(addresses, "notify"));
  const parts = Math.max(serverCount, shards.length);
  const results = await Promise.all(
    Array.from({ length: parts }, (_each, part) => {
      const { processes } = servers[part % serverCount]!;
      return load(processes, { seconds: Number(values.seconds), clients: CLIENTS / parts, inFlight: 2, changes: 20, objects: 5, prefix: `load${String(part)}x`, reader: { user: `reader${String(part)}`, processes: servers[(part + 1) % serverCount]!.processes } });
    }),
  );
  for (const server of servers) await stopServer(server);
  const worst = (pick: (result: (typeof results)[number]) => number): number => Math.max(...results.map(pick));
  return { perSecond: results.reduce((sum, result) => sum + result.acknowledgedPerSecond, 0), ackP99: worst(({ ack }) => ack.p99), deliveryP50: worst(({ delivery }) => delivery.p50), deliveryP99: worst(({ delivery }) => delivery.p99) };
}

/** One change at a time, from a client of one server to a reader of the other: milliseconds. */
async function latencies(hints: unknown): Promise<readonly number[]> {
  const address = await clusters[0]!.createDatabase();
  const [one, two] = [await startServer([address], hints), await startServer([address], hints)];
  const [writer, reader] = [await Client.connect(one.processes, "load0x0"), await Client.connect(two.processes, "reader0")];
  await reader.subscribe("TRUEPREDICATE");
  const taken: number[] = [];
  for (let round = 0; round < LATENCIES; round++) {
    // Not in step with anybody's clock.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * POLL_MS));
    const startedAt = performance.now();
    const arrived = new Promise<void>((resolve) => (reader.onMessage = ({ msg }) => (msg === "down" ? resolve() : undefined)));
    writer.up(writer.create(`r${String(round)}`, { owner: "load0x0" }));
    await arrived;
    taken.push(performance.now() - startedAt);
  }
  for (const { socket } of [writer, reader]) socket.terminate();
  for (const server of [one, two]) await stopServer(server);
  return taken;
}

const middle = (numbers: readonly number[]): number => percentile(numbers, 0.5);
const [loadBefore = 0] = loadavg();
process.stdout.write(`${String(cpus().length)} cores, Node ${process.version}; load of the machine before ${loadBefore.toFixed(1)}; ${values.rounds} rounds of ${values.seconds} s, ${String(CLIENTS)} clients, in turn\n\n`);
const found = new Map<string, Figures[]>(ARRANGEMENTS.map(({ name }) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) for (const arrangement of ARRANGEMENTS) found.get(arrangement.name)?.push(await measure(arrangement));
const base = (found.get(ARRANGEMENTS[0]!.name) ?? []).map(({ perSecond }) => perSecond);
process.stdout.write("| | Changes a second (each round) | Against the first row of the same round | ack p99 | delivery p50, p99 |\n|---|---|---|---|---|\n");
for (const [name, figures] of found) {
  const of = (pick: (each: Figures) => number): string => middle(figures.map(pick)).toFixed(0);
  process.stdout.write(`| ${name} | ${figures.map(({ perSecond }) => perSecond.toFixed(0)).join(", ")} | ${figures.map(({ perSecond }, round) => (perSecond / (base[round] ?? 0)).toFixed(2)).join(", ")} | ${of(({ ackP99 }) => ackP99)} ms | ${of(({ deliveryP50 }) => deliveryP50)}, ${of(({ deliveryP99 }) => deliveryP99)} ms |\n`);
}
const nats = natsMissing() === undefined ? await NatsServer.start() : undefined;
const ways: readonly (readonly [string, unknown])[] = LATENCIES === 0 ? [] : [["poll", "poll"], ["NOTIFY", "notify"], ...(nats === undefined ? [] : [["NATS", { nats: { servers: [`127.0.0.1:${String(nats.port)}`] } }] as const])];
const taken = new Map<string, number[]>(ways.map(([name]) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) for (const [name, hints] of ways) taken.get(name)?.push(...(await latencies(hints)));
const polling = middle(taken.get("poll") ?? []);
if (ways.length > 0) process.stdout.write(`\n| Between two servers, one change at a time | p50 | p99 | p50 against looking every ${String(POLL_MS)} ms |\n|---|---|---|---|\n`);
for (const [name, each] of taken) process.stdout.write(`| ${name} | ${middle(each).toFixed(1)} ms | ${percentile(each, 0.99).toFixed(1)} ms | ${(middle(each) / polling).toFixed(3)} |\n`);
process.stdout.write(`\nload of the machine after ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
await nats?.end();
for (const cluster of clusters) cluster.stop();
rmSync(folder, { recursive: true });
process.exit(0);
