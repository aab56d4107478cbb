/**
 * A synced realm's file: its replica, whether or not there is a network.
 *
 * @module
 */
import { pause, Replica } from "@holdfast/realm/replica";
import type { FileSession, ReplicaAccess, ReplicaChange, ReplicaKeeper } from "@holdfast/realm/replica";
import { classOf, NEVER, STAMP_LENGTH } from "@holdfast/sync-protocol";
import type { AckMessage, BootMessage, DownMessage, Operation, Stamp, SyncSchema, UploadedTransaction } from "@holdfast/sync-protocol";
import { SyncError } from "../errors.ts";
import { syncSchemaOfClasses } from "../wire/sync-schema.ts";
import { applyBoot } from "./apply-boot.ts";
import type { BootOutcome, BootStep } from "./apply-boot.ts";
import { applyAck, applyDown } from "./apply-server.ts";
import type { OwnOperation, RecentOperations } from "./apply-server.ts";
import { bytesOf, keyNumber, nameText, numberKey, parseName, textOf } from "./names.ts";
import { randomReplicaId } from "./random.ts";
import { adoptName, beginReset, COPY } from "./client-reset.ts";
import type { ResetOptions } from "./client-reset.ts";
import { isStartingAnew } from "./write-anew.ts";
import { recordChanges } from "./record-changes.ts";
import { TREES } from "./records.ts";
import type { Meta, OutboxRecord, RejectedRecord } from "./records.ts";
import { ReplicaTransaction } from "./transaction.ts";

/** Of a phone's frames a few. */
const TURN_MS = 25;
/** Objects that are looked at for each floor that comes. */
const SWEPT_AT_ONCE = 2000;
const DEAD_BYTES = JSON.stringify({ d: "0".repeat(STAMP_LENGTH) }).length;

/** What a file is attached with. */
export interface SyncedFileOptions {
  readonly session: FileSession;
  /** Whose realm it is. */
  readonly userId: string;
  readonly now?: () => number;
  /** How long a transaction may take that puts a part of a bootstrap's page aside, its commit aside. */
  readonly turnMs?: number;
}

/** One upload: transactions of the outbox. */
export interface Upload {
  readonly txs: UploadedTransaction[];
}

/** Places of the first and of the last of some transactions. */
export interface Places {
  readonly first: number;
  readonly last: number;
}

/** The replica of one open file. */
export class SyncedFile implements ReplicaKeeper {
  readonly replica: Replica;
  readonly #now: () => number;
  readonly #turnMs: number;
  #schema: SyncSchema;
  #writable: ReadonlySet<string> | undefined;
  /** Called after commits, and when the file is closed. */
  onAdvance: () => void = () => undefined;
  /** Called when nobody has the realm open any more; true keeps the file open until `close` is called. */
  onLeft: (close: () => void) => boolean = () => false;
  onClosing: () => void = () => undefined;
  /** Own operations that were acknowledged lately, by object: see `applyDown`. */
  readonly #recent = new Map<string, OwnOperation[]>();
  /** Where the search for deleted objects goes on. */
  #sweptTo: Uint8Array | undefined;

  constructor({ session, userId, now = Date.now, turnMs = TURN_MS }: SyncedFileOptions) {
    this.#now = now;
    this.#turnMs = turnMs;
    this.replica = Replica.attach(session, this);
    try {
      this.#schema = syncSchemaOfClasses(this.replica.schema);
      if (this.read("file") === undefined) this.#begin(userId);
      this.#checkUser(userId);
    } catch (error) {
      this.replica.detach();
      throw error;
    }
  }

  get path(): string {
    return this.replica.path;
  }

  get schema(): SyncSchema {
    return this.#schema;
  }

