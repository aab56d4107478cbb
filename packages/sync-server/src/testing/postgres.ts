/**
 * A real PostgreSQL for tests: one cluster per process, in a scratch folder, TLS on, gone with the process.
 *
 * `HOLDFAST_POSTGRES_BIN` names the folder of another version's programs.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { makeCertificate } from "./certificate.ts";

/** What to reach a cluster by, and what to do to it. */
export interface Cluster {
  readonly port: number;
  /** The certificate that the cluster shows, as its own authority. */
  readonly ca: string;
  /** A new, empty database. */
  createDatabase(): Promise<DatabaseAddress>;
  /** Ends it without a shutdown, as a crash would, and starts it again. */
  crashAndRestart(): Promise<void>;
  stop(): void;
  /** Shuts it down and waits until it has ended: then all is in its files. */
  end(): Promise<void>;
}

/** Connection settings in the form that `pg` takes. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
  readonly ssl: { readonly ca: string };
}

/** How a cluster differs from the usual one. */
export interface ClusterOptions {
  /** True for measurements: commits reach the disk. Tests kill processes only, which loses nothing without it. */
  readonly isDurable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** What its certificate is for; default localhost. */
  readonly certificateName?: string;
  /** An empty folder for the data, instead of one in the scratch folder. */
  readonly dataFolder?: string;
}

const PASSWORD = "of-a-scratch-cluster";

/** Why there can be no cluster here; undefined if there can. */
export function postgresMissing(): string | undefined {
  return programFolder() === undefined ? "PostgreSQL is not installed (Debian: apt-get install postgresql)" : undefined;
}

let shared: Promise<Cluster> | undefined;

/** The cluster of this process; started at the first call. */
export function sharedCluster(): Promise<Cluster> {
  shared ??= startCluster({});
  return shared;
}

/** Starts a cluster of its own. */
export async function startCluster({ isDurable = false, settings = {}, dataFolder, certificateName }: ClusterOptions): Promise<Cluster> {
  const bin = programFolder();
  if (bin === undefined) throw new Error(postgresMissing());
  const folder = mkdtempSync(join(tmpdir(), "holdfast-pg-"));
  const data = dataFolder ?? join(folder, "data");
  if (dataFolder !== undefined) giveAway(dataFolder);
  const asPostgres = ownerArguments(folder);
  const certificate = makeCertificate(folder, certificateName);
  for (const path of [certificate.keyPath, certificate.certPath]) giveAway(path);
  const passwordFile = join(folder, "password");
  spawnSync("sh", ["-c", `umask 077; printf %s '${PASSWORD}' > '${passwordFile}'`]);
  giveAway(passwordFile);
  run([...asPostgres, join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"]);
  const port = await freePort();
  const durability: Record<string, string> = isDurable ? {} : { fsync: "off", full_page_writes: "off" };
  const all: Readonly<Record<string, string>> = {
    listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: folder, ssl: "on", ssl_cert_file: certificate.certPath, ssl_key_file: certificate.keyPath,
    max_connections: "100", log_min_messages: "fatal", ...durability, ...settings,
  };
  const command = [...asPostgres, join(bin, "postgres"), "-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const pidFile = join(data, "postmaster.pid");
  const address = (database: string): DatabaseAddress => ({ host: certificateName ?? "localhost", port, user: "postgres", database, password: PASSWORD, ssl: { ca: certificate.cert } });

  let child = await start(command, address("postgres"));
  // Outlives this process, however that ends: its standard input closes then.
  const janitor = spawn("sh", ["-c", `read -r _; kill -QUIT "$(head -1 '${pidFile}')"; while kill -0 "$(head -1 '${pidFile}')" 2>/dev/null; do sleep 0.05; done; rm -rf '${folder}'`], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  janitor.unref();
  (janitor.stdin as unknown as { unref(): void }).unref();
  let databases = 0;
  return {
    port,
    ca: certificate.cert,
    async createDatabase() {
      const name = `test_${String(process.pid)}_${String(++databases)}`;
      const client = new pg.Client(address("postgres"));
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return address(name);
    },
    async crashAndRestart() {
      const isGone = once(child, "exit");
      // SIGQUIT is PostgreSQL's "immediate shutdown": no checkpoint, recovery at the next start.
      child.kill("SIGQUIT");
      await isGone;
      child = await start(command, address("postgres"));
    },
    stop() {
      janitor.stdin.end();
    },
    async end() {
      const isGone = once(child, "exit");
      // "Fast shutdown": everybody is sent away, then a checkpoint.
      child.kill("SIGINT");
      await isGone;
      janitor.stdin.end();
    },
  };
}

async function start(command: readonly string[], address: DatabaseAddress): Promise<ChildProcess> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = `${complaints}${String(chunk)}`.slice(-4000)));
  (child.stderr as unknown as { unref(): void }).unref();
  child.unref();
  for (;;) {
    const client = new pg.Client(address);
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return child;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${complaints}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** PostgreSQL refuses to run as root: then it runs as Debian's user. */
function ownerArguments(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  giveAway(folder);
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"];
}

function giveAway(path: string): void {
  if (process.getuid?.() !== 0) return;
  const [, , uid, gid] = (readFileSync("/etc/passwd", "utf8").split("\n").find((line) => line.startsWith("postgres:")) ?? "").split(":");
  if (uid === undefined || gid === undefined) throw new Error("there is no user postgres");
  chownSync(path, Number(uid), Number(gid));
}

function programFolder(): string | undefined {
  const wanted = process.env["HOLDFAST_POSTGRES_BIN"];
  if (wanted !== undefined) return wanted;
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).filter((name) => Number(name) >= 15 && statSync(join(root, name)).isDirectory() && existsSync(join(root, name, "bin/initdb")));
  const [newest] = versions.toSorted((left, right) => Number(right) - Number(left));
  return newest === undefined ? undefined : join(root, newest, "bin");
}

function run([program = "", ...rest]: readonly string[]): void {
  const result = spawnSync(program, rest, { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } });
  if (result.status !== 0) throw new Error(`${rest[0] ?? program} failed: ${result.stderr}${String(result.error ?? "")}`);
}

/** A port of the loopback interface that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
