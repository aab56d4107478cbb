/**
 * The parent's side of a host process: start it, give it tasks, end it.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { HostAnswer, HostRequest } from "./host.ts";
import type { Sample } from "./measure.ts";
import type { Task } from "./tasks.ts";

const HOST = fileURLToPath(new URL("./host.ts", import.meta.url));
const ARGUMENTS = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "--expose-gc"];
const TASK_LIMIT_MS = 300_000;

/** One running host. It owns a child process: `close` it. */
export class HostProcess {
  readonly #child: ChildProcess;
  #errorText = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-4000);
    });
  }

  /** Starts a host and waits until its library is loaded. @throws {Error} It could not be loaded. */
  static async start(contenderId: string): Promise<HostProcess> {
    const child = fork(HOST, [contenderId], { execArgv: ARGUMENTS, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const host = new HostProcess(child);
    await host.#nextAnswer();
    return host;
  }

  /** Does one task; one at a time. @throws {Error} The answer was wrong, the database failed or the process ended. */
  async run(task: Task): Promise<Sample> {
    const answer = this.#nextAnswer();
    this.#send({ task });
    const received = await answer;
    if (!("sample" in received)) throw new Error("the host answered out of turn");
    return received.sample;
  }

  /** Ends a `readUntilStopped`. */
  stop(): void {
    this.#send({ stop: true });
  }

  /** Ends the process and waits for its end. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  #send(request: HostRequest): void {
    if (this.#child.connected) this.#child.send(request);
  }

  #nextAnswer(): Promise<HostAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#child.off("message", onMessage).off("exit", onExit);
        finish();
      };
      const onMessage = (answer: HostAnswer): void =>
        settle(() => ("failure" in answer ? reject(new Error(answer.failure)) : resolve(answer)));
      const onExit = (): void => settle(() => reject(new Error(`the process ended: ${this.#lastErrorLine()}`)));
      const timer = setTimeout(() => settle(() => reject(new Error("no answer in time"))), TASK_LIMIT_MS);
      this.#child.on("message", onMessage).on("exit", onExit);
    });
  }

  #lastErrorLine(): string {
    const lines = this.#errorText.split("\n").filter((line) => /error|abort|fatal/i.test(line));
    return (lines[0] ?? "no message").trim();
  }
}
