/**
 * The processes of a run: started warm, spoken to in lines, killed.
 *
 * @module
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Job } from "./job.ts";

/** How long a process may stay silent before it counts as blocked. Generous: no result depends on it. */
const SILENCE_LIMIT_MS = 300_000;

/** One process. */
export class Process {
  readonly lines: string[] = [];
  /** Resolves when the process is gone and all of its lines have been read. */
  readonly ended: Promise<void>;
  job: Job | undefined;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiters = new Set<() => void>();
  #complaints = "";
  #isEnded = false;

  /** @param codeCache - Folder where the processes keep what they have compiled, for the next ones. */
  constructor(implementation: string, codeCache: string) {
    const entry = fileURLToPath(new URL("./child.ts", import.meta.url));
    const child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", entry, implementation], {
      stdio: "pipe",
      env: { ...process.env, NODE_COMPILE_CACHE: codeCache },
    });
    this.#child = child;
    child.stdin.on("error", () => undefined); // The process may be gone when it is spoken to; its silence says so.
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#complaints += text));
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      // "close" comes after the last line has been read, "exit" may come before.
      child.on("close", () => {
        this.#isEnded = true;
        this.#wake();
        resolve();
      });
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What it wrote to its standard error: nothing, if all is well. */
  get complaints(): string {
    return this.#complaints;
  }

  /** Undefined while it runs; 0 if it ended in good order. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  send(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** `kill -9`. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Everything that it has acknowledged under a word, as texts behind that word. */
  said(word: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  }

  /** The last number that it has said behind a word. */
  lastNumber(word: string): number | undefined {
    const last = this.said(word).at(-1);
    return last === undefined ? undefined : Number.parseInt(last, 10);
  }

  /** Resolves when the condition on its lines holds. @throws if it ends before, or stays silent for too long. */
  until(what: string, isReached: (lines: readonly string[]) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${this.job?.actor} is blocked: in ${SILENCE_LIMIT_MS} ms it did not come to "${what}"; its last line was "${this.lines.at(-1)}"`));
      }, SILENCE_LIMIT_MS);
      const look = (): void => {
        const isThere = isReached(this.lines);
        if (!isThere && !this.#isEnded) return;
        end();
        if (isThere) resolve();
        else reject(new Error(`${this.job?.actor} ended before it came to "${what}": ${this.#complaints.slice(0, 900)}`));
      };
      this.#waiters.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of this.#waiters) look();
  }
}

/** Processes that have loaded the SDK and wait for a job. */
export class ProcessPool {
  readonly #implementation: string;
  readonly #codeCache: string = mkdtempSync(join(tmpdir(), "holdfast-kills-code-"));
  readonly #warm: Process[] = [];
  readonly #all = new Set<Process>();

  constructor(implementation: string, size: number) {
    this.#implementation = implementation;
    for (let count = 0; count < size; count += 1) this.#add();
  }

  /** Hands a job to a process and starts another one in its place. */
  async take(job: Job): Promise<Process> {
    this.#add();
    const process = this.#warm.shift() as Process;
    process.job = job;
    await process.until("warm", (lines) => lines.includes("warm"));
    process.send(JSON.stringify(job));
    return process;
  }

  #add(): void {
    const process = new Process(this.#implementation, this.#codeCache);
    this.#warm.push(process);
    this.#all.add(process);
    void process.ended.then(() => this.#all.delete(process));
  }

  /** Ends all processes that still run. */
  async close(): Promise<void> {
    const left = [...this.#all];
    for (const process of left) process.kill();
    await Promise.all(left.map((process) => process.ended));
    rmSync(this.#codeCache, { recursive: true, force: true });
  }
}
