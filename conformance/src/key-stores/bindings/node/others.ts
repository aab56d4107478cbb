/**
 * Other processes on Node.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { OtherProcesses } from "../../binding.ts";
import type { OtherJob } from "./other-process.ts";
import type { Place } from "./openers.ts";

const PROGRAM = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./other-process.ts" : "./other-process.js", import.meta.url));

/** A process that was started. */
interface Other {
  waitFor(prefix: string): Promise<string>;
  tell(line: string): void;
  kill(): Promise<void>;
}

/** Processes over a place; they inherit the environment, and so the D-Bus session. */
export function nodeOthers(place: Place): OtherProcesses {
  const start = (job: Omit<OtherJob, "place">): Other => startOther({ place, ...job });
  const dieAt = async (job: Omit<OtherJob, "place">, afterMs = 0): Promise<void> => {
    const other = start(job);
    await other.waitFor("now");
    if (afterMs > 0) await new Promise((resolve) => void setTimeout(resolve, afterMs));
    await other.kill();
  };
  return {
    async getOrCreate(namespace, name, count) {
      const others = Array.from({ length: count }, () => start({ namespace, action: "get", name }));
      // All are up before one may begin, so that they really meet.
      await Promise.all(others.map((other) => other.waitFor("ready")));
      for (const other of others) other.tell("go");
      return Promise.all(others.map(async (other) => (await other.waitFor("key ")).slice("key ".length)));
    },
    dieHolding: (namespace, name) => dieAt({ namespace, action: "hold", name }),
    dieCreating: (namespace, name) => dieAt({ namespace, action: "create", name }),
    dieWriting: (namespace, prefix, afterMs) => dieAt({ namespace, action: "write", name: prefix }, afterMs),
  };
}

function startOther(job: OtherJob): Other {
  const flags = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, PROGRAM, JSON.stringify(job)], { stdio: ["pipe", "pipe", "pipe"] });
  const { lines, complaints } = listen(child);
  const ended = new Promise<void>((resolve) => void child.on("close", () => resolve()));
  child.stdin.on("error", () => undefined); // The process may be gone when it is spoken to; waiting for its answer says so.
  return {
    async waitFor(prefix) {
      let hasEnded = false;
      void ended.then(() => (hasEnded = true));
      for (;;) {
        const line = lines().find((said) => said.startsWith(prefix));
        if (line !== undefined) return line;
        if (hasEnded) throw new Error(`another process ended before it said "${prefix.trim()}": ${complaints().slice(0, 600)}`);
        await Promise.race([ended, new Promise<void>((resolve) => void child.stdout.once("data", () => resolve()))]);
      }
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function listen(child: ChildProcessByStdio<Writable, Readable, Readable>): { lines: () => string[]; complaints: () => string } {
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  return { lines: () => output.split("\n").slice(0, -1), complaints: () => complaints };
}
