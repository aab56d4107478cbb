/**
 * What the server asks of a database. Two implementations, one behavioural suite (`test/store.test.ts`).
 *
 * Everything that a client may see is decided by one number, the version: each flush takes the next one, by raising a row that all flushes
 * of the database raise first. So versions become visible in order, and whoever has read up to one has missed nothing below it; a
 * sequence cannot promise that, because its numbers are taken before the commits that carry them.
 *
 * @module
 */
import type { ObjectState, Operation, Stamp, SyncSchema, WireKey } from "@holdfast/sync-protocol";
import type { Filter } from "../filters/filter.ts";
import type { Image } from "../merge/image.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";

/** One transaction of a client, as it came. */
export interface Upload {
  readonly client: string;
  readonly user: string;
  readonly cseq: number;
  /** Of the operations as they came: tells a repeat from something else under the same number. */
  readonly digest: string;
  readonly ops: readonly Operation[];
  /** Its part of the frame. */
  readonly bytes?: number;
  /** Canonical stamps that the client may not know of yet, of its earlier transactions: its own, the server's. The flush adds to them. */
  readonly known: Map<Stamp, Stamp>;
  /** Deletes that earlier transactions of the client count as having seen, and that it may not know of yet, by `objectName`. The flush adds to them. */
  readonly informed: Map<string, Stamp>;
  /** The newest stamp of others that the client had seen when it sent it. */
  readonly newest?: Stamp;
  /** The version that the client had when it wrote it. Absent: it had nothing of the server's yet. */
  readonly base?: number;
}

/** Where in its stream a client is. */
export interface ClientCursor {
  readonly client: string;
  readonly user: string;
  readonly lastCseq: number;
  /** The newest stamp of its operations. */
  readonly last: Stamp;
}

/** What a transaction was answered with; kept until the client has moved on, so that a lost answer can be given again. */
export interface Receipt {
  readonly client: string;
  readonly cseq: number;
  readonly digest: string;
  /** JSON of an `Answer`; undefined if there was nothing to say. */
  readonly answer?: string;
}

/** An object as it is stored: with its merge state, alive or a tombstone. */
export interface StoredObject {
  readonly type: string;
  readonly pk: WireKey;
  readonly state: ObjectState;
  /** The version that wrote it last; absent where nobody asked. */
  readonly version?: number;
  /** Of a tombstone: what the object was when it was alive. */
  readonly last?: Image;
}

/** An object after a flush. Without an image it is deleted and its state a tombstone. */
export interface WrittenObject {
  readonly type: string;
  readonly pk: WireKey;
  readonly state: ObjectState;
  readonly image: Image | undefined;
  readonly wasAlive: boolean;
  /** Of a tombstone: what the object was when it was alive, if that is known. Decides who may delete it once more. */
  readonly last?: Image;
}

/** One object changed by one transaction. */
export interface ChangeEntry {
  readonly version: number;
  /** Which transaction of the flush. */
  readonly ordinal: number;
  /** Who wrote it: a client, or `""` for another program. */
  readonly client: string;
  readonly type: string;
  readonly pk: WireKey;
  readonly ops: readonly Operation[];
  /** Their JSON, once somebody has needed it: `opsText`. */
  readonly text: { ops?: string };
  /** A container shows again that had been replaced: states that were sent since lack what is in it, so the operations alone do not lead there. */
  readonly bringsBack?: boolean;
  readonly before: Image | undefined;
  readonly after: Image | undefined;
}

/** What a flush is to write, once what it touches has been read. */
export interface FlushPlan {
  readonly objects: readonly WrittenObject[];
  readonly entries: readonly ChangeEntry[];
  readonly cursors: readonly ClientCursor[];
  readonly receipts: readonly Receipt[];
  /** The version that all writers of `entries` had seen who had any. */
  readonly reach?: number;
}

/** What has been forgotten. */
export interface Floor {
  /** Versions up to this one are no longer in the log. */
  readonly version: number;
  /** States are folded up to this stamp: what comes has to be later. */
  readonly stamp: Stamp;
}

/** What a flush works on. */
export interface FlushInput {
  readonly version: number;
  readonly cursors: ReadonlyMap<string, ClientCursor>;
  /** Of repeated transactions, by client and number: `receiptName`. */
  readonly receipts: ReadonlyMap<string, Receipt>;
  /** By `objectName`. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Absent: nothing has been forgotten. */
  readonly floor?: Floor;
  readonly foreign: readonly ForeignChange[];
}

/** A row that another program wrote. */
export interface ForeignChange {
  readonly id: string;
  readonly type: string;
  readonly pk: WireKey;
  /** The new values of the columns that changed, as text; undefined for a row that was deleted. */
  readonly columns: Readonly<Record<string, string | null>> | undefined;
  /** The state that stood in a row which was deleted or made. */
  readonly rowState?: string;
}

