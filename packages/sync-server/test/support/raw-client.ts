/**
 * A client of the protocol without a database: sends messages, keeps what comes, and an object's states as they should be.
 *
 * @module
 */
import { once } from "node:events";
import WebSocket from "ws";
import { applyOperations, completed, laterOf, materialise, NEVER, newestStamp } from "@holdfast/sync-protocol";
import type { AckMessage, ClientMessage, ErrorMessage, MarkMessage, ObjectState, Operation, PlainObject, ServerMessage, Stamp, SyncSchema, WelcomeMessage, WireSubscription } from "@holdfast/sync-protocol";
import { objectName } from "../../src/store/store.ts";
import { Pen, TASKS } from "./operations.ts";

/** How a client introduces itself. */
export interface RawClientOptions {
  readonly url: string;
  readonly token: string;
  readonly ca?: string;
  readonly schema?: SyncSchema;
  /** From an earlier connection: goes on as that client. */
  readonly previous?: RawClient;
}

type Waiting = { readonly fits: (message: ServerMessage) => boolean; readonly take: (message: ServerMessage) => void; readonly fail: (error: Error) => void };

/** A connection, and what a device would have stored. */
export class RawClient {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  /** Objects in view, by name. */
  readonly states: Map<string, ObjectState>;
  readonly acks: AckMessage[] = [];
  readonly errors: ErrorMessage[] = [];
  pen!: Pen;
  client = "";
  epoch = "";
  cseq = 0;
  resume: string | undefined;
  /** The newest stamp of others that came. */
  newest: Stamp = NEVER;
  /** Called for every `down`, before it is applied. */
  onDown: (() => void) | undefined;
  readonly #options: RawClientOptions;
  readonly #waiting = new Set<Waiting>();
  #staged = new Map<string, ObjectState>();
  #marks = 0;

  private constructor(options: RawClientOptions) {
    this.#options = options;
    this.states = options.previous?.states ?? new Map();
    this.socket = new WebSocket(options.url, { perMessageDeflate: false, handshakeTimeout: 3000, ...(options.ca === undefined ? {} : { ca: options.ca }) });
    this.socket.on("message", (data) => this.#take(JSON.parse(String(data)) as ServerMessage));
    this.socket.on("close", () => {
      for (const waiter of this.#waiting) waiter.fail(new Error(`closed: ${this.errors.map(({ code }) => code).join()}`));
    });
    this.socket.on("error", () => undefined);
  }

  /** Connects without a word. */
  static async open(options: RawClientOptions): Promise<RawClient> {
    const client = new RawClient(options);
    await new Promise<void>((resolve, reject) => {
      client.socket.once("open", resolve);
      client.socket.once("error", reject);
    });
    return client;
  }

  /** Connects and says hello. */
  static async connect(options: RawClientOptions): Promise<RawClient> {
    const client = await RawClient.open(options);
    await client.hello();
    return client;
  }

  async hello(): Promise<WelcomeMessage> {
    const { previous, token, schema = TASKS } = this.#options;
    const welcome = this.wait((message): message is WelcomeMessage => message.msg === "welcome");
    this.send({ msg: "hello", protocol: [1, 1], schema, token, ...(previous === undefined ? {} : { client: previous.client, epoch: previous.epoch, acked: previous.acks.at(-1)?.cseq ?? 0 }) });
    const message = await welcome;
    this.client = message.client;
    this.epoch = message.epoch;
    this.cseq = message.lastCseq;
    this.pen = previous?.pen ?? new Pen(message.client);
    this.resume = previous?.resume;
    this.newest = previous?.newest ?? NEVER;
    return message;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Uploads one transaction; resolves with its ack. */
  async up(...ops: readonly Operation[]): Promise<AckMessage> {
    const cseq = this.sendUp(...ops);
    return this.acked(cseq);
  }

  /** Uploads without waiting. */
  sendUp(...ops: readonly Operation[]): number {
    const cseq = ++this.cseq;
    for (const operation of ops) {
      const name = objectName(operation.type, operation.pk);
      this.states.set(name, applyOperations(this.states.get(name), [operation]));
    }
    this.send({ msg: "up", txs: [{ cseq, ops }], ...(this.newest === NEVER ? {} : { newest: this.newest }) });
    return cseq;
  }

  acked(cseq: number): Promise<AckMessage> {
    const known = this.acks.find((ack) => ack.cseq >= cseq);
    return known === undefined ? this.wait((message): message is AckMessage => message.msg === "ack" && message.cseq >= cseq) : Promise.resolve(known);
  }

  /** Subscribes and waits until everything is there. */
  async subscribe(queries: readonly WireSubscription[], options: { readonly version?: number; readonly resume?: string | undefined } = {}): Promise<void> {
    this.send({ msg: "sub", version: options.version ?? 1, queries, ...(options.resume === undefined ? {} : { resume: options.resume }) });
    await this.settle();
  }

  /** Waits for all that had happened before. */
  async settle(): Promise<void> {
    const id = ++this.#marks;
    const echo = this.wait((message): message is MarkMessage => message.msg === "mark" && message.id === id);
    this.send({ msg: "mark", id });
    await echo;
  }

  wait<Message extends ServerMessage>(fits: (message: ServerMessage) => message is Message): Promise<Message> {
    if (this.socket.readyState === WebSocket.CLOSED) return Promise.reject(new Error("closed before"));
    return new Promise((take, fail) => this.#waiting.add({ fits, take: take as (message: ServerMessage) => void, fail }));
  }

  error(): Promise<ErrorMessage> {
    const [known] = this.errors;
    return known === undefined ? this.wait((message): message is ErrorMessage => message.msg === "error") : Promise.resolve(known);
  }

  /** What an application would see, by key. */
  objects(type = "Task"): Record<string, PlainObject> {
    const found: Record<string, PlainObject> = {};
    for (const [name, state] of this.states) {
      const [itsType = "", key = ""] = name.split("\0");
      const plain = itsType === type ? materialise(state) : undefined;
      if (plain !== undefined) found[key.startsWith("{") ? key : String(JSON.parse(key))] = completed(plain, this.#options.schema ?? TASKS, type);
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const gone = once(this.socket, "close");
    this.socket.terminate();
    await gone;
  }

  #take(message: ServerMessage): void {
    this.received.push(message);
    if (message.msg === "ack") this.acks.push(message);
    if (message.msg === "error") this.errors.push(message);
    if (message.msg === "boot") {
      if (message.page === 0) this.#staged = new Map();
      for (const { type, pk, state } of message.rows) {
        this.newest = laterOf(this.newest, newestStamp(state));
        this.#staged.set(objectName(type, pk), state);
      }
      this.resume = message.resume;
      if (message.last) {
        this.states.clear();
        for (const [name, state] of this.#staged) this.states.set(name, state);
      }
    }
    if (message.msg === "progress" && message.resume !== undefined) this.resume = message.resume;
    if (message.msg === "down") {
      this.onDown?.();
      for (const { type, pk, state } of message.rows ?? []) this.states.set(objectName(type, pk), state);
      for (const operation of message.txs.flatMap(({ ops }) => ops)) {
        this.newest = laterOf(this.newest, operation.h);
        const name = objectName(operation.type, operation.pk);
        this.states.set(name, applyOperations(this.states.get(name), [operation]));
      }
      for (const { type, pk } of message.out ?? []) this.states.delete(objectName(type, pk));
      this.resume = message.resume;
    }
    for (const waiter of this.#waiting) {
      if (!waiter.fits(message)) continue;
      this.#waiting.delete(waiter);
      waiter.take(message);
    }
  }
}
