/**
 * What the sync server does in a second: field changes acknowledged durably and delivered, idle clients, many clients, many views, a bootstrap.
 *
 * Everything on one machine: PostgreSQL, the server in a process of its own as it is published, and this load generator share its cores.
 * TLS and rules are on, commits reach the disk. `npm run bench:sync`, `npm run bench:sync -- --short`; needs `npm run compile` before.
 *
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.ts";
import { idle } from "./idle.ts";
import { load } from "./load.ts";
import type { LoadOptions } from "./load.ts";
import { startProcesses } from "./processes.ts";
import type { Processes } from "./processes.ts";
import { views } from "./views.ts";

const ROWS = ["idle", "load", "many", "views", "bootstrap"] as const;

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    /** Some of the rows, with commas between them; no file is written then. */
    only: { type: "string" },
    seconds: { type: "string" },
    /** Without TLS: what of the figures is TLS. */
    plain: { type: "boolean", default: false },
    /** Another build's command, for pairs. */
    server: { type: "string", default: join(import.meta.dirname, "../dist/cli/main.js") },
    "cpu-prof": { type: "string" },
    "heap-prof": { type: "string" },
  },
});
if (!existsSync(values.server)) throw new Error(`there is no ${values.server}: run "npm run compile" first`);
const seconds = Number(values.seconds ?? (values.short ? 4 : 8));
const wanted = new Set(values.only?.split(",") ?? ROWS);
const nodeOptions = [...(values["cpu-prof"] === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values["cpu-prof"]}`]), ...(values["heap-prof"] === undefined ? [] : ["--heap-prof", `--heap-prof-dir=${values["heap-prof"]}`])];
const lines: string[] = [];

function say(what: string, figures: string, loadBefore: number): void {
  const line = `| ${what} | ${figures} | ${loadBefore.toFixed(1)} |`;
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

/** Each row with a server and a database of its own. */
async function row(name: (typeof ROWS)[number], measure: (processes: Processes) => Promise<readonly (readonly [what: string, figures: string])[]>): Promise<void> {
  if (!wanted.has(name)) return;
  const [loadBefore = 0] = loadavg();
  const processes = await startProcesses({ program: values.server, nodeOptions, isPlain: values.plain });
  for (const [what, figures] of await measure(processes)) say(what, figures, loadBefore);
  await processes.stop();
}

async function loadRow(processes: Processes, options: LoadOptions): Promise<readonly (readonly [string, string])[]> {
  const result = await load(processes, options);
  const { cpu, ack, delivery, perClient } = result;
  const ms = (value: number): string => value.toFixed(0);
  const what = `${String(options.clients)} clients, ${String(options.inFlight)} under way each: transactions of ${String(options.changes)} field changes of ${String(options.objects)} objects`;
  const spread = `transactions per client ${perClient.join(" / ")} (least, middle, most), worst client's ack p99 ${ms(result.worstClientP99)} ms`;
  return [
    [
      what,
      `**${ms(result.acknowledgedPerSecond)}** changes a second acknowledged, ${ms(result.deliveredPerSecond)} delivered, ${String(result.changes)} in all; ack p50 ${ms(ack.p50)} ms, p99 ${ms(ack.p99)} ms; delivery p50 ${ms(delivery.p50)} ms, p99 ${ms(delivery.p99)} ms; ` +
        `processor time for a change: server ${cpu.server.toFixed(1)} us, PostgreSQL ${cpu.postgres.toFixed(1)}, generator ${cpu.generator.toFixed(1)}; ${String(result.flushes)} flushes of ${result.meanFlushMs.toFixed(1)} ms; ${spread}; server ${ms((await processes.serverBytes()) / 1e6)} MB after`,
    ],
  ];
}

await row("idle", async (processes) => {
  const count = values.short ? 200 : 1000;
  const { bytesBefore, bytesAfter, connectedPerSecond } = await idle(processes, count);
  return [[`${String(count)} idle clients, each with a user and a subscription of its own`, `server **${(bytesAfter / 1e6).toFixed(0)} MB**, ${(bytesBefore / 1e6).toFixed(0)} MB before them: ${((bytesAfter - bytesBefore) / count / 1e3).toFixed(0)} kB each; ${connectedPerSecond.toFixed(0)} connected and subscribed a second`]];
});
await row("load", (processes) => loadRow(processes, { seconds, clients: 32, inFlight: 2, changes: 20, objects: 5, prefix: "load" }));
await row("many", (processes) => loadRow(processes, { seconds, clients: values.short ? 200 : 1000, inFlight: 1, changes: 4, objects: 1, prefix: "many" }));
if (wanted.has("views")) {
  const [loadBefore = 0] = loadavg();
  const count = values.short ? 2000 : 10_000;
  const { addedPerSecond, askedPerSecond, indexedPerSecond } = views(count);
  say(`${String(count)} different views, in process`, `changed objects a second: **${indexedPerSecond.toFixed(0)}** found by their constants, told and all; ${askedPerSecond.toFixed(0)} by asking each view; ${addedPerSecond.toFixed(0)} views made and added a second`, loadBefore);
}
await row("bootstrap", async (processes) => {
  const { rows, bytes, seconds: taken, cpu } = await bootstrap(processes, values.short ? 20_000 : 100_000);
  return [[`bootstrap of ${String(rows)} rows`, `${(bytes / 1e6).toFixed(1)} MB in ${taken.toFixed(2)} s: **${(rows / taken).toFixed(0)}** rows a second; seconds of processor time: server ${cpu.server.toFixed(2)}, PostgreSQL ${cpu.postgres.toFixed(2)}, this process, which parses it, ${cpu.generator.toFixed(2)}`]];
});

if (values.only === undefined && !values.plain) {
  const machine = `${platform()} ${arch()}, ${String(cpus().length)} x ${cpus()[0]?.model.trim() ?? "unknown"}, ${String(Math.round(totalmem() / 2 ** 30))} GiB; Node ${process.version}; load of the machine at the end ${(loadavg()[0] ?? 0).toFixed(1)}`;
  const path = join(import.meta.dirname, values.short ? "RESULTS-SHORT.md" : "RESULTS.md");
  const command = `npm run bench:sync${values.short ? " -- --short" : ""}`;
  writeFileSync(
    path,
    `# What the sync server was measured to do\n\n\`${command}\`, ${new Date().toISOString()}. ${machine}. PostgreSQL, server and load generator share the cores; TLS and rules are on, commits reach the disk.\nThe load in the last column is that of the machine when the row began, the benchmark's own rows before it included.\n\n| | Figures | Load |\n|---|---|---|\n${lines.join("\n")}\n`,
  );
  process.stdout.write(`written to ${path}\n`);
}
process.exit(0);
