/**
 * The main process as the test sees it.
 *
 * @module
 */
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { FromMain, ToMain } from "./electron-stub.ts";

type Load = Extract<FromMain, { kind: "load" }>;
interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What it is started with. */
export interface MainOptions {
  /** Its entry. */
  readonly entry: string;
  readonly userData: string;
  /** Stands for the system's keyring. */
  readonly keyring: string;
}

/** One process. */
export class MainProcess {
  readonly exited: Promise<number | null>;
  /** The first page that a window loads. */
  readonly loaded: Promise<Load>;
  onSend: (channel: string, values: readonly unknown[]) => void = () => undefined;
  complaints = "";
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  constructor({ entry, userData, keyring }: MainOptions) {
    const child = fork(join(import.meta.dirname, "start-main.ts"), [entry], {
      serialization: "advanced",
      // The application finds its compiled packages, not this workspace's sources.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: "", STUB_USER_DATA: userData, STUB_KEYRING: keyring },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.complaints += text));
    this.exited = new Promise((resolve) => void child.on("close", resolve));
    this.loaded = new Promise((resolve, reject) => {
      child.on("message", (message: FromMain) => (message.kind === "load" ? resolve(message) : this.#hear(message)));
      void this.exited.then((code) => reject(new Error(`the main process ended with ${code}: ${this.complaints.slice(0, 1500)}`)));
    });
    // A test may wait for the end only.
    this.loaded.catch(() => undefined);
  }

  /** As `ipcRenderer.invoke`. */
  invoke(channel: string, ...values: unknown[]): Promise<unknown> {
    return this.#ask((id) => ({ kind: "invoke", id, channel, values }));
  }

  /** As a page asks for a URL of the application's scheme. */
  request(url: string): Promise<{ status: number; type: string; body: Uint8Array }> {
    return this.#ask((id) => ({ kind: "request", id, url })) as Promise<{ status: number; type: string; body: Uint8Array }>;
  }

  async quit(): Promise<number | null> {
    if (this.#child.connected) this.#child.send({ kind: "quit" } satisfies ToMain);
    return this.exited;
  }

  #ask(make: (id: number) => ToMain): Promise<unknown> {
    const id = (this.#count += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send(make(id));
    });
  }

  #hear(message: Exclude<FromMain, Load>): void {
    if (message.kind === "send") return this.onSend(message.channel, message.values);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.message));
  }
}
