/**
 * The page's own worker: started, spoken to, and known to be gone when it is.
 *
 * @module
 */
import { pause } from "../async-write.ts";
import { RealmError } from "../errors.ts";
import { errorOf } from "./failures.ts";
import { holdLock, namesOf } from "./host.ts";
import type { Channel, Host, LockHandle } from "./host.ts";
import type { FromWorker, StartMessage, ToWorker } from "./messages.ts";

/** A dedicated worker, as far as it is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: "error" | "messageerror", listener: (event: { readonly message?: string }) => void): void;
  terminate(): unknown;
}

/** The key of the database, or what gives it: a function is asked again if the worker has to be started again. */
export type PageKey = ArrayBuffer | ArrayBufferView | (() => ArrayBuffer | ArrayBufferView | Promise<ArrayBuffer | ArrayBufferView>);

/** What a page's worker is made of. */
export interface PageWorkerOptions {
  readonly host: Host;
  readonly worker: WorkerLike;
  /** Its name among all. */
  readonly id: string;
  readonly path: string | undefined;
  /** How long it may take to say its first word, in ms. */
  readonly startMs: number;
  /** Handed over. */
  readonly key: Uint8Array | undefined;
  onMessage(message: FromWorker): void;
  /** Told once when the worker has failed to start, or is gone. */
  onGone(error: RealmError): void;
}

/** One worker, from its start to its end. */
export class PageWorker {
  readonly #options: PageWorkerOptions;
  readonly #port: Channel;
  #life: LockHandle | undefined;
  #isEnded = false;
  #isThere = false;
  readonly #startClock: ReturnType<typeof setTimeout>;
  /** Resolved when the worker has put everything in order. */
  readonly #closed: Promise<void>;
  #onClosed: () => void = () => undefined;

  constructor(options: PageWorkerOptions) {
    this.#options = options;
    this.#closed = new Promise((resolve) => (this.#onClosed = resolve));
    const [here, there] = options.host.pair();
    this.#port = here;
    here.listen((message) => this.#hear(message as FromWorker));
    options.worker.addEventListener("error", (event) => this.#gone(event.message));
    options.worker.addEventListener("messageerror", () => this.#gone("it could not read the first message"));
    const message: StartMessage = { holdfast: "start", port: there, worker: options.id, ...(options.path === undefined ? {} : { path: options.path }), ...(options.key === undefined ? {} : { key: options.key }) };
    // A worker that is ended before its first word leaves no trace.
    this.#startClock = setTimeout(() => this.#isThere || this.#gone(`it has not said a word within ${options.startMs} ms: does its module call serve()?`), options.startMs);
    options.worker.postMessage(message, [there as ArrayBuffer, ...(options.key === undefined ? [] : [options.key.buffer as ArrayBuffer])]);
  }

  say(message: ToWorker): void {
    this.#port.send(message);
  }

  /** Lets the worker put everything in order. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.say({ kind: "close" });
    if (this.#isThere) await Promise.race([this.#closed, pause(this.#options.startMs)]);
    this.end();
  }

  /** Forgets the worker. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#startClock);
    this.#life?.release();
    this.#port.close();
    this.#onClosed();
  }

  #hear(message: FromWorker): void {
    if (message.kind === "closed") return this.#onClosed();
    if (message.kind === "hello") this.#watch(message);
    this.#options.onMessage(message);
  }

  #watch({ path }: Extract<FromWorker, { kind: "hello" }>): void {
    const { host: { locks }, id } = this.#options;
    this.#isThere = true;
    clearTimeout(this.#startClock);
    // The worker holds this lock as long as it lives.
    if (locks !== undefined) this.#life = holdLock(locks, namesOf(path).worker(id), () => this.#gone(undefined));
  }

  #gone(reason: string | undefined): void {
    if (this.#isEnded) return;
    this.end();
    this.#options.onGone(new RealmError("WORKER_GONE", reason === undefined ? "The worker of this page has ended." : `The worker of this page failed: ${reason}`));
  }
}

/** Takes a key over: the caller's bytes are zeros afterwards. */
export async function takeKey(key: PageKey | undefined): Promise<Uint8Array | undefined> {
  if (key === undefined) return undefined;
  const given = typeof key === "function" ? await key() : key;
  const bytes = given instanceof ArrayBuffer ? new Uint8Array(given) : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length !== KEY_BYTES) throw Object.assign(new RangeError(`Encryption key must be 64 bytes. Got ${bytes.length}.`), { code: "KEY_INVALID" });
  const own = Uint8Array.from(bytes);
  bytes.fill(0);
  return own;
}

const KEY_BYTES = 64;

/** Puts a worker's failure together again. */
export function failedWith(message: Extract<FromWorker, { failure: unknown }>): Error {
  return errorOf(message.failure);
}
