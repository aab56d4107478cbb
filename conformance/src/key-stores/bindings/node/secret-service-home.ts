/**
 * A home with a Secret Service in it: own folders, own daemon, over the suite's D-Bus session.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { encodeName } from "@holdfast/key-store";
import { AsyncEntry } from "@napi-rs/keyring";
import type { BackingDamage, KeyStoreHome } from "../../binding.ts";
import { snapshotOf, temporaryFolder } from "./files.ts";
import { APPLICATION, openAt } from "./openers.ts";
import { nodeOthers } from "./others.ts";
import { sessionBus } from "./session-bus.ts";
import type { SessionBus } from "./session-bus.ts";

/** One program that provides the Secret Service. */
export interface SecretServiceProgram {
  readonly command: string;
  options(folder: string): readonly string[];
  /** What it reads from its standard input, such as the password of the keyring. */
  input(folder: string): string | Uint8Array;
  /** True if it makes its store at the first start and shows it from the second on. */
  isFirstStart?(folder: string): boolean;
  /** How the bus starts it by itself when somebody asks: locked. */
  readonly activated: string | undefined;
  /** Where it keeps the entries, below the home's folder. */
  readonly files: string;
  /** What has to be there before it starts. */
  prepare?(folder: string): void;
  lock?(bus: SessionBus): Promise<void>;
  /** Asks it to end, so that it writes what it has not written yet. Default: what it has is on the disk, and it is killed. */
  quit?(bus: SessionBus): void;
  /** Waits until what was written is on the disk. */
  flush?(folder: string): Promise<void>;
  readonly damages?: readonly (Omit<BackingDamage, "apply"> & { apply(folder: string): void })[];
}

const PINNED = { linux: { store: "secret-service" } } as const;
const PATIENCE_MS = 10_000;

/** Starts the daemon in a fresh folder. */
export async function secretServiceHome(program: SecretServiceProgram): Promise<KeyStoreHome> {
  const bus = await sessionBus();
  const { folder, remove } = temporaryFolder();
  const environment = { ...process.env, ...foldersOf(folder) };
  // Locks between processes are files of the user's state: the suite's own here, and in the processes that it starts.
  process.env["XDG_STATE_HOME"] = join(folder, "state");
  program.prepare?.(folder);
  const entryOf = (namespace: string, name: string): AsyncEntry => new AsyncEntry(`${APPLICATION}/${namespace}`, name, PINNED);

  async function startDaemon(): Promise<void> {
    await stopDaemon(bus);
    const { XDG_DATA_HOME, XDG_RUNTIME_DIR, HOME } = foldersOf(folder);
    bus.provide(program.activated === undefined ? undefined : `/usr/bin/env HOME=${HOME} XDG_DATA_HOME=${XDG_DATA_HOME} XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR} ${program.activated}`);
    const isFirst = program.isFirstStart?.(folder) === true;
    const daemon = spawn(program.command, program.options(folder), { env: environment, stdio: ["pipe", "ignore", "ignore"] });
    daemon.on("error", () => undefined);
    daemon.stdin.on("error", () => undefined);
    daemon.stdin.end(program.input(folder));
    await until(() => bus.ownerPid() !== undefined, `${program.command} did not take the name of the Secret Service`);
    if (!isFirst) return;
    await until(() => program.isFirstStart?.(folder) === false, `${program.command} made no store`);
    await startDaemon();
  }

  async function quitDaemon(): Promise<void> {
    bus.provide(undefined);
    if (program.quit === undefined || bus.ownerPid() === undefined) return stopDaemon(bus);
    program.quit(bus);
    await until(() => bus.ownerPid() === undefined, `${program.command} did not end`);
  }

  await startDaemon();
  const { lock, flush } = program;
  return {
    open: (namespace) => openAt({ kind: "keyring", folder }, namespace),
    async restart() {
      await quitDaemon();
      await startDaemon();
    },
    async cleanUp() {
      bus.provide(undefined);
      await stopDaemon(bus);
      remove();
    },
    others: nodeOthers({ kind: "keyring", folder }),
    raw: {
      snapshot: async () => snapshotOf(join(folder, program.files)),
      async alter(namespace, name, change) {
        const entry = entryOf(namespace, encodeName(name));
        const text = (await untilSession(() => entry.getPassword())) ?? "";
        await entry.setPassword(Buffer.from(change(Uint8Array.from(Buffer.from(text, "latin1")))).toString("latin1"));
      },
    },
    async plantForeign(namespace) {
      const foreign = entryOf(namespace, "Foreign!");
      await untilSession(() => foreign.setPassword("text"));
      return async () => (await foreign.getPassword()) === "text";
    },
    ...(lock === undefined ? {} : { lock: { lock: () => lock(bus), unlock: startDaemon } }),
    async removeBackend() {
      bus.provide(undefined);
      await stopDaemon(bus);
    },
    service: { kill: () => stopDaemon(bus), revive: startDaemon, ...(flush === undefined ? {} : { flush: () => flush(folder) }) },
    damages: (program.damages ?? []).map(({ title, codes, apply }) => ({
      title,
      codes,
      async apply() {
        await quitDaemon();
        apply(folder);
        await startDaemon();
      },
    })),
    async restoreWithoutKeys() {
      await stopDaemon(bus);
      rmSync(join(folder, program.files), { recursive: true, force: true });
      program.prepare?.(folder);
      await startDaemon();
    },
    plantDuplicate: async (namespace, name) => plantDuplicate(namespace, name),
    reinstall: async () => "entries stay",
    loseWrites: async () => loseWrites(),
  };
}

function foldersOf(folder: string): Record<"HOME" | "XDG_DATA_HOME" | "XDG_CONFIG_HOME" | "XDG_CACHE_HOME" | "XDG_RUNTIME_DIR", string> {
  const runtime = join(folder, "run");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return { HOME: folder, XDG_DATA_HOME: join(folder, "data"), XDG_CONFIG_HOME: join(folder, "config"), XDG_CACHE_HOME: join(folder, "cache"), XDG_RUNTIME_DIR: runtime };
}

/** Ends whoever has the Secret Service on the suite's own bus, with no chance to tidy up. */
async function stopDaemon(bus: SessionBus): Promise<void> {
  const pid = bus.ownerPid();
  if (pid === undefined) return;
  process.kill(pid, "SIGKILL");
  await until(() => bus.ownerPid() !== pid, "the Secret Service did not end");
}

/** KWallet refuses a new session once in 256 times; the adapter tries again, and so does the suite where it goes beside it. */
async function untilSession<Result>(action: () => Promise<Result>): Promise<Result> {
  return action().catch((error: unknown) => (/public key size|find session|Unpad/u.test(String(error)) ? action() : Promise.reject(error)));
}

async function until(isSo: () => boolean, otherwise: string): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > endsAtMs) throw new Error(otherwise);
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}

/** A keyring library that says "written" and has not. */
function loseWrites(): () => void {
  const prototype = AsyncEntry.prototype as { setPassword: AsyncEntry["setPassword"] };
  const before = prototype.setPassword;
  prototype.setPassword = async () => undefined;
  return () => void (prototype.setPassword = before);
}

/** With all attributes of the entry and one more, as another program may write it. */
function plantDuplicate(namespace: string, name: string): void {
  const attributes = ["service", `${APPLICATION}/${namespace}`, "username", encodeName(name), "planted", "yes"];
  const { status, stderr } = spawnSync("secret-tool", ["store", "--label=planted", ...attributes], { input: "other", encoding: "utf8" });
  if (status !== 0) throw new Error(`secret-tool: ${stderr}`);
}
