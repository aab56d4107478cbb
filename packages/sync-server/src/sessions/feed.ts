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
import { ChangeBatch, deltaOf, entering, writersOf } from "./delta.ts";
import type { Delta, ObjectSpan, SpanInView } from "./delta.ts";
import type { View } from "./view.ts";
import { ViewIndex } from "./view-index.ts";

/** Who listens. */
export interface FeedListener {
  /** What is new for its view; not called where there is nothing. */
  receive(delta: Delta): void;
  /** What was new for its view could not be told: what it has is no longer all there is. It hears nothing more. */
  lost(): void;
}

/** What a listener is shown, and as whom it writes. */
export interface Following {
  readonly view: View;
  readonly client: string;
}

/** Listeners with equal views. */
interface Audience {
  readonly view: View;
  readonly listeners: Set<FeedListener>;
}

/** Entries that one read of the log asks for. */
const READ_MAX = 5000;
const RETRY_MS = 200;
/** Ends of batches that are remembered: far more than there are while a bootstrap runs, and nothing is lost by a few too little. */
const ENDS_MAX = 4096;

/** Sends changes to sessions. */
export class Feed {
  readonly #store: Store;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #waiting = new Set<{ readonly version: number; readonly reached: () => void }>();
  readonly #following = new Map<FeedListener, { readonly audience: Audience; readonly client: string }>();
  readonly #audiences = new Map<string, Audience>();
  readonly #index = new ViewIndex<Audience>();
  readonly #byClient = new Map<string, Set<FeedListener>>();
  #version = 0;
  readonly #ends = new Set<number>();
  readonly #joining: ((snapshot: Snapshot) => Promise<void>)[] = [];
  #salt = "";
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

  /** What names that version; empty before the first one went out. */
  get salt(): string {
    return this.#salt;
  }

  /**
   * True if a batch ended with this version, so that the next one began behind it. Whoever has a snapshot of a version inside a batch would
   * miss what came before and went after it: the batch tells only from what to what all of it leads.
   */
  endedAt(version: number): boolean {
    return this.#ends.has(version);
  }

  /** Reads with a snapshot at which a batch has just ended, before the next one begins. */
  join(read: (snapshot: Snapshot) => Promise<void>): void {
    this.#joining.push(read);
    this.look();
  }

  /** How many different views there are. */
  get viewCount(): number {
    return this.#audiences.size;
  }

  /** From here on the listener hears what is new for this view, and for no other that it followed before. */
  follow(listener: FeedListener, { view, client }: Following): void {
    this.leave(listener);
    const known = this.#audiences.get(view.digest);
    const audience = known ?? { view, listeners: new Set() };
    if (known === undefined) {
      this.#audiences.set(view.digest, audience);
      this.#index.add(audience, view);
    }
    audience.listeners.add(listener);
    this.#following.set(listener, { audience, client });
    const others = this.#byClient.get(client);
    if (others === undefined) this.#byClient.set(client, new Set([listener]));
    else others.add(listener);
  }

  /** The listener hears nothing more. */
  leave(listener: FeedListener): void {
    const following = this.#following.get(listener);
    if (following === undefined) return;
    const { audience, client } = following;
    this.#following.delete(listener);
    audience.listeners.delete(listener);
    if (audience.listeners.size === 0) {
      this.#audiences.delete(audience.view.digest);
      this.#index.remove(audience);
    }
    const others = this.#byClient.get(client);
    others?.delete(listener);
    if (others?.size === 0) this.#byClient.delete(client);
  }

  /** Begins behind what is there. */
  async start(): Promise<void> {
    this.#version = (await this.#store.position()).version;
    this.#ends.add(this.#version);
    this.#store.onHint(() => this.look());
  }

  /** Something that this server has written. */
  committed({ version, salt }: Committed, batch: MergedBatch): void {
    if (this.#reading !== undefined || version !== this.#version + 1) {
      this.look();
      return;
    }
    const states = new Map(batch.objects.map(({ type, pk, state }) => [objectName(type, pk), state]));
    const changes = new ChangeBatch(batch.entries, { version, salt });
    this.#send(changes, this.#spansByAudience(changes), states);
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
        for (const read of this.#joining.splice(0)) await read(snapshot);
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
    const spans = this.#spansByAudience(batch);
    const wanted = new Map([...spans].flatMap(([{ view }, each]) => entering(each, view).map((span) => [span.name, span] as const)));
    const states = wanted.size === 0 ? new Map<string, ObjectState>() : await snapshot.states([...wanted.values()]);
    // A view that came while the states were read has no need of this batch: its own snapshot is newer.
    this.#send(batch, spans, states);
  }

  /** For each view what it shows of the batch, before or after, and what those have written who follow it. */
  #spansByAudience(batch: ChangeBatch): ReadonlyMap<Audience, readonly SpanInView[]> {
    const found = new Map<Audience, SpanInView[]>();
    const note = (audience: Audience, span: ObjectSpan): SpanInView => {
      const spans = found.get(audience);
      const last = spans?.at(-1);
      if (last?.span === span) return last;
      const added = { span, wasShown: false, isShown: false };
      if (spans === undefined) found.set(audience, [added]);
      else spans.push(added);
      return added;
    };
    const failed = new Map<Audience, unknown>();
    const fail = (audience: Audience, error: unknown): void => void failed.set(audience, error);
    for (const span of batch.objects) {
      if (span.before !== undefined) this.#index.forEachShowing(span.type, span.before, (audience) => (note(audience, span).wasShown = true), fail);
      if (span.after !== undefined) this.#index.forEachShowing(span.type, span.after, (audience) => (note(audience, span).isShown = true), fail);
      for (const writer of writersOf(span)) {
        for (const listener of this.#byClient.get(writer) ?? []) {
          const audience = this.#following.get(listener)?.audience;
          if (audience?.view.classes.has(span.type) === true) note(audience, span);
        }
      }
    }
    for (const [audience, error] of failed) {
      found.delete(audience);
      for (const listener of [...audience.listeners]) this.#lose(listener, error);
    }
    return found;
  }

  /** One view, or one listener, that fails takes nothing from the others: the version has gone out, and nobody is told of it again. */
  #tell(audience: Audience, make: () => Delta): void {
    let delta: Delta | undefined;
    for (const listener of [...audience.listeners]) {
      try {
        delta ??= make();
        listener.receive(delta);
      } catch (error) {
        this.#lose(listener, error);
      }
    }
  }

  #lose(listener: FeedListener, error: unknown): void {
    this.#metrics.add("holdfast_feed_failures_total");
    this.#log.warn("a change could not be told", { error: error instanceof Error ? error.name : "unknown" });
    this.leave(listener);
    listener.lost();
  }

  #send(batch: ChangeBatch, spans: ReadonlyMap<Audience, readonly SpanInView[]>, states: ReadonlyMap<string, ObjectState>): void {
    this.#version = batch.version;
    this.#salt = batch.salt;
    this.#ends.add(batch.version);
    if (this.#ends.size > ENDS_MAX) this.#ends.delete(this.#ends.values().next().value as number);
    for (const [audience, each] of spans) {
      // All of them may have gone, or to another view, while states were read.
      if (audience.listeners.size === 0) continue;
      this.#tell(audience, () => deltaOf(batch, audience.view, each, states));
    }
    for (const waiter of this.#waiting) {
      if (waiter.version > this.#version) continue;
      this.#waiting.delete(waiter);
      waiter.reached();
    }
  }
}
