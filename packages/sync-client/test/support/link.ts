/**
 * A transport to a server in the same process, with faults on demand.
 *
 * @module
 */
import type { Transport, TransportConnection, TransportHandlers } from "../../src/index.ts";

/** The server's end. */
export interface Acceptor {
  accept(send: (text: string) => void, close: () => void): { receive(text: string): void; closed(): void };
}

/** What goes wrong. */
export interface LinkFaults {
  /** Random numbers of a seed, 0 to 1. */
  readonly random: () => number;
  /** How likely each message is the last one of its connection. */
  cut: number;
}

/** A network between clients and one server. */
export class Link implements Transport {
  readonly #server: Acceptor;
  readonly #faults: LinkFaults | undefined;
  isUp = true;
  /** Every text that went over it, for tests that look for what must not be there. */
  readonly seen: string[] = [];
  readonly #open = new Set<() => void>();
  connections = 0;

  constructor(server: Acceptor, faults?: LinkFaults) {
    this.#server = server;
    this.#faults = faults;
  }

  /** Cuts all connections; new ones fail until `up`. */
  down(): void {
    this.isUp = false;
    for (const close of [...this.#open]) close();
  }
  up(): void {
    this.isUp = true;
  }

  connect(_url: string, handlers: TransportHandlers): TransportConnection {
    if (!this.isUp) {
      setImmediate(() => handlers.onClose("unreachable"));
      return { send: () => undefined, close: () => undefined };
    }
    this.connections++;
    const faults = this.#faults;
    let isOpen = true;
    let isSealed = false;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#open.delete(close);
      // Half of the time the server does not notice: a zombie, whose messages that are under way still arrive.
      if (faults === undefined || faults.random() < 0.5) setImmediate(() => session.closed());
      handlers.onClose("cut");
    };
    this.#open.add(close);
    const toClient = (text: string): void => {
      setImmediate(() => {
        if (!isOpen) return;
        if (faults !== undefined && faults.random() < faults.cut) {
          close();
          return;
        }
        this.seen.push(text);
        handlers.onMessage(text);
      });
    };
    const session = this.#server.accept(toClient, () => void setImmediate(close));
    setImmediate(() => isOpen && handlers.onOpen());
    return {
      send: (text) => {
        if (!isOpen || isSealed) return;
        const isLast = faults !== undefined && faults.random() < faults.cut;
        const arrives = !isLast || (faults as LinkFaults).random() < 0.5;
        if (arrives) setImmediate(() => session.receive(text));
        // Nothing passes what was lost before it.
        isSealed = isLast;
        if (isLast) setImmediate(close);
      },
      close: () => {
        isOpen = false;
        this.#open.delete(close);
        setImmediate(() => session.closed());
      },
    };
  }
}
