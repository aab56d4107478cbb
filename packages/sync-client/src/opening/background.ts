/**
 * A session whose realm was closed: goes on until the server has what was written, or for as long as the process lives.
 *
 * It keeps no process alive by itself: a connection does while it is being made or in use, and nothing between two attempts. Whoever
 * wants the file (another opening, `Realm.deleteFile`, `Realm.rekey`, `Realm.shutdown`) ends it; what is not uploaded stays in the file.
 *
 * @module
 */
import type { SyncedFile } from "../replica/synced-file.ts";
import type { Connection } from "../session/connection.ts";
import { later } from "../session/timers.ts";

/** What goes on, and until when. */
export interface BackgroundOptions {
  readonly file: SyncedFile;
  readonly connection: Pick<Connection, "isRunning">;
  /** Not only until everything is uploaded. */
  readonly isEndless: boolean;
  /** How long the server may acknowledge nothing. */
  readonly limitMs: number;
  /** Closes the file, by way of `over`. */
  readonly close: () => void;
}

/** The rest of one session. */
export class Background {
  readonly #options: BackgroundOptions;
  /** The place of the newest transaction as it was closed. */
  readonly #newest: number;
  #left: number;
  #isOver = false;
  #stopLimit: () => void = () => undefined;
  #stopLook: (() => void) | undefined;

  constructor(options: BackgroundOptions) {
    this.#options = options;
    this.#newest = options.file.outboxPlaces?.last ?? 0;
    this.#left = this.#count();
  }

  /** True if there is nothing to go on for. */
  get isDone(): boolean {
    const { file, isEndless } = this.#options;
    return !isEndless && this.#count() === 0 && !file.hasRejected;
  }

  /** Begins to wait for the server. */
  begin(): void {
    this.#watch();
  }

  /** The file has another commit. Looked at later: whoever made it is not through with the file. */
  advanced(): void {
    if (!this.#isOver) this.#stopLook ??= later(() => this.#look(), 0, { keepsAlive: true });
  }

  /** The connection has ended and does not go on by itself: neither does this. */
  stopped(): void {
    this.advanced();
  }

  /** Closes the file. */
  end(): void {
    if (!this.#isOver) this.#options.close();
  }

  /** The file is being closed. */
  over(): void {
    this.#isOver = true;
    this.#stopLimit();
    this.#stopLook?.();
  }

  #look(): void {
    this.#stopLook = undefined;
    if (this.#isOver) return;
    if (this.isDone || !this.#options.connection.isRunning) {
      this.end();
      return;
    }
    const left = this.#count();
    if (left === this.#left) return;
    this.#left = left;
    this.#watch();
  }

  #watch(): void {
    const { isEndless, limitMs } = this.#options;
    this.#stopLimit();
    if (!isEndless && Number.isFinite(limitMs)) this.#stopLimit = later(() => this.end(), limitMs);
  }

  /** How many of the transactions from before the closing the server does not have. */
  #count(): number {
    return this.#options.file.outboxCountUpTo(this.#newest);
  }
}
