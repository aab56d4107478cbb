/**
 * What one client is answered: one `ack` for all of its transactions that are through, and what it cannot have heard of when it sends the next ones.
 *
 * @module
 */
import type { AckMessage, Reject, SeenDelete, Stamp } from "@holdfast/sync-protocol";
import { noteInformed } from "../merge/merge-batch.ts";
import type { Answer } from "../merge/merge-batch.ts";
import { objectName } from "../store/store.ts";

/** Stamps that are remembered for what a client sends next, and deletes. */
const REMEMBERED_MAX = 200_000;

interface Collected {
  cseq: number;
  readonly stamps: (readonly [Stamp, Stamp])[];
  readonly rejects: Reject[];
  readonly seen: Map<string, SeenDelete>;
}

/** The answers to a client, as long as its session lasts. */
export class Answers {
  /** Canonical stamps that the client may not know of yet. */
  readonly known: Map<Stamp, Stamp> = new Map();
  /** Deletes that what it wrote counts as having seen, and that it may not know of yet, by object. */
  readonly informed: Map<string, Stamp> = new Map();
  #collected: Collected | undefined;

  /** True if there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#collected === undefined;
  }

  /** A transaction is through; undefined: there is nothing to say of it. */
  note(cseq: number, answer: Answer | undefined): void {
    const collected: Collected = (this.#collected ??= { cseq, stamps: [], rejects: [], seen: new Map() });
    collected.cseq = Math.max(collected.cseq, cseq);
    if (answer === undefined) return;
    collected.stamps.push(...(answer.stamps ?? []));
    collected.rejects.push(...(answer.rejects ?? []));
    for (const each of answer.seen ?? []) collected.seen.set(objectName(each.type, each.pk), each);
    for (const [theirs, ours] of answer.stamps ?? []) this.known.set(theirs, ours);
    noteInformed(this.informed, answer.seen);
  }

  /** All that was noted, to be sent. */
  take(): AckMessage | undefined {
    const collected = this.#collected;
    this.#collected = undefined;
    if (collected === undefined) return undefined;
    const { cseq, stamps, rejects, seen } = collected;
    return { msg: "ack", cseq, ...(stamps.length === 0 ? {} : { stamps }), ...(rejects.length === 0 ? {} : { rejects }), ...(seen.size === 0 ? {} : { seen: [...seen.values()] }) };
  }

  /** Keeps what is remembered within bounds: the oldest goes, which the client has heard of long since. */
  forgetOldest(): void {
    for (const remembered of [this.known, this.informed]) {
      for (const first of remembered.keys()) {
        if (remembered.size <= REMEMBERED_MAX) break;
        remembered.delete(first);
      }
    }
  }
}
