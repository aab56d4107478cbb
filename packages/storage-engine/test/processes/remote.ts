/**
 * Stores in other processes, for tests: each call is a line to the process, each answer a line back.
 *
 * @module
 */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";

const CHILD = join(import.meta.dirname, "remote-child.ts");

/** A failed call, as the other process saw it. */
export class RemoteError extends Error {
  readonly remoteName: string;
  readonly code: string | undefined;
  constructor(error: { name: string; message: string; code?: string }) {
    super(error.message);
    this.remoteName = error.name;
    this.code = error.code;
  }
}

/** How a process is started. */
export interface RemoteOptions extends SpawnOptions {
  /** A command that runs the rest of its arguments: `["strace", "-f"]`. */
  readonly wrapper?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** One process with at most one store. */
export class RemoteStore {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #answers: ((line: string | undefined) => void)[] = [];
  #errors = "";

  constructor({ wrapper = [], nodeFlags = [], ...options }: RemoteOptions = {}) {
    const [program = "", ...rest] = [...wrapper, process.execPath, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", ...nodeFlags, CHILD];
    this.process = spawn(program, rest, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    this.process.stdin?.on("error", () => undefined);
    this.process.stderr?.on("data", (chunk: Uint8Array) => (this.#errors += new TextDecoder().decode(chunk)));
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on("line", (line) => this.#answers.shift()?.(line));
    this.ended = new Promise((resolve) => {
      this.process.on("close", (code) => {
        for (const settle of this.#answers.splice(0)) settle(undefined);
        resolve(code);
      });
    });
  }

  /** Has the process do something. @throws {RemoteError} what it threw there. */
  async call(call: string, values: Record<string, unknown> = {}): Promise<unknown> {
    const line = await new Promise<string | undefined>((resolve) => {
      this.#answers.push(resolve);
      this.process.stdin?.write(`${JSON.stringify({ call, ...values })}\n`);
    });
    if (line === undefined) throw new Error(`the process ended during "${call}": ${this.#errors.slice(0, 600)}`);
    const { result, error } = JSON.parse(line) as { result?: unknown; error?: { name: string; message: string; code?: string } };
    if (error !== undefined) throw new RemoteError(error);
    return result;
  }

  /** The class and code of the error that a call ends with; "done" if it does not. */
  async outcome(call: string, values: Record<string, unknown> = {}): Promise<string> {
    try {
      await this.call(call, values);
      return "done";
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return `${error.remoteName} ${error.code}`;
    }
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
  }
}
