/**
 * Hints by LISTEN and NOTIFY, one notification per interval at most. The database itself is the bus, and has one channel.
 *
 * NOTIFY holds a lock of the whole cluster while its transaction commits; one for each commit would make all of them wait for each other.
 * A server's own hints come back to it and say who sent them: it knows what it has written.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { HintBus, HintChannel } from "../../hints/hint-bus.ts";
import { LISTEN_SQL, NOTIFY_SQL } from "./postgres-only.ts";

const INTERVAL_MS = 10;
const RECONNECT_MS = 500;

/** Hints of the database that a pool reaches. */
export function notifyHints(connection: pg.ClientConfig, pool: pg.Pool): HintBus {
  return {
    async open(_channel, listener) {
      const channel = new NotifyChannel(connection, pool, listener);
      await channel.listen();
      return channel;
    },
  };
}

class NotifyChannel implements HintChannel {
  readonly #listener: () => void;
  readonly #connection: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #sender = randomBytes(8).toString("hex");
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(connection: pg.ClientConfig, pool: pg.Pool, listener: () => void) {
    this.#connection = connection;
    this.#pool = pool;
    this.#listener = listener;
  }

  /** Tries again for as long as it takes if that does not work. */
  async listen(): Promise<void> {
    const client = new pg.Client({ ...this.#connection, connectionTimeoutMillis: 10_000, application_name: "holdfast-sync hints", keepAlive: true });
    const again = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end().catch(() => undefined);
      if (!this.#isStopped) this.#retry = setTimeout(() => void this.listen(), RECONNECT_MS);
    };
    this.#client = client;
    client.on("error", again);
    client.on("end", again);
    client.on("notification", ({ payload }) => {
      if (payload !== this.#sender) this.#listener();
    });
    try {
      await client.connect();
      await client.query(LISTEN_SQL);
      this.#listener();
    } catch {
      again();
    }
  }

  /** Together with whatever else is to be told within the interval. */
  send(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pool.query(`${NOTIFY_SQL}, '${this.#sender}'`).catch(() => undefined);
    }, INTERVAL_MS);
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}
