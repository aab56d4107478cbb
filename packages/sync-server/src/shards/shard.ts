/**
 * A shard: one database with its counter row, its writer and its feed, and the sessions of the users who belong to it.
 *
 * Shards share the process, the port and the users, and nothing else: no statement reaches two databases, and none waits for another's.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { HybridClock, laterOf, LIMITS, NEVER } from "@holdfast/sync-protocol";
import type { Limits, Stamp, SyncSchema } from "@holdfast/sync-protocol";
import type { Authenticator, VerifiedUser } from "../auth/authenticator.ts";
import { SyncServerError } from "../errors.ts";
import type { Log } from "../operations/log.ts";
import type { Metrics } from "../operations/metrics.ts";
import { refusalOf } from "../permissions/authorize.ts";
import { policyStatements } from "../permissions/policies.ts";
import { compileRules } from "../permissions/rules.ts";
import type { CompiledRules, Rules } from "../permissions/rules.ts";
import { mergedSchema } from "../schema/additions.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";
import { Feed } from "../sessions/feed.ts";
import { Gate } from "../sessions/gate.ts";
import { ResumeTokens } from "../sessions/resume-token.ts";
import type { Session } from "../sessions/session.ts";
import type { SchemaPolicy, SessionContext } from "../sessions/session-context.ts";
import { userRights } from "../sessions/user-rights.ts";
import { Writer } from "../sessions/writer.ts";
import type { Position, Store, Upload } from "../store/store.ts";

/** What a shard is made of. */
export interface ShardOptions {
  /** Undefined for the only one of a server. */
  readonly name: string | undefined;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly rules: Rules;
  readonly schema: SyncSchema | undefined;
  readonly schemaPolicy: SchemaPolicy;
  readonly usesPolicies: boolean;
  readonly limits: Partial<Limits> | undefined;
  readonly pollMs: number;
  readonly offlineDays: number;
  readonly foldMarginMs: number | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const COMPACT_MS = 60_000;
/** How long after a commit this server has handed on what it wrote itself, unless it is overloaded. */
const OWN_MS = 20;
/** A database that has not answered for this long is not ready. */
const ANSWER_MS = 5000;

/** One database of a server. */
export class Shard {
  readonly #options: ShardOptions;
  readonly #byClient = new Map<string, Session>();
  readonly #seen = new Map<string, number>();
  readonly #uploadRights: SessionContext["uploadRights"] = new WeakMap();
  readonly #timers: NodeJS.Timeout[] = [];
  /** Gives stamps just behind the floor: it never looks at the time. */
  #folded: Stamp = NEVER;
  #layout: SchemaLayout | undefined;
  #rules: CompiledRules = new Map();
  #context: SessionContext | undefined;
  #secret = "";
  #answeredAt = 0;
  #isAnswering = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ShardOptions) {
    this.#options = options;
  }

  /** Its name; undefined for the only one. */
  get name(): string | undefined {
    return this.#options.name;
  }

  /** What its sessions share; undefined until it has started, and once it stops. */
  get context(): SessionContext | undefined {
    return this.#stopping === undefined ? this.#context : undefined;
  }

  /** True while its database answers. */
  get isReady(): boolean {
    return this.context !== undefined && this.#isAnswering && performance.now() - this.#answeredAt < Math.max(ANSWER_MS, 10 * this.#options.pollMs);
  }

  /** Equal for two shards only if the database of one is a copy of the other's. Never logged. */
  get secret(): string {
    return this.#secret;
  }

  /** Which kind of database it is. */
  get kind(): Store["kind"] {
    return this.#options.store.kind;
  }