/** What a flush asks for and does. Called again with fresh input if the database wants the transaction repeated: it must not keep anything of the call before. */
export interface FlushRequest {
  readonly uploads: readonly Upload[];
  /** How many changes of other programs to take in. */
  readonly foreignLimit: number;
  /** How long to wait for a row that another program has locked. */
  readonly lockTimeoutMs: number;
  readonly plan: (input: FlushInput) => FlushPlan;
}

/** How far the database is. */
export interface Position {
  /** Changes when the history does not continue the one before: client reset. */
  readonly epoch: string;
  readonly version: number;
  /** Versions up to this one are no longer in the log. */
  readonly floor: number;
  /** Up to which stamp states are folded. */
  readonly folded: Stamp;
}

/** A version that a flush made. */
export interface Committed {
  readonly version: number;
  /** Random: a version of the same number in another history has another one. */
  readonly salt: string;
}

/** An object of a page; its state as it is stored, since most of them are handed on as they are. */
export interface StoredRow {
  readonly type: string;
  readonly pk: WireKey;
  /** As `state-text.ts` writes it: names of fields stand in it as in JSON. */
  readonly stateText: string;
}

/** A page of rows in the order of their keys. */
export interface RowPage {
  readonly rows: readonly StoredRow[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: string | undefined;
}

/** Everything as it was at one version. */
export interface Snapshot {
  readonly position: Position;
  /** Rows that match, `after` a key given as the text of its column. */
  rows(type: string, filter: Filter, page: { readonly after: string | undefined; readonly limit: number }): Promise<RowPage>;
  /** States of these objects; absent ones are left out. */
  states(names: readonly { readonly type: string; readonly pk: WireKey }[]): Promise<ReadonlyMap<string, ObjectState>>;
  /** Changes with `after < version`, in order; at least one whole version if there is any. */
  changes(after: number, limit: number): Promise<readonly ChangeEntry[]>;
  /** A client's newest transaction. */
  lastCseq(client: string): Promise<number>;
  /** What names a version; undefined if it is below the floor or was never given. */
  salt(version: number): Promise<string | undefined>;
  release(): Promise<void>;
}

/** How many answers are read at once: who never says what he has heard decides how many there are, and how long. */
export interface ReceiptsLimit {
  readonly count: number;
  /** The answer that goes beyond it is the last one. */
  readonly characters: number;
}

/** A database. */
export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** Makes or updates the server's own tables, and reads the stored schema. */
  open(): Promise<SyncSchema | undefined>;
  /** Makes or extends the tables of a schema. Only additions are possible. */
  applySchema(schema: SyncSchema): Promise<SchemaLayout>;
  /** One transaction; undefined if there was nothing to write. */
  flush(request: FlushRequest): Promise<Committed | undefined>;
  /** True if another program has written something that no flush has taken in yet. */
  hasForeign(): Promise<boolean>;
  position(): Promise<Position>;
  snapshot(): Promise<Snapshot>;
  /** Makes a client known. */
  addClient(client: string, user: string): Promise<ClientCursor>;
  /** Finds a client; undefined if there is none, or it is another user's. */
  findClient(client: string, user: string): Promise<ClientCursor | undefined>;
  /**
   * Makes a client unknown, for good: nothing of it that is still under way will be taken.
   *
   * @returns The newest transaction that was taken of it, also if it was forgotten before; undefined if it was never known, or is another user's.
   */
  retireClient(client: string, user: string): Promise<number | undefined>;
  /** Answers with something in them that the client may not have heard: those next behind transaction `after`, one at least if there is any. */
  receipts(client: string, after: number, limit: ReceiptsLimit): Promise<readonly Receipt[]>;
  /** Notes up to which version a client has everything. */
  noteSeen(seen: ReadonlyMap<string, number>): Promise<void>;
  /** Says whose database this is, once and for all; gives the name of the shard that had said so first. */
  claim(shard: string): Promise<string>;
  /** Bytes that sign tokens: the same for all servers of a database. */
  secret(): Promise<Uint8Array>;
  /**
   * Forgets what no client needs any more: those not seen since `offlineSince` have to start anew. Returns the new floor.
   *
   * @param foldMarginMs - How far the clocks of clients may be behind: `FOLD_MARGIN_MS`.
   */
  compact(offlineSince: Date, foldMarginMs?: number): Promise<number>;
  /** Row-level policies for other programs; only PostgreSQL has them. */
  applyPolicies?(policies: readonly string[]): Promise<void>;
  /** Calls back when there may be something new. A hint: it may be lost, come twice, or too early. */
  onHint(listener: () => void): void;
  /** Tells other servers that there is something new. Coalesced. */
  hint(): void;
  close(): Promise<void>;
}

/** Names an object in maps. */
export function objectName(type: string, pk: WireKey): string {
  return `${type}\u0000${JSON.stringify(pk)}`;
}

/** Names a receipt in maps. */
export function receiptName(client: string, cseq: number): string {
  return `${client} ${String(cseq)}`;
}
