/**
 * The processes of a run: asked, stopped, continued, killed, started again.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Event, Request } from "./messages.ts";

/** What a process is. */
export type ProcessKind = "client" | "server";

/** A process. */
export class Process {
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
  /** Called with what it says by itself. */
  onEvent: (event: Event) => void = () => undefined;
  /** Called when it ends without having been killed. */
  onDeath: (complaints: string) => void = () => undefined;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #ready: Promise<void>;
  #number = 0;
  #complaints = "";
  #isKilled = false;
  #isEnded = false;

  constructor(kind: ProcessKind, codeCache: string) {
    const entry = fileURLToPath(new URL(`./${kind}-child.ts`, import.meta.url));
    this.#child = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", entry], { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, NODE_COMPILE_CACHE: codeCache } });
    this.#child.stdin.on("error", () => undefined);
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#complaints = `${this.#complaints}${text}`.slice(-4000)));
    let isReady: () => void = () => undefined;
    this.#ready = new Promise((resolve) => (isReady = resolve));
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as Event;
      if (event.say === "ready") isReady();
      else if (event.say === "reply") this.#replied(event);
      else this.onEvent(event);
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("close", () => {
        this.#isEnded = true;
        isReady();
        for (const { reject } of this.#waiting.values()) reject(new Error(`the process ended: ${this.#complaints}`));
        this.#waiting.clear();
        if (!this.#isKilled) this.onDeath(this.#complaints);
        resolve();
      });
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @throws what the process throws, or when it ends before it answers. */
  async ask<Value = void>(request: Request): Promise<Value> {
    await this.#ready;
    if (this.#isEnded) throw new Error(`the process has ended: ${this.#complaints}`);
    const number = ++this.#number;
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.stdin.write(`${JSON.stringify({ number, request })}\n`);
    });
  }

  /** SIGSTOP. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  /** SIGCONT. */
  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #replied({ number, value, failure }: Extract<Event, { say: "reply" }>): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failure === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(failure));
  }
}

/** Processes that have nothing to do at the moment are kept for the next one who needs some: loading takes longer than a run's faults. */
export class ProcessPool {
  readonly #codeCache: string;
  readonly #free: Record<ProcessKind, Process[]> = { client: [], server: [] };
  readonly #all = new Set<Process>();

  constructor(codeCache: string) {
    this.#codeCache = codeCache;
  }

  /** A process that waits for requests. */
  take(kind: ProcessKind): Process {
    const free = this.#free[kind].pop();
    if (free !== undefined) return free;
    const fresh = new Process(kind, this.#codeCache);
    this.#all.add(fresh);
    void fresh.ended.then(() => this.#all.delete(fresh));
    return fresh;
  }

  /** Begins to load processes, so that they are there when they are needed. */
  prepare(kind: ProcessKind, count: number): void {
    const taken = Array.from({ length: Math.max(0, count - this.#free[kind].length) }, () => new Process(kind, this.#codeCache));
    for (const each of taken) {
      this.#all.add(each);
      void each.ended.then(() => this.#all.delete(each));
    }
    this.#free[kind].unshift(...taken);
  }

  /** Gives a process back that has ended what it was asked to do. */
  giveBack(kind: ProcessKind, process: Process): void {
    process.onEvent = () => undefined;
    process.onDeath = () => undefined;
    if (!process.isEnded) this.#free[kind].push(process);
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((each) => each.kill()));
  }
}
