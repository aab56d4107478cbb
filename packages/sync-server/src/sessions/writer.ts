/**
 * Group commit: what arrives while a flush runs goes into the next one.
 *
 * A flush that fails for a passing reason is tried again, whole; its transactions are known by their numbers, so whatever had been
 * committed after all is not done twice. One that fails for another reason is taken apart, so that what is wrong with one transaction
 * does not hold up the others.
 *
 * @module
 */
import { HybridClock } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import { foreignOperations } from "../merge/foreign.ts";
import { mergeBatch } from "../merge/merge-batch.ts";
import type { Authorize, MergedBatch, UploadResult } from "../merge/merge-batch.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { Log } from "../operations/log.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";
import { isLocked, isPassing, isStoreFailure, isTimedOut } from "../store/failures.ts";
import type { Committed, Store, Upload } from "../store/store.ts";

/** What the writer needs. */
export interface WriterOptions {
  readonly store: Store;
  readonly layout: () => SchemaLayout;
  readonly authorize: Authorize;
  /** Of what other programs write. */
  readonly clock: HybridClock;
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long transactions are merged before what is left waits for another turn. */
  readonly mergeMs?: number;
  /** Called after each commit, before the results are told. */
  readonly onCommitted: (committed: Committed, batch: MergedBatch) => void;
}

/** Limits of one flush. */
const TRANSACTIONS_MAX = 1000;
const OPERATIONS_MAX = 20_000;
const FOREIGN_MAX = 1000;
const LOCK_TIMEOUT_MS = 1000;
/** When the batch is being taken apart, others wait behind each of its parts. */
const LOCK_TIMEOUT_APART_MS = 50;
/** Others get their turn after this time: on a large object each transaction may cost what the object is large. Its state is read and written once for each turn, so turns are not short. */
const MERGE_MS = 1000;
const HELD_MS = 200;
const RETRY_FIRST_MS = 20;
const RETRY_MOST_MS = 2000;
/** Bytes of frames that go into one flush, and that may wait for all flushes together; beyond that sockets are not read. */
const FLUSH_BYTES = 32 * 1024 * 1024;
const WAITING_BYTES_MAX = 256 * 1024 * 1024;
/** A transaction by itself that runs into the database's time limit so often is refused. */
const TIMEOUTS_MAX = 2;
/** How long a user whose transaction could not be stored is kept out of the flushes of others. */
const SUSPECT_MS = 60_000;
const SUSPECTS_MAX = 10_000;

interface Pending {
  readonly upload: Upload;
  readonly done: (result: UploadResult) => void;
  timeouts: number;
}

/** Writes what clients send, one flush at a time. */
export class Writer {
  readonly #options: WriterOptions;
  #queue: Pending[] = [];
  /** Of clients that another program's lock holds up: tried by themselves, so that the others do not wait with them. */
  #held: Pending[] = [];
  #isHeldDue = false;
  /** Users who have sent what the database refuses, until when they are written by themselves. */
  readonly #suspects = new Map<string, number>();
  #waitingBytes = 0;
  readonly #waitingForRoom: (() => void)[] = [];
  #isForeignDue = false;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** How much waits. */
  get pending(): number {
    return this.#queue.length + this.#held.length;
  }

