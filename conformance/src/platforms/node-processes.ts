/**
 * Child processes on Node: each runs one program through `node-host.ts` and speaks in lines.
 *
 * @module
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { PlatformProcess, ProcessAccess } from "../platform.ts";
import { ownCommand, type RuntimeCommand } from "./server-runtimes.ts";

/** How long a program may stay silent before it counts as hanging. Generous: no result depends on it. */
const SILENCE_LIMIT_MS = 60_000;

/** Child processes with a way to end all that still run. */
export interface NodeProcesses extends ProcessAccess {
  endAll(): Promise<void>;
}

/** What the children run. */
export interface ProcessOptions {
  /** The module that they import Realm from. */
  readonly implementation: string;
  /** Their runtime; this process's own if absent. */
  readonly command?: RuntimeCommand;
  /** Their entry; the one beside this module if absent. */
  readonly host?: string;
}

/** Child processes in this runtime or another. */
export function createNodeProcesses({ implementation, command = ownCommand(), host = ownHost() }: ProcessOptions): NodeProcesses {
  const running = new Set<PlatformProcess>();
  return {
    start(program, values) {
      const job = JSON.stringify({ implementation, program, values });
      const [runtime, ...options] = command;
      const conditions = host.endsWith(".ts") ? ["--conditions=@holdfast/source"] : [];
      const child = spawn(runtime, [...options, ...conditions, host, job], { stdio: "pipe" });
      const own = wrap(program, child);
      running.add(own);
      void own.exited.then(() => running.delete(own));
      return own;
    },
    async endAll() {
      await Promise.all([...running].map((child) => child.kill()));
    },
  };
}

function ownHost(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./node-host.ts" : "./node-host.js", import.meta.url));
}

/** Someone who waits for a line. */
interface Waiter {
  readonly prefix: string;
  resolve(line: string): void;
  reject(error: Error): void;
}

function wrap(program: string, child: ChildProcessWithoutNullStreams): PlatformProcess {
  const lines: string[] = [];
  const waiters = new Set<Waiter>();
  let complaints = "";
  child.stdin.on("error", () => {}); // The process may be gone when it is spoken to; waiting for its answer says so.
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    for (const waiter of waiters) if (line.startsWith(waiter.prefix)) waiter.resolve(line);
  });
  const exited = new Promise<number | null>((resolve) => {
    // "close" comes after the last line has been read, "exit" may come before.
    child.on("close", (code) => {
      for (const waiter of waiters) waiter.reject(new Error(`"${program}" ended before it said "${waiter.prefix}": ${complaints.slice(0, 600)}`));
      resolve(code);
    });
  });
  return {
    lines,
    get complaints() {
      return complaints;
    },
    exited,
    send: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    waitForLine(prefix) {
      const said = lines.find((line) => line.startsWith(prefix));
      if (said !== undefined) return Promise.resolve(said);
      if (child.exitCode !== null || child.signalCode !== null) {
        return exited.then(() => lines.find((line) => line.startsWith(prefix)) ?? Promise.reject(new Error(`"${program}" has ended: ${complaints.slice(0, 600)}`)));
      }
      return new Promise<string>((resolve, reject) => waitFor(waiters, program, prefix, { resolve, reject }));
    },
  };
}

function waitFor(waiters: Set<Waiter>, program: string, prefix: string, settle: Pick<Waiter, "resolve" | "reject">): void {
  const timer = setTimeout(() => waiter.reject(new Error(`"${program}" did not say "${prefix}" in ${SILENCE_LIMIT_MS} ms`)), SILENCE_LIMIT_MS);
  const waiter: Waiter = {
    prefix,
    resolve(line) {
      clearTimeout(timer);
      waiters.delete(waiter);
      settle.resolve(line);
    },
    reject(error) {
      clearTimeout(timer);
      waiters.delete(waiter);
      settle.reject(error);
    },
  };
  waiters.add(waiter);
}