  /**
   * Opens the database. Can be called again after it has failed.
   *
   * @param check - Throws if the secret is that of another shard.
   */
  async start(check: (secret: string) => void): Promise<void> {
    const { name, store, schema, rules, usesPolicies, log, metrics, now } = this.#options;
    const stored = await store.open();
    await this.#claim();
    this.#layout = await store.applySchema(mergedSchema(stored, schema ?? stored ?? { classes: [] }));
    this.#rules = compileRules(rules, this.#layout);
    if (usesPolicies) await store.applyPolicies?.(policyStatements(this.#rules, this.#layout));
    const secret = await store.secret();
    this.#secret = "";
    check(Buffer.from(secret).toString("hex"));
    this.#secret = Buffer.from(secret).toString("hex");
    const clock = new HybridClock({ replica: randomBytes(8).toString("hex"), now });
    const feed = new Feed(store, log, metrics);
    await feed.start();
    this.#risen(await store.position());
    if (this.#stopping !== undefined) throw new SyncServerError("SERVER_STOPPING", "the server is shutting down");
    const writer = new Writer({
      store, clock, now, log, metrics, layout: () => this.#layoutNow(),
      authorize: (upload, change) => this.#authorize(upload, change),
      onCommitted: (committed, batch) => feed.committed(committed, batch),
    });
    const { authenticator, limits, schemaPolicy, pollMs } = this.#options;
    this.#context = {
      store, writer, feed, authenticator, tokens: new ResumeTokens(secret), limits: { ...LIMITS, ...limits }, log, metrics,
      schemaPolicy, uploadsInFlight: 256, uploadBytesInFlight: 16 * 1024 * 1024, bootstraps: new Gate(4), uploadRights: this.#uploadRights, seen: this.#seen, now,
      folded: () => this.#folded,
      layout: () => this.#layoutNow(),
      newClientId: () => randomBytes(8).toString("hex"),
      rightsOf: (user: VerifiedUser) => userRights(this.#rules, user),
      extendSchema: (wanted) => this.#extendSchema(wanted),
      greeted: (session) => this.#greeted(session),
      closed: (session) => this.#closed(session),
    };
    metrics.gauge("holdfast_uploads_waiting", () => writer.pending);
    metrics.gauge("holdfast_version", () => feed.version);
    if (name !== undefined) metrics.gauge("holdfast_shard_ready", () => (this.isReady ? 1 : 0));
    this.#answered();
    this.#every(pollMs, () => this.#poll());
    this.#every(1000, () => this.#noteSeen());
    this.#every(COMPACT_MS, () => this.compact());
  }

  /** Forgets what no client needs any more. */
  async compact(): Promise<void> {
    await this.#noteSeen();
    const { store, now, offlineDays, foldMarginMs, log } = this.#options;
    const floor = await store.compact(new Date(now() - offlineDays * DAY_MS), foldMarginMs);
    this.#risen(await store.position());
    log.info("compacted", { floor });
  }

  /** Writes what it has taken, then nothing more; `isGone` tells its clients to come back, and resolves when they have hung up. */
  stop(isGone: (context: SessionContext) => Promise<void>): Promise<void> {
    this.#stopping ??= this.#stop(isGone);
    return this.#stopping;
  }

  async #stop(isGone: (context: SessionContext) => Promise<void>): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#context?.writer.stop();
    await this.#noteSeen().catch(() => undefined);
    if (this.#context !== undefined) await isGone(this.#context);
    await this.#context?.feed.stop();
    await this.#options.store.close();
  }

  /** A database that belongs to another shard would show one tenant's data to another. */
  async #claim(): Promise<void> {
    const { name, store } = this.#options;
    if (name === undefined) return;
    const claimed = await store.claim(name);
    if (claimed !== name) throw new SyncServerError("SHARD_MISMATCH", `the database of shard ${name} is that of shard ${claimed}`);
  }

  /** One session for a client: the connection that it has given up may not know of that yet. */
  #greeted(session: Session): void {
    const other = this.#byClient.get(session.client);
    this.#byClient.set(session.client, session);
    if (other !== undefined && other !== session) other.end("SESSION_REPLACED", "stop", "the client has connected again");
  }

  #closed(session: Session): void {
    if (this.#byClient.get(session.client) === session) this.#byClient.delete(session.client);
  }

  #authorize(upload: Upload, change: Parameters<typeof refusalOf>[0]): ReturnType<typeof refusalOf> {
    const known = this.#uploadRights.get(upload);
    return refusalOf(change, known?.rights().rights.get(change.type), this.#layoutNow().tables.get(change.type)?.class.asymmetric === true);
  }

  #layoutNow(): SchemaLayout {
    if (this.#layout === undefined) throw new SyncServerError("SERVER_STOPPING", "the server has not started");
    return this.#layout;
  }

  async #extendSchema(wanted: SyncSchema): Promise<void> {
    const known = this.#layoutNow().schema;
    if (JSON.stringify(mergedSchema(known, wanted)) === JSON.stringify(known)) return;
    this.#layout = await this.#options.store.applySchema(wanted);
    this.#rules = compileRules(this.#options.rules, this.#layout);
  }

  async #poll(): Promise<void> {
    const { store } = this.#options;
    try {
      if (await store.hasForeign()) this.#context?.writer.takeForeign();
      const feed = this.#context?.feed;
      const position = store.kind === "postgres" ? await store.position() : undefined;
      this.#answered();
      if (feed === undefined || position === undefined) return;
      this.#risen(position);
      if (position.version <= feed.version) return;
      // Mostly it is this server's own flush, whose end is just being heard of; reading the log would be in the way of the next ones.
      await new Promise((resolve) => setTimeout(resolve, OWN_MS));
      if (position.version > feed.version) feed.look();
    } catch (error) {
      this.#isAnswering = false;
      throw error;
    }
  }

  #risen({ folded }: Position): void {
    this.#folded = laterOf(this.#folded, folded);
  }

  #answered(): void {
    this.#answeredAt = performance.now();
    this.#isAnswering = true;
  }

  async #noteSeen(): Promise<void> {
    if (this.#seen.size === 0) return;
    const seen = new Map(this.#seen);
    this.#seen.clear();
    await this.#options.store.noteSeen(seen);
  }

  #every(ms: number, work: () => void | Promise<void>): void {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      Promise.resolve()
        .then(work)
        .catch(() => this.#options.metrics.add("holdfast_background_failures_total"))
        .finally(() => (isRunning = false));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
