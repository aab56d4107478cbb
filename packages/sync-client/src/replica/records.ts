/**
 * What stands in the replica's trees. All of it is in the realm's own file, under its key, and changes in the transactions of the objects.
 *
 *     meta       one entry for each part of {@link Meta}
 *     outbox     number of a transaction -> its operations: what is still to be acknowledged
 *     confirmed  name of an object -> its state as the server has confirmed it
 *     pending    name of an object -> the same with the operations of the outbox applied, and which transactions those are
 *     hidden     name of a target, name of an object -> nothing: the object has a link that cannot be shown because its target is not there
 *     confirmed2 the same of a bootstrap that is not complete, for the view that comes; then the two change places ({@link Meta.view})
 *     hidden2    the same of the objects that a bootstrap under way shows aside
 *     late       number of a transaction -> operations that were acknowledged while a bootstrap was under way
 *     rejected   number -> writes that the server refused and the application has not heard of yet
 *
 * @module
 */
import type { ObjectState, Operation, Reject, Stamp, WireSubscription } from "@holdfast/sync-protocol";

/** Names of the trees. */
export const TREES = { meta: "meta", outbox: "outbox", confirmed: "confirmed", confirmed2: "confirmed2", pending: "pending", hidden: "hidden", hidden2: "hidden2", late: "late", rejected: "rejected" } as const;

/** What a replica knows of itself. */
export interface Meta {
  /** The file's own id, which is also the replica in its stamps; and whose realm it is. */
  readonly file: { readonly format: 1; readonly client: string; readonly user: string; /** The server has not named the file yet. */ readonly isProvisional?: true };
  readonly counts: CountsRecord;
  /** The newest stamp made or seen, the newest of others that was seen, and what the server's clock is ahead of ours. */
  readonly clock: { readonly last: Stamp; readonly seen: Stamp; readonly offsetMs: number };
  /** Where downloads go on, and for which set of subscriptions. */
  readonly down: { readonly epoch?: string; readonly resume?: string; readonly version?: number };
  /** Up to which stamp states may be folded, as the server has said. */
  readonly floor: { readonly stamp: Stamp };
  readonly subs: SubscriptionsRecord;
  /** Which tree has the confirmed states, and up to which own transaction the bootstrap had them in it; left out before the first bootstrap. */
  readonly view: { readonly tree: "confirmed" | "confirmed2"; readonly cseq?: number };
  /** A bootstrap under way; `cseq`: its pages have the own transactions up to that one in them. */
  readonly boot: { readonly version: number; readonly pages: number; readonly resume: string; readonly cseq?: number } | null;
  /** How often processes without the connection have asked for everything that the server has, and up to which of those the answer is here. */
  readonly asks: { readonly wanted: number; readonly echoed: number };
  /** A client reset under way. */
  readonly reset: ResetRecord | null;
}

/** Numbers of transactions. */
export interface CountsRecord {
  /** The next transaction's number. */
  readonly next: number;
  /** The newest acknowledged one. */
  readonly acked: number;
  /**
   * What makes a number a place: places go on where a client reset numbers anew. A transaction keeps its place or, where others before it
   * have become empty, gets a lower one; left out where no number was ever given again.
   */
  readonly offset?: number;
  /** The places that were dropped last although the application's mode was not to discard. */
  readonly dropped?: { readonly first: number; readonly last: number };
}

/** A client reset under way. */
export interface ResetRecord {
  readonly mode: string;
  readonly atMs: number;
  /** What the file was called, the number of the first transaction of its outbox, and the next one: until the server has named it anew. */
  readonly former?: { readonly client: string; readonly first: number; readonly next: number };
  /** How many of the outbox, from its beginning, the server had all the same. */
  readonly known?: number;
}

/** States of a set of subscriptions: Realm's. */
export type SubscriptionsState = "pending" | "complete" | "error" | "superseded";

/** The set of subscriptions. */
export interface SubscriptionsRecord {
  readonly version: number;
  readonly entries: readonly SubscriptionRecord[];
  readonly state: SubscriptionsState;
  readonly error?: string;
  /** The number that this very set had before a client reset. */
  readonly resetOf?: number;
  /** The newest set that the server has accepted: it goes on while a later one is refused. */
  readonly active?: { readonly version: number; readonly entries: readonly SubscriptionRecord[] };
}

/** The set that the server is to answer: where it has refused the newest one, the one before goes on. */
export function wantedOf(subs: SubscriptionsRecord): SubscriptionsRecord["active"] {
  return subs.state === "error" ? subs.active : subs;
}

/** One subscription. */
export interface SubscriptionRecord extends WireSubscription {
  readonly id: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** One transaction of the outbox. */
export interface OutboxRecord {
  readonly ops: readonly Operation[];
  /** How far this device had downloaded when it was written. */
  readonly base?: string;
}

/** An object with operations that are not acknowledged. */
export interface PendingRecord {
  /** Numbers of the transactions, ascending. */
  readonly cseqs: readonly number[];
  readonly state: ObjectState;
}

/** Writes that were refused. */
export interface RejectedRecord {
  readonly rejects: readonly Reject[];
}
