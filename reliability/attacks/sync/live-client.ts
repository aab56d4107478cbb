/**
 * One connection that speaks the wire as it likes, and tells of everything that comes.
 *
 * @module
 */
import { applyOperations, completed, HybridClock, laterOf, materialise, NEVER, newestStamp, restamped, withSeen } from "@holdfast/sync-protocol";
import type { AckMessage, ObjectState, Operation, PlainObject, ServerMessage, Stamp, WireKey } from "@holdfast/sync-protocol";
import { SCHEMA } from "./scene.ts";

/** What a connection needs. */
export interface LiveOptions {
  readonly url: string;
  /** Called with every frame, before anything is made of it. */
  readonly onText: (text: string) => void;
}

/** A connection. */
export class LiveClient {
  readonly #socket: WebSocket;
  readonly #onText: (text: string) => void;
  readonly #waiting = new Set<() => void>();
  readonly #marks = new Set<number>();
  #nextMark = 1_000_000;
  isClosed = false;
  client = "";
  epoch = "";
  /** The newest own transaction that was sent, and that was acknowledged. */
  cseq = 0;
  acked = 0;
  resume: string | undefined;
  /** What went wrong, by code. */
  readonly errors: string[] = [];
  onMessage: (message: ServerMessage) => void = () => undefined;

  private constructor({ url, onText }: LiveOptions) {
    this.#onText = onText;
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("open", () => this.#wake());
    this.#socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    this.#socket.addEventListener("close", () => {
      this.isClosed = true;
      this.#wake();
    });
    this.#socket.addEventListener("error", () => undefined);
  }

  /** Connects without a word. */
  static async open(options: LiveOptions): Promise<LiveClient> {
    const client = new LiveClient(options);
    await client.until(() => client.#socket.readyState !== WebSocket.CONNECTING);
    return client;
  }

  /** How much waits to be sent. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: object | string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** True once something is so; false if the connection ends before. */
  async until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (this.isClosed) return false;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return true;
  }

  /** Says hello with a token and waits for the answer. */
  async hello(token: string, previous: object = {}): Promise<boolean> {
    this.send({ msg: "hello", protocol: [1, 1], schema: SCHEMA, token, ...previous });
    return this.until(() => this.client !== "");
  }

  /** Waits until the server has worked through all that was sent. */
  async settle(): Promise<boolean> {
    const id = this.#nextMark++;
    this.send({ msg: "mark", id });
    return this.until(() => this.#marks.has(id));
  }

  close(): void {
    this.#socket.close();
    this.isClosed = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
    this.#waiting.clear();
  }

  #take(text: string): void {
    this.#onText(text);
    const message = JSON.parse(text) as ServerMessage;
    if (message.msg === "welcome") {
      this.client = message.client;
      this.epoch = message.epoch;
      this.cseq = message.lastCseq;
      this.acked = message.lastCseq;
    } else if (message.msg === "ack") this.acked = Math.max(this.acked, message.cseq);
    else if (message.msg === "mark") this.#marks.add(message.id);
    else if (message.msg === "error") this.errors.push(message.code);
    if ("resume" in message && message.resume !== undefined) this.resume = message.resume;
    this.onMessage(message);
    this.#wake();
  }
}

/** An honest user: keeps what the server says, and writes what the rules allow. */
export class HonestClient {
  readonly live: LiveClient;
  readonly clock: HybridClock;
  readonly #states = new Map<string, ObjectState>();
  /** Written and not acknowledged, by number; and what the server has. */
  readonly #sent = new Map<number, readonly Operation[]>();
  readonly #own = new Map<string, Operation[]>();
  #staged = new Map<string, ObjectState>();
  #newest: Stamp = NEVER;
  /** Codes of refusals that an honest user does not have to expect. */
  readonly refusals: string[] = [];

  private constructor(live: LiveClient) {
    this.live = live;
    this.clock = new HybridClock({ replica: live.client, now: Date.now });
    live.onMessage = (message) => this.#take(message);
  }