  #begin(userId: string): void {
    this.replica.writeNow((access) => {
      const tx = this.#transaction(access);
      if (tx.meta("file") !== undefined) return;
      const isUsed = this.#schema.classes.some((entry) => entry.embedded !== true && access.keys(entry.name).length > 0);
      if (isUsed) throw new SyncError("FILE_LOCAL", `Realm at path '${this.path}' is a local one with objects in it: open another file with 'sync', and copy the objects over.`);
      tx.setMeta("file", { format: 1, client: randomReplicaId(), user: userId, isProvisional: true });
      tx.setMeta("counts", { next: 1, acked: 0 });
      tx.setMeta("clock", { last: NEVER, seen: NEVER, offsetMs: 0 });
      tx.setMeta("down", {});
      tx.setMeta("subs", { version: 0, entries: [], state: "complete" });
    });
  }

  #checkUser(userId: string): void {
    const user = this.read("file")?.user;
    if (user !== userId) throw new SyncError("USER_DIFFERS", `Realm at path '${this.path}' belongs to another user: give each user a file of their own.`);
  }

  /** A part of what the replica knows of itself, as of the newest commit. */
  read<Part extends keyof Meta>(part: Part): Meta[Part] | undefined {
    const bytes = this.replica.tree(TREES.meta)?.get(bytesOf(part));
    return bytes === undefined ? undefined : (JSON.parse(textOf(bytes)) as Meta[Part]);
  }

  /** How many transactions wait for the server. */
  get outboxCount(): number {
    return this.replica.tree(TREES.outbox)?.count ?? 0;
  }

  /** How many of those up to a place do. */
  outboxCountUpTo(place: number): number {
    const places = this.outboxPlaces;
    return places === undefined ? 0 : Math.max(0, Math.min(place, places.last) - places.first + 1);
  }

  /** The places of the first and of the last transaction in the outbox. A number is given again by a client reset, a place only to what is written later. */
  get outboxPlaces(): Places | undefined {
    const outbox = this.replica.tree(TREES.outbox);
    const [oldest, newest] = [outbox?.cursor(), outbox?.cursor({ reverse: true })];
    if (oldest?.next() !== true || newest?.next() !== true) return undefined;
    const { offset = 0 } = this.read("counts") as Meta["counts"];
    return { first: keyNumber(oldest.key()) + offset, last: keyNumber(newest.key()) + offset };
  }

  /** What has become of transactions that were in the outbox. */
  fateOf({ first, last }: Places): "waiting" | "acknowledged" | "dropped" {
    const { dropped } = this.read("counts") as Meta["counts"];
    // What was dropped before they were written lies before all of them.
    if (dropped !== undefined && first <= dropped.first && dropped.first <= last) return "dropped";
    return this.outboxCountUpTo(last) === 0 ? "acknowledged" : "waiting";
  }

  /** The next transactions to send. */
  nextUpload(after: number, limit: { readonly transactions: number; readonly bytes: number }): Upload {
    const txs: UploadedTransaction[] = [];
    const cursor = this.replica.tree(TREES.outbox)?.cursor({ from: numberKey(after + 1) });
    let bytes = 0;
    while (txs.length < limit.transactions && bytes < limit.bytes && cursor?.next() === true) {
      const value = cursor.value();
      if (txs.length > 0 && bytes + value.length > limit.bytes) break;
      bytes += value.length;
      txs.push({ cseq: keyNumber(cursor.key()), ...(JSON.parse(textOf(value)) as OutboxRecord) });
    }
    return { txs };
  }

  /** Runs work in a transaction that is not the application's. */
  write<R>(work: (tx: ReplicaTransaction) => R): Promise<R> {
    return this.replica.write((access) => work(this.#transaction(access)));
  }

  /** The same at once. @throws {RealmError} `TRANSACTION_OPEN` */
  writeNow<R>(work: (tx: ReplicaTransaction) => R): R {
    return this.replica.writeNow((access) => work(this.#transaction(access)));
  }

  #transaction(access: ReplicaAccess): ReplicaTransaction {
    return new ReplicaTransaction(access, this.#schema, this.#now);
  }

  async ack(message: AckMessage): Promise<void> {
    const operations = await this.write((tx) => applyAck(tx, message));
    for (const own of operations) {
      const text = nameText(own.operation);
      const known = this.#recent.get(text);
      if (known === undefined) this.#recent.set(text, [own]);
      else known.push(own);
    }
  }

  readonly #recentOperations: RecentOperations = {
    of: (name) => (this.#recent.get(nameText(name)) ?? []).map(({ operation }) => operation),
    names: () => [...this.#recent].map(([text, [first]]) => [text, { type: (first as OwnOperation).operation.type, pk: (first as OwnOperation).operation.pk }] as const),
    after: (cseq) => {
      const found = new Map<number, Operation[]>();
      for (const own of [...this.#recent.values()].flat()) {
        if (own.cseq <= cseq) continue;
        const known = found.get(own.cseq);
        if (known === undefined) found.set(own.cseq, [own.operation]);
        else known.push(own.operation);
      }
      return found;
    },
  };

  down(message: DownMessage): Promise<void> {
    if (message.cseq !== undefined) this.#forgetUpTo(message.cseq);
    return this.write((tx) => applyDown(tx, message, this.#recentOperations));
  }

  /**
   * Puts a page of a bootstrap aside, in transactions that are short enough for a turn of the event loop.
   *
   * @param isCurrent - False when the page's connection is gone: the page is left as far as it is.
   * @returns What became of the page.
   */
  async boot(message: BootMessage, isCurrent: () => boolean = () => true): Promise<BootOutcome> {
    if (message.cseq !== undefined) this.#forgetUpTo(message.cseq);
    for (let from = 0; ; ) {
      const step = await this.write((tx): BootStep => {
        if (!isCurrent()) return "aside";
        const endMs = performance.now() + this.#turnMs;
        return applyBoot(tx, message, { from, recent: this.#recentOperations, isTimeUp: () => performance.now() >= endMs });
      });
      if (typeof step === "string") return step;
      from = step.from;
      await pause(0);
    }
  }

  /** The server has answered something that was asked after all acknowledgements so far: rows that it reads from now on have those in them. */
  forgetRecent(): void {
    this.#recent.clear();
  }

  /** The server says what its rows, and all later ones, have in them, even if it has forgotten it since, such as a delete. What they lack of it the user may not see any more: a field that is hidden now. */
  #forgetUpTo(cseq: number): void {
    for (const [text, known] of this.#recent) {
      const left = known.filter((own) => own.cseq > cseq);
      if (left.length === 0) this.#recent.delete(text);
      else this.#recent.set(text, left);
    }
  }

  get recentCount(): number {
    return this.#recent.size;
  }

  /** Takes the name that the server gave the file. */
  adopt(named: { readonly client: string; readonly former: number | undefined }): Promise<void> {
    return this.write((tx) => adoptName(tx, named));
  }

  /** Gets ready to fetch everything anew. */
  reset(options: ResetOptions): Promise<void> {
    return this.write((tx) => beginReset(tx, { ...options, atMs: this.#now() }));
  }

  /**
   * Makes a replica of its own of a copy: the next connection is that of a new client, which fetches what the server has and writes
   * anew onto it what was written into the copy until then.
   */
  beginCopy(): void {
    this.writeNow((tx) => {
      tx.access.tree(TREES.rejected).clear();
      beginReset(tx, { recovers: true, isAgreed: true, mode: COPY, namesFormer: false, atMs: this.#now() });
    });
  }

  /** The same at once, for a file that is being opened: what was not uploaded is dropped. */
  resetNow(): void {
    this.writeNow((tx) => beginReset(tx, { recovers: false, isAgreed: false, mode: "discard", namesFormer: false, atMs: this.#now() }));
  }

  /** True while a client reset waits for what the server has. */
  get isStartingAnew(): boolean {
    return isStartingAnew((part) => this.read(part));
  }

  /** States may be folded up to here. Those that are written are; deleted objects that rest are looked for, a part of the file at a time. */
  async noteFloor(stamp: Stamp): Promise<void> {
    const known = this.read("floor")?.stamp ?? NEVER;
    const dead = this.#deadKeys();
    if (stamp <= known && dead.length === 0) return;
    await this.write((tx) => {
      if (stamp > tx.floor) tx.setFloor(stamp);
      tx.observe(stamp);
      tx.saveClock();
      for (const key of dead) {
        const name = parseName(textOf(key));
        tx.setConfirmed(name, tx.confirmed(name));
      }
    });
  }

  #deadKeys(): Uint8Array[] {
    const cursor = this.replica.tree(this.read("view")?.tree ?? TREES.confirmed)?.cursor(this.#sweptTo === undefined ? {} : { from: this.#sweptTo });
    const dead: Uint8Array[] = [];
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      if (cursor?.next() !== true) {
        this.#sweptTo = undefined;
        return dead;
      }
      // Nothing but a stamp of a delete has this length.
      if (cursor.value().length === DEAD_BYTES) dead.push(cursor.key().slice());
      this.#sweptTo = cursor.key().slice();
    }
    return dead;
  }

  /** True if writes were refused and nobody was told yet. */
  get hasRejected(): boolean {
    return (this.replica.tree(TREES.rejected)?.count ?? 0) > 0;
  }

  /** Takes out the refused writes that the application has not heard of. */
  async takeRejected(): Promise<RejectedRecord[]> {
    if (!this.hasRejected) return [];
    return this.write((tx) => {
      const records = tx.numbers(TREES.rejected).map((number) => tx.readNumber<RejectedRecord>(TREES.rejected, number) as RejectedRecord);
      tx.access.tree(TREES.rejected).clear();
      return records;
    });
  }

  beforeWrite(className: string): void {
    if (classOf(this.#schema, className)?.asymmetric === true) return;
    this.#writable ??= new Set((this.read("subs") as Meta["subs"]).entries.map((entry) => entry.type));
    if (this.#writable.has(className)) return;
    throw new SyncError("SUBSCRIPTION_MISSING", `Cannot write to class ${className} when no flexible sync subscription has been created.`);
  }

  beforeCommit(changes: readonly ReplicaChange[], access: ReplicaAccess): void {
    recordChanges(this.#transaction(access), changes);
  }

  advanced(): void {
    this.#writable = undefined;
    this.onAdvance();
  }

  left(close: () => void): boolean {
    return this.onLeft(close);
  }

  closing(): void {
    this.onClosing();
  }
}
