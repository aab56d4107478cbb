/**
 * A hybrid logical clock: the time of day where that moves on, a counter where it does not.
 *
 * Pure: the time of day is handed in. Two promises hold whatever that clock does: a stamp is later than every stamp that this clock made or
 * was shown, and its milliseconds are at least the (corrected) time of day.
 *
 * @module
 */
import { ProtocolError } from "./protocol-error.ts";
import { isReplica, laterOf, NEVER, partsOf, stampOf, type Stamp } from "./stamp.ts";

/** What a clock needs. */
export interface HybridClockOptions {
  /** 16 hexadecimal digits, drawn at random once per replica. */
  readonly replica: string;
  /** The time of day in milliseconds since 1970, however wrong it may be. */
  readonly now: () => number;
  /** The newest stamp known from earlier lives of this clock. Without it a clock that was set back would repeat itself. */
  readonly last?: Stamp;
}

/** Makes stamps; never the same one twice, never an earlier one than it has seen. */
export class HybridClock {
  readonly replica: string;
  #last: Stamp;
  #offsetMs = 0;
  readonly #now: () => number;

  constructor(options: HybridClockOptions) {
    if (!isReplica(options.replica)) throw new ProtocolError("STAMP_INVALID", "expected a replica of 16 hexadecimal digits");
    this.replica = options.replica;
    this.#now = options.now;
    this.#last = options.last ?? NEVER;
  }

  /** The newest stamp that this clock made or was shown; keep it with the data. */
  get last(): Stamp {
    return this.#last;
  }

  /** The time of day with the offset, in whole milliseconds. */
  nowMs(): number {
    return Math.max(0, Math.floor(this.#now() + this.#offsetMs));
  }

  /** Makes the next stamp. */
  tick(): Stamp {
    const ms = this.nowMs();
    const { ms: lastMs, counter } = this.#last === NEVER ? { ms: -1, counter: 0 } : partsOf(this.#last);
    const next = ms > lastMs ? { ms, counter: 0 } : counter < 0xffff ? { ms: lastMs, counter: counter + 1 } : { ms: lastMs + 1, counter: 0 };
    this.#last = stampOf({ ...next, replica: this.replica });
    return this.#last;
  }

  /** Takes note of a stamp made elsewhere: the next one made here is later. */
  observe(stamp: Stamp): void {
    this.#last = laterOf(this.#last, stamp);
  }

  /** Corrects the time of day by what the server's clock is ahead of it (negative: behind). Stamps still never go back. */
  setOffset(serverMinusLocalMs: number): void {
    this.#offsetMs = serverMinusLocalMs;
  }

  /**
   * Goes back to `stamp`, the newest that is really in use. For one occasion alone: this clock was far ahead, the server has given
   * canonical stamps to all that it made then, and nothing with one of the old stamps is left here.
   */
  rewind(stamp: Stamp): void {
    this.#last = stamp;
  }
}
