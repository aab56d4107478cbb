/**
 * Hints between servers: LISTEN and NOTIFY, one notification per interval at most.
 *
 * NOTIFY holds a lock of the whole cluster while its transaction commits; one for each commit would make all of them wait for each other.
 * A hint that gets lost costs time only: every server looks by itself as well, only more rarely.
 *
 * @module
 */
import pg from "pg";

const CHANNEL = "holdfast_sync";
const INTERVAL_MS = 10;
const RECONNECT_MS = 500;

/** Sends and receives hints. */
export class PostgresHints {
  listener: (() => void) | undefined;
  readonly #connection: pg.ClientConfig;
  readonly #pool: pg.Pool;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(connection: pg.ClientConfig, pool: pg.Pool) {
    this.#connection = connection;
    this.#pool = pool;
  }

  /** Begins to listen; tries again for as long as it takes if that does not work. */
  async start(): Promise<void> {
    const client = new pg.Client({ ...this.#connection, connectionTimeoutMillis: 10_000, application_name: "holdfast-sync hints", keepAlive: true });
    const again = (): void => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end().catch(() => undefined);
      if (!this.#isStopped) this.#retry = setTimeout(() => void this.start(), RECONNECT_MS);
    };
    this.#client = client;
    client.on("error", again);
    client.on("end", again);
    client.on("notification", () => this.listener?.());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.listener?.();
    } catch {
      again();
    }
  }

  /** Tells the others, together with whatever else is to be told within the interval. */
  send(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pool.query(`NOTIFY ${CHANNEL}`).catch(() => undefined);
    }, INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}
