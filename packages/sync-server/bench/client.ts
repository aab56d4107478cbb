/**
 * A client of the load generator: it shares the cores with what is measured, so it builds frames as text and reads no more than it must.
 *
 * @module
 */
import WebSocket from "ws";
import type { ServerMessage } from "@holdfast/sync-protocol";
import { TASKS } from "../test/support/operations.ts";
import type { Processes } from "./processes.ts";

/** Makes stamps: docs/format/sync-wire.md, section 2. */
export class Stamps {
  readonly #replica: string;
  #ms = 0;
  #msText = "";
  #counter = 0;

  constructor(replica: string) {
    this.#replica = replica;
  }

  next(): string {
    const now = Date.now();
    if (now > this.#ms) {
      this.#ms = now;
      this.#msText = now.toString(16).padStart(12, "0");
      this.#counter = 0;
    } else this.#counter++;
    return `${this.#msText}${this.#counter.toString(16).padStart(4, "0")}${this.#replica}`;
  }
}

/** A connection. */
export class Client {
  readonly socket: WebSocket;
  readonly latencies: number[] = [];
  stamps: Stamps = new Stamps("");
  cseq = 0;
  acked = 0;
  onMessage: ((message: ServerMessage, text: string) => void) | undefined;
  onAck: (() => void) | undefined;
  readonly #sentAt = new Map<number, number>();

  private constructor({ url, cert }: Processes) {
    this.socket = new WebSocket(url, { ca: cert, perMessageDeflate: false });
  }

  static connect(processes: Processes, user: string): Promise<Client> {
    const client = new Client(processes);
    return new Promise((resolve, reject) => {
      client.socket.once("error", reject);
      client.socket.once("open", () => client.socket.send(JSON.stringify({ msg: "hello", protocol: [1, 1], schema: TASKS, token: `test:${user}` })));
      client.socket.on("message", (data) => {
        const text = String(data);
        const message = JSON.parse(text) as ServerMessage;
        if (message.msg === "error") throw new Error(`${message.code}: ${message.message}`);
        if (message.msg === "welcome") {
          client.stamps = new Stamps(message.client);
          resolve(client);
        } else if (message.msg === "ack") {
          if (message.rejects !== undefined) throw new Error(JSON.stringify(message.rejects[0]));
          client.#acknowledged(message.cseq);
        }
        client.onMessage?.(message, text);
      });
    });
  }

  /** Subscribes to the class with a query; resolves once everything is there, with the number of rows and bytes. */
  subscribe(query: string): Promise<{ readonly rows: number; readonly bytes: number }> {
    let rows = 0;
    let bytes = 0;
    return new Promise((resolve) => {
      this.onMessage = (message, text) => {
        if (message.msg !== "boot") return;
        rows += message.rows.length;
        bytes += text.length;
        if (!message.last) return;
        this.onMessage = undefined;
        resolve({ rows, bytes });
      };
      this.socket.send(JSON.stringify({ msg: "sub", version: 1, queries: [{ type: "Task", query }] }));
    });
  }

  /** Uploads one transaction of operations that are JSON already. */
  up(operations: readonly string[]): void {
    const cseq = ++this.cseq;
    this.#sentAt.set(cseq, performance.now());
    this.socket.send(`{"msg":"up","txs":[{"cseq":${String(cseq)},"ops":[${operations.join(",")}]}]}`);
  }

  /** One operation. */
  operation(pk: string, path: string, action: string): string {
    return this.stamped(this.stamps.next(), pk, path, action);
  }

  /** One operation with a stamp that was made before. */
  stamped(stamp: string, pk: string, path: string, action: string): string {
    return `{"type":"Task","pk":"${pk}","h":"${stamp}","path":[${path === "" ? "" : `"${path}"`}],"do":${action}}`;
  }

  /** The operations that make an object. */
  create(pk: string, fields: Readonly<Record<string, string>>): string[] {
    return [this.operation(pk, "", '{"act":"create"}'), ...Object.entries(fields).map(([name, value]) => this.operation(pk, name, `{"act":"set","value":${JSON.stringify(value)}}`))];
  }

  #acknowledged(cseq: number): void {
    const now = performance.now();
    for (; this.acked < cseq; ) {
      this.acked++;
      this.latencies.push(now - (this.#sentAt.get(this.acked) ?? now));
      this.#sentAt.delete(this.acked);
    }
    this.onAck?.();
  }
}

/** Connects many, some at a time. */
export async function connectAll(processes: Processes, users: readonly string[]): Promise<readonly Client[]> {
  const clients: Client[] = [];
  while (clients.length < users.length) clients.push(...(await Promise.all(users.slice(clients.length, clients.length + 50).map((user) => Client.connect(processes, user)))));
  return clients;
}

/** Waits, looking every few milliseconds. */
export async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A value that a part of the numbers is below. */
export function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