  /** Connects and subscribes to everything that the user may see. */
  static async connect(options: LiveOptions, token: string): Promise<HonestClient> {
    const live = await LiveClient.open(options);
    if (!(await live.hello(token))) throw new Error(`an honest user is not greeted: ${live.errors.join()}`);
    const client = new HonestClient(live);
    live.send({ msg: "sub", version: 1, queries: ["Task", "Own", "Closed"].map((type) => ({ type, query: "TRUEPREDICATE" })) });
    await live.settle();
    return client;
  }

  set(pk: WireKey, name: string, value: unknown, type = "Task"): Operation {
    return { type, pk, h: this.clock.tick(), path: [name], do: { act: "set", value } } as Operation;
  }

  create(pk: WireKey, fields: Readonly<Record<string, unknown>>, type = "Task"): Operation[] {
    return [{ type, pk, h: this.clock.tick(), path: [], do: { act: "create" } }, ...Object.entries(fields).map(([name, value]) => this.set(pk, name, value, type))];
  }

  in(pk: WireKey, name: string, box: string, action: object): Operation {
    return { type: "Task", pk, h: this.clock.tick(), path: [{ at: name, box }], do: action } as Operation;
  }

  /** Writes one transaction and waits until it is durable. */
  async up(...ops: readonly Operation[]): Promise<void> {
    const cseq = ++this.live.cseq;
    this.#sent.set(cseq, ops);
    this.live.send({ msg: "up", txs: [{ cseq, ops }], ...(this.#newest === NEVER ? {} : { newest: this.#newest }) });
    await this.live.until(() => this.live.acked >= cseq);
  }

  /** What an application would see. */
  shown(): Readonly<Record<string, PlainObject>> {
    const shown: Record<string, PlainObject> = {};
    for (const [name, state] of [...this.#states].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const plain = materialise(state);
      if (plain !== undefined) shown[name] = completed(plain, SCHEMA, name.slice(0, name.indexOf(" ")));
    }
    return shown;
  }

  #apply(name: string, operations: readonly Operation[]): void {
    this.#states.set(name, applyOperations(this.#states.get(name), operations));
  }

  #see(stamp: Stamp): void {
    this.#newest = laterOf(this.#newest, stamp);
    this.clock.observe(stamp);
  }

  #acknowledged({ cseq: last, stamps = [], rejects = [], seen = [] }: AckMessage): void {
    // Somebody else may have deleted an object meanwhile.
    this.refusals.push(...rejects.map(({ code }) => code).filter((code) => code !== "OBJECT_GONE"));
    const refused = new Set(rejects.map((reject) => `${String(reject.cseq)} ${nameOf(reject)}`));
    const deletes = new Map(seen.map((entry) => [nameOf(entry), entry.g]));
    const raised = new Map(stamps);
    for (const [cseq, ops] of this.#sent) {
      if (cseq > last) continue;
      this.#sent.delete(cseq);
      for (const operation of ops) {
        const name = nameOf(operation);
        if (refused.has(`${String(cseq)} ${name}`)) continue;
        const g = deletes.get(name);
        const taken = restamped(g === undefined ? operation : withSeen(operation, g), raised);
        this.#own.set(name, [...(this.#own.get(name) ?? []), taken]);
        this.#apply(name, [taken]);
      }
    }
  }

  #take(message: ServerMessage): void {
    if (message.msg === "ack") this.#acknowledged(message);
    if (message.msg === "boot") {
      if (message.page === 0) this.#staged = new Map();
      for (const { type, pk, state } of message.rows) {
        this.#see(newestStamp(state));
        this.#staged.set(nameOf({ type, pk }), state);
      }
      if (!message.last) return;
      this.#states.clear();
      for (const [name, state] of this.#staged) this.#states.set(name, state);
    }
    if (message.msg !== "down") return;
    for (const operation of message.txs.flatMap(({ ops }) => ops)) {
      this.#see(operation.h);
      this.#apply(nameOf(operation), [operation]);
    }
    for (const { type, pk, state } of message.rows ?? []) {
      this.#see(newestStamp(state));
      const name = nameOf({ type, pk });
      // The row may be older than what was written here meanwhile.
      this.#states.set(name, applyOperations(state, this.#own.get(name) ?? []));
    }
    for (const name of message.out ?? []) this.#states.delete(nameOf(name));
  }
}

function nameOf({ type, pk }: { readonly type: string; readonly pk: WireKey }): string {
  return `${type} ${JSON.stringify(pk)}`;
}
