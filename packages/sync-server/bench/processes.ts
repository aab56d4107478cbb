/**
 * What runs beside the load generator, PostgreSQL and the server as it is published, and the processor time that each of the three takes.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { makeCertificate } from "../test/support/certificate.ts";
import { TASKS } from "../test/support/operations.ts";
import { startCluster } from "../test/support/postgres.ts";

/** Seconds of processor time since the start. */
export interface CpuSeconds {
  readonly server: number;
  readonly postgres: number;
  readonly generator: number;
}

/** The processes of a run. */
export interface Processes {
  readonly url: string;
  readonly cert: string;
  readonly database: pg.Client;
  /** A number that the server counts. */
  metric(name: string): Promise<number>;
  /** Resident memory of the server. */
  serverBytes(): Promise<number>;
  cpu(): CpuSeconds;
  stop(): Promise<void>;
}

/** `/proc` counts in ticks of a hundredth of a second, on every Linux that Node runs on. */
const TICK_SECONDS = 0.01;

/** Everything sees its own objects; `test:reader` sees all. */
function configText(tls: object | undefined, postgres: object): string {
  return `const everything = { readsAll: true };
export default {
  port: 0, adminPort: 0, ${tls === undefined ? "" : `tls: ${JSON.stringify(tls)}, `}postgres: ${JSON.stringify(postgres)}, schema: ${JSON.stringify(TASKS)},
  authenticator: { verify: async (token) => ({ userId: token.slice(5), customData: token === "test:reader" ? everything : {}, expiresAt: Date.now() + 3600000 }) },
  rules: { classes: { Task: [
    { name: "reader", applyWhen: "%%user.custom_data.readsAll == true", read: true },
    { name: "owner", read: "owner == %%user.id", insert: "owner == %%user.id", update: "owner == %%user.id", delete: "owner == %%user.id", fields: { secret: { read: false, write: false } } },
  ] } },
};`;
}

/** Starts both. `program` is the server's command; `nodeOptions` go before it. `isPlain`: without TLS, on loopback. */
export async function startProcesses({ program, nodeOptions, isPlain = false }: { readonly program: string; readonly nodeOptions: readonly string[]; readonly isPlain?: boolean }): Promise<Processes> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const { certPath, keyPath, cert } = makeCertificate(folder);
  const settings = JSON.parse(process.env["HOLDFAST_BENCH_POSTGRES"] ?? "{}") as Record<string, string>;
  const cluster = await startCluster({ isDurable: true, settings: { shared_buffers: "256MB", ...settings } });
  const address = await cluster.createDatabase();
  const configPath = join(folder, "config.mjs");
  writeFileSync(configPath, configText(isPlain ? undefined : { certFile: certPath, keyFile: keyPath }, address));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...nodeOptions, program, "--config", configPath, "--json"], { stdio: ["ignore", "pipe", process.env["HOLDFAST_BENCH_LOG"] === undefined ? "ignore" : "inherit"] });
  const [started] = (await once(child.stdout, "data")) as [Buffer];
  const { url, adminPort } = JSON.parse(String(started)) as { url: string; adminPort: number };
  const database = new pg.Client(address);
  await database.connect();
  const { rows } = await database.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const postmaster = statOf(rows[0]?.pid ?? 0)?.parent ?? 0;
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${String(adminPort)}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? 0);
  };
  return {
    url, cert, database, metric,
    serverBytes: () => metric("process_resident_memory_bytes"),
    cpu() {
      const { user, system } = process.cpuUsage();
      return { server: statOf(child.pid ?? 0)?.own ?? 0, postgres: secondsOfFamily(postmaster), generator: (user + system) / 1e6 };
    },
    async stop() {
      await database.end();
      child.kill("SIGTERM");
      await once(child, "exit");
      cluster.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A process and its children, those that have ended among them. */
function secondsOfFamily(parent: number): number {
  const root = statOf(parent);
  const children = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [statOf(Number(name))] : []));
  return (root?.own ?? 0) + (root?.ended ?? 0) + children.reduce((sum, stat) => sum + (stat?.parent === parent ? stat.own : 0), 0);
}

function statOf(pid: number): { readonly parent: number; readonly own: number; readonly ended: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is a name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  const [, parent = 0] = fields;
  const ticks = (from: number): number => ((fields[from] ?? 0) + (fields[from + 1] ?? 0)) * TICK_SECONDS;
  return { parent, own: ticks(11), ended: ticks(13) };
}
