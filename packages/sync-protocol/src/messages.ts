/**
 * Messages: one JSON text frame each. Unknown fields are ignored, unknown messages refused. Specification: docs/format/sync-wire.md.
 *
 * @module
 */
import type { ObjectState } from "./object-state.ts";
import type { Operation } from "./operation.ts";
import type { Stamp } from "./stamp.ts";
import type { ObjectName, SyncSchema } from "./sync-schema.ts";
import type { WireKey } from "./wire-value.ts";

/** The newest version of the protocol that this package speaks, and the oldest. */
export const PROTOCOL_VERSION = 1;
/** The oldest version that this package still speaks. */
export const PROTOCOL_VERSION_MIN = 1;

/** First message of a client. */
export interface HelloMessage {
  readonly msg: "hello";
  /** Oldest and newest version that the client speaks. */
  readonly protocol: readonly [min: number, max: number];
  /** The client file's id, which is also the replica of its stamps. Absent: the client has none yet and asks for one. */
  readonly client?: string;
  /** Who the client was before a client reset, and will not be again. */
  readonly former?: string;
  /** The server's epoch as the client knows it; another one means that the server was restored from a backup. */
  readonly epoch?: string;
  readonly schema: SyncSchema;
  readonly token: string;
  /** The newest own transaction whose ack the client has stored. The server sends acks of later ones again. */
  readonly acked?: number;
}

/** A fresh token, while the session goes on. */
export interface AuthMessage {
  readonly msg: "auth";
  readonly token: string;
}

/** One transaction of a client. */
export interface UploadedTransaction {
  /** Counts the client's transactions from 1, without gaps. */
  readonly cseq: number;
  /** The resume text that the client had when it wrote this. Absent: that of the transaction before it in the frame, or none. */
  readonly base?: string;
  readonly ops: readonly Operation[];
}

/** Transactions of the client, in the order of their numbers. */
export interface UpMessage {
  readonly msg: "up";
  readonly txs: readonly UploadedTransaction[];
  /** As in {@link HelloMessage}. */
  readonly acked?: number;
  /** The newest stamp of others that the client has seen: if its clock is far ahead, the server puts behind it what the client wrote. */
  readonly newest?: Stamp;
}

/** A subscription. */
export interface WireSubscription {
  readonly name?: string;
  readonly type: string;
  /** Realm's query language, arguments written into it; `TRUEPREDICATE` for all. */
  readonly query: string;
}

/** The client's whole set of subscriptions. */
export interface SubMessage {
  readonly msg: "sub";
  /** Counts the client's subscription sets, from 1. */
  readonly version: number;
  readonly queries: readonly WireSubscription[];
  /** Where to go on, from the last `down`, `boot` or `progress`. Absent: from the start. */
  readonly resume?: string;
}

/** From the client: asks for an echo behind all that happened so far. From the server: the echo. */
export interface MarkMessage {
  readonly msg: "mark";
  readonly id: number;
}

/** From the client: is anybody there? */
export interface PingMessage {
  readonly msg: "ping";
  /** The client has stored everything up to here (a resume text), has nothing unsent that was written before, and needs no older tombstones. */
  readonly basis?: string;
}

/** First message of a server. */
export interface WelcomeMessage {
  readonly msg: "welcome";
  /** The version that both will speak. */
  readonly protocol: number;
  /** Milliseconds since 1970. */
  readonly serverTime: number;
  readonly client: string;
  /** The newest transaction of this client that the server has. */
  readonly lastCseq: number;
  /** The newest transaction that the server had of the client that `hello.former` names: what it had is in all that it sends. Absent: it does not know of that client. */
  readonly former?: number;
  readonly epoch: string;
}

/** A change that the server did not accept. */
export interface Reject {
  readonly cseq: number;
  readonly type: string;
  readonly pk: WireKey;
  readonly code: string;
  readonly reason: string;
}

/**
 * An object that had been deleted before the client wrote on it, which the client had no way to know: the object was not in its view. What
 * the client wrote on it counts as written after that delete.
 */
export interface SeenDelete extends ObjectName {
  readonly g: Stamp;
}

/** All of the client's transactions up to `cseq` are durable. */
export interface AckMessage {
  readonly msg: "ack";
  readonly cseq: number;
  /** Stamps that the server gave instead of the client's: client's, server's. */
  readonly stamps?: readonly (readonly [Stamp, Stamp])[];
  readonly rejects?: readonly Reject[];
  readonly seen?: readonly SeenDelete[];
}

/** An object as the server has it. */
export interface ObjectRow extends ObjectName {
  readonly state: ObjectState;
}

/** A page of what a new set of subscriptions shows. Applied together with all pages up to the one that is last. */
export interface BootMessage {
  readonly msg: "boot";
  /** Of the subscription set. */
  readonly version: number;
  /** From 0. */
  readonly page: number;
  readonly rows: readonly ObjectRow[];
  /** This is the last page: whatever the client has and no page named has left view. */
  readonly last: boolean;
  /** Where to go on: a page's after it, the last one's behind the bootstrap. */
  readonly resume: string;
  /** On page 0: the newest transaction of the client's own that the pages are sure to have in them. */
  readonly cseq?: number;
}

/** A transaction of others, or the part of it that this client may see. */
export interface DownTransaction {
  readonly ops: readonly Operation[];
}

/** What others did. Applied as a whole, together with `resume`. */
export interface DownMessage {
  readonly msg: "down";
  readonly resume: string;
  readonly txs: readonly DownTransaction[];
  /** Objects that entered view. */
  readonly rows?: readonly ObjectRow[];
  /** The newest transaction of the client's own that the rows are sure to have in them: it is not to be put onto them once more. */
  readonly cseq?: number;
  /** Objects that left view. They were not deleted. */
  readonly out?: readonly ObjectName[];
}

/** How far a download has come. */
export interface ProgressMessage {
  readonly msg: "progress";
  /** 0 to 1. */
  readonly estimate: number;
  readonly resume?: string;
}

/** What a client does about an error. */
export type ErrorAction =
  | "warn" // tell the application, go on
  | "retry" // connect again later
  | "stop" // do not connect again by itself
  | "refreshToken" // get another token, then connect again
  | "logOut" // the user has to log in again
  | "reset" // client reset; pending changes may be recovered
  | "resetWithoutRecovery" // client reset; pending changes are lost
  | "migrate"; // the schema does not fit

/** Something went wrong; what to do about it stands in `action`. */
export interface ErrorMessage {
  readonly msg: "error";
  readonly code: string;
  readonly action: ErrorAction;
  /** For a person; holds no data. */
  readonly message: string;
  /** Of `retry`: not before this many milliseconds. */
  readonly retryMs?: number;
}

/** Yes, somebody is there. */
export interface PongMessage {
  readonly msg: "pong";
  /** Milliseconds since 1970. */
  readonly serverTime: number;
  /** Operations up to this stamp will not be needed again: states may be compacted to it. */
  readonly floor?: Stamp;
}

/** From client to server. */
export type ClientMessage = HelloMessage | AuthMessage | UpMessage | SubMessage | MarkMessage | PingMessage;

/** From server to client. */
export type ServerMessage = WelcomeMessage | AckMessage | BootMessage | DownMessage | MarkMessage | ProgressMessage | ErrorMessage | PongMessage;
