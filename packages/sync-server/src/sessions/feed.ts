/**
 * The feed: every change of the database, in order, to all sessions of this server.
 *
 * What this server has written itself goes out at once. As soon as a version is missing in between, somebody else wrote it: then the log
 * is read, from the last version that went out, in one snapshot with the states that are needed.
 *
 * @module
 */
import type { ObjectState } from "@holdfast/sync-protocol";
import type { MergedBatch } from "../merge/merge-batch.ts";
import type { Log } from "../operations/log.ts";
import type { Metrics } from "../operations/metrics.ts";
import { isPassing } from "../store/failures.ts";
import { objectName } from "../store/store.ts";
import type { Committed, Snapshot, Store } from "../store/store.ts";
import { ChangeBatch, deltaOf, entering } from "./delta.ts";
import type { Delta } from "./delta.ts";
import type { View } from "./view.ts";

/** Who listens. */
export interface FeedListener {
  readonly view: View | undefined;
  receive(delta: Delta): void;
}

/** Entries that one read of the log asks for. */
const READ_MAX = 5000;
const RETRY_MS = 200;

/** Sends changes to sessions. */
export class Feed {
  readonly listeners: Set<FeedListener> = new Set<FeedListener>();
  readonly #store: Store;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #waiting = new Set<{ readonly version: number; readonly reached: () => void }>();
  #version = 0;
  #isDirty = false;
  #reading: Promise<void> | undefined;
  #isStopped = false;

  constructor(store: Store, log: Log, metrics: Metrics) {
    this.#store = store;
    this.#log = log;
    this.#metrics = metrics;
  }

  /** The last version that went out. */
  get version(): number {
    return this.#version;
  }

  /** Begins behind what is there. */
  async start(): Promise<void> {
    this.#version = (await this.#store.position()).version;
    this.#store.onHint(() => this.look());
  }

  /** Something that this server has written. */
  committed({ version, salt }: Committed, batch: MergedBatch): void {
    if (this.#reading !== undefined || version !== this.#version + 1) {
      this.look();
      return;
    }
    const states = new Map(batch.objects.map(({ type, pk, state }) => [objectName(type, pk), state]));
    this.#send(new ChangeBatch(batch.entries, { version, salt }), (changes, view) => new Map(entering(changes, view).flatMap(({ name }) => (states.has(name) ? [[name, states.get(name) as ObjectState]] : []))));
  }

  /** There may be something new. */
  look(): void {
    this.#isDirty = true;
    if (this.#isStopped) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#isDirty) this.look();
    });
  }

  /** Resolves once everything up to a version went out. */
  async reach(version: number): Promise<void> {
    if (this.#version >= version) return;
    await new Promise<void>((reached) => {
      this.#waiting.add({ version, reached });
      this.look();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#reading;
    for (const { reached } of this.#waiting) reached();
  }

  async #read(): Promise<void> {
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false;
      let snapshot: Snapshot | undefined;
      try {
        snapshot = await this.#store.snapshot();
        await this.#drain(snapshot);
      } catch (error) {
        this.#metrics.add("holdfast_feed_failures_total");
        this.#log.warn("reading the log failed", { passing: isPassing(error) });
        this.#isDirty = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      } finally {
        await snapshot?.release();
      }
    }
  }

  /** Everything up to the snapshot's version, as one batch where it can be: states are as of the snapshot, so what enters a view comes last. */
  async #drain(snapshot: Snapshot): Promise<void> {
    const { version } = snapshot.position;
    if (version <= this.#version) return;
    const entries = [];
    for (let at = this.#version; at < version; ) {
      const page = await snapshot.changes(at, READ_MAX);
      entries.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      at = last.version;
    }
    const batch = new ChangeBatch(entries, { version, salt: (await snapshot.salt(version)) ?? "" });
    const views = new Set([...this.listeners].flatMap(({ view }) => (view === undefined ? [] : [view])));
    const wanted = new Map([...views].flatMap((view) => entering(batch, view).map((span) => [span.name, span] as const)));
    const states = wanted.size === 0 ? new Map<string, ObjectState>() : await snapshot.states([...wanted.values()]);
    // A view that came while the states were read has no need of this batch: its own snapshot is newer.
    this.#send(batch, () => states);
  }

  #send(batch: ChangeBatch, statesFor: (batch: ChangeBatch, view: View) => ReadonlyMap<string, ObjectState>): void {
    this.#version = batch.version;
    const deltas = new Map<string, Delta>();
    for (const listener of this.listeners) {
      const { view } = listener;
      if (view === undefined) continue;
      let delta = deltas.get(view.digest);
      if (delta === undefined) {
        delta = deltaOf(batch, view, statesFor(batch, view));
        deltas.set(view.digest, delta);
      }
      listener.receive(delta);
    }
    for (const waiter of this.#waiting) {
      if (waiter.version > this.#version) continue;
      this.#waiting.delete(waiter);
      waiter.reached();
    }
  }
}
