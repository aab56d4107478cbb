/**
 * Sends what is in the outbox, a few frames ahead of the acknowledgements.
 *
 * @module
 */
import { NEVER } from "@holdfast/sync-protocol";
import type { AckMessage, UpMessage } from "@holdfast/sync-protocol";
import type { Meta } from "../replica/records.ts";
import type { SyncedFile } from "../replica/synced-file.ts";

const LIMIT = { transactions: 200, bytes: 256 * 1024 };
/** Frames that may be under way before the first of them is acknowledged. */
const FRAMES_UNDER_WAY = 4;

/** Uploads one file. */
export class Uploader {
  readonly #file: SyncedFile;
  readonly #send: (message: UpMessage) => void;
  #sentUpTo = 0;
  /** The last transaction of each frame under way; undefined without a connection. */
  #frames: number[] | undefined;

  constructor(file: SyncedFile, send: (message: UpMessage) => void) {
    this.#file = file;
    this.#send = send;
  }

  /** A connection has begun; `lastCseq`: what the server has. */
  begin(lastCseq: number): void {
    this.#sentUpTo = lastCseq;
    this.#frames = [];
  }

  /** The connection has ended. */
  end(): void {
    this.#frames = undefined;
  }

  /** Sends as much as may be under way. */
  pump(): void {
    const frames = this.#frames;
    // After a reset the outbox is written anew onto what the server has: not before that is here.
    if (frames === undefined || this.#file.isStartingAnew) return;
    const counts = this.#file.read("counts") as Meta["counts"];
    const { seen } = this.#file.read("clock") as Meta["clock"];
    while (frames.length < FRAMES_UNDER_WAY && this.#sentUpTo + 1 < counts.next) {
      const { txs } = this.#file.nextUpload(this.#sentUpTo, LIMIT);
      const last = txs.at(-1);
      if (last === undefined) return;
      this.#sentUpTo = last.cseq;
      frames.push(last.cseq);
      this.#send({ msg: "up", txs, acked: counts.acked, ...(seen === NEVER ? {} : { newest: seen }) });
    }
  }

  async acknowledged(message: AckMessage): Promise<void> {
    await this.#file.ack(message);
    this.#frames = this.#frames?.filter((last) => last > message.cseq);
  }
}