  /** Takes a transaction; `done` is called once it is durable, or refused. */
  submit(upload: Upload, done: (result: UploadResult) => void): void {
    if (this.#isStopped) {
      done({ kind: "failed", error: new SyncServerError("SERVER_STOPPING", "the server is shutting down") });
      return;
    }
    const bytes = upload.bytes ?? 0;
    this.#waitingBytes += bytes;
    const settled = (result: UploadResult): void => {
      this.#waitingBytes -= bytes;
      if (this.#waitingBytes <= WAITING_BYTES_MAX) for (const go of this.#waitingForRoom.splice(0)) go();
      done(result);
    };
    this.#queue.push({ upload, done: settled, timeouts: 0 });
    this.#run();
  }

  /** Resolves once what waits, of all sessions together, leaves room for more. */
  async room(): Promise<void> {
    while (this.#waitingBytes > WAITING_BYTES_MAX && !this.#isStopped) await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Takes in what other programs wrote, with the next flush. */
  takeForeign(): void {
    this.#isForeignDue = true;
    this.#run();
  }

  /** Writes what was taken, then nothing more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const go of this.#waitingForRoom.splice(0)) go();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
      if (this.#hasWork()) this.#run();
    });
  }

  async #loop(): Promise<void> {
    // One turn of the event loop, so that what has come in together is written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#hasWork()) {
      if (this.#isHeldDue) {
        this.#isHeldDue = false;
        await this.#apart(this.#held.splice(0), 0);
      }
      const isForeignDue = this.#isForeignDue;
      this.#isForeignDue = false;
      const taken = this.#take();
      if (taken.length > 0 || isForeignDue) await this.#flush(taken, isForeignDue ? FOREIGN_MAX : 0);
      const suspect = this.#takeSuspect();
      if (suspect !== undefined) await this.#apart([suspect], 0);
    }
  }

  /** Not at once: what fails would fail again as fast as it can. */
  #foreignLater(): void {
    setTimeout(() => this.takeForeign(), HELD_MS);
  }

  #hasWork(): boolean {
    return this.#queue.length > 0 || this.#isForeignDue || this.#isHeldDue;
  }

  #take(): readonly Pending[] {
    if (this.#held.length > 0) {
      // What a client sends keeps its order.
      const held = new Set(this.#held.map(({ upload }) => upload.client));
      this.#held.push(...this.#queue.filter(({ upload }) => held.has(upload.client)));
      this.#queue = this.#queue.filter(({ upload }) => !held.has(upload.client));
    }
    const suspected = this.#suspects.size === 0 ? [] : this.#queue.filter((each) => this.#isSuspect(each));
    if (suspected.length > 0) this.#queue = this.#queue.filter((each) => !this.#isSuspect(each));
    let operations = 0;
    let bytes = 0;
    let count = 0;
    for (const { upload } of this.#queue) {
      if (count >= TRANSACTIONS_MAX || (count > 0 && (operations + upload.ops.length > OPERATIONS_MAX || bytes + (upload.bytes ?? 0) > FLUSH_BYTES))) break;
      operations += upload.ops.length;
      bytes += upload.bytes ?? 0;
      count++;
    }
    const taken = this.#queue.splice(0, count);
    this.#queue.push(...suspected);
    return taken;
  }

  /** One transaction of a user whose transactions are written by themselves, between the flushes of all others. */
  #takeSuspect(): Pending | undefined {
    if (this.#suspects.size === 0) return undefined;
    const index = this.#queue.findIndex((each) => this.#isSuspect(each));
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  #isSuspect({ upload: { user } }: Pending): boolean {
    const until = this.#suspects.get(user);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#suspects.delete(user);
    return false;
  }

  #suspect(user: string): void {
    if (this.#suspects.size >= SUSPECTS_MAX) this.#suspects.clear();
    this.#suspects.set(user, performance.now() + SUSPECT_MS);
  }

  async #flush(pending: readonly Pending[], foreignLimit: number): Promise<void> {
    for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(delayMs * 2, RETRY_MOST_MS)) {
      try {
        await this.#attempt(pending, foreignLimit, LOCK_TIMEOUT_MS);
        return;
      } catch (error) {
        this.#options.metrics.add("holdfast_flush_failures_total");
        this.#options.log.warn("flush failed", { code: codeOf(error) });
        if (!isPassing(error) || isLocked(error) || isTimedOut(error)) {
          await this.#apart(pending, foreignLimit);
          return;
        }
        if (this.#isStopped && delayMs >= RETRY_MOST_MS) {
          fail(pending, new SyncServerError("STORE_UNAVAILABLE", "the database does not answer"));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  /** Client by client, in the order of each. Who is held up by another program's lock comes back later; who cannot be stored is refused. */
  async #apart(pending: readonly Pending[], foreignLimit: number): Promise<void> {
    const later: Pending[] = [];
    if (foreignLimit > 0) await this.#attempt([], foreignLimit, LOCK_TIMEOUT_APART_MS).catch(() => this.#foreignLater());
    for (const group of Map.groupBy(pending, ({ upload }) => upload.client).values()) {
      for (const [index, each] of group.entries()) {
        try {
          await this.#attempt([each], 0, LOCK_TIMEOUT_APART_MS);
        } catch (error) {
          if (isPassing(error) && !(isTimedOut(error) && ++each.timeouts >= TIMEOUTS_MAX)) {
            later.push(...group.slice(index));
            break;
          }
          if (isStoreFailure(error)) {
            this.#options.log.error("the store has failed", { code: codeOf(error) });
            fail(group.slice(index), new SyncServerError("STORE_UNAVAILABLE", "the database has failed", { cause: error }));
            break;
          }
          this.#options.log.error("a transaction cannot be stored", { code: codeOf(error) });
          this.#suspect(each.upload.user);
          await this.#attempt([each], 0, LOCK_TIMEOUT_APART_MS, true).catch((cause: unknown) => fail([each], new SyncServerError("STORE_UNAVAILABLE", "the database refuses a transaction", { cause })));
        }
      }
    }
    if (later.length === 0) return;
    this.#held = [...later, ...this.#held];
    setTimeout(() => {
      this.#isHeldDue = true;
      this.#run();
    }, HELD_MS);
  }

  async #attempt(pending: readonly Pending[], foreignLimit: number, lockTimeoutMs: number, isRefused = false): Promise<void> {
    const { store, metrics, layout, authorize, clock, now, mergeMs = MERGE_MS } = this.#options;
    const uploads = pending.map(({ upload }) => upload);
    let batch: MergedBatch | undefined;
    const startedAt = performance.now();
    const committed = await store.flush({
      uploads,
      foreignLimit,
      lockTimeoutMs,
      plan: (input) => {
        const current = layout();
        if (input.floor !== undefined) clock.observe(input.floor.stamp);
        const endMs = performance.now() + mergeMs;
        batch = mergeBatch(uploads, input, { layout: current, nowMs: now(), isOver: () => performance.now() >= endMs, authorize: isRefused ? () => ({ code: "VALUE_UNSUPPORTED", reason: "a value cannot be stored" }) : authorize }, foreignOperations(input, { layout: current, clock, onUnreadable: (type) => this.#options.log.error("a row of another program cannot be read", { class: type }) }));
        return batch;
      },
    });
    if (batch === undefined) return;
    if (batch.results.length < pending.length) this.#queue = inTurns([...pending.slice(batch.results.length), ...this.#queue]);
    if (committed !== undefined) {
      metrics.add("holdfast_flushes_total");
      metrics.add("holdfast_transactions_total", batch.receipts.length);
      metrics.add("holdfast_operations_total", batch.entries.reduce((sum, { ops }) => sum + ops.length, 0));
      metrics.observe("holdfast_flush_seconds", (performance.now() - startedAt) / 1000);
      this.#options.onCommitted(committed, batch);
      // There may be more where this came from.
      if (foreignLimit > 0 && batch.entries.some(({ client }) => client === "")) this.#isForeignDue = true;
    }
    for (const [index, { done }] of pending.entries()) {
      const result = batch.results[index];
      if (result !== undefined) done(result);
    }
  }
}

/** One of each client after the other; those of a client in their order. */
function inTurns(pending: readonly Pending[]): Pending[] {
  const groups = [...Map.groupBy(pending, ({ upload }) => upload.client).values()];
  const longest = groups.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_unused, turn) => groups.flatMap((group) => group[turn] ?? [])).flat();
}

function fail(pending: readonly Pending[], error: SyncServerError): void {
  for (const { done } of pending) done({ kind: "failed", error });
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error instanceof Error ? error.name : "unknown";
}
