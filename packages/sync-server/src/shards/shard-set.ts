/**
 * The shards of a server: started side by side, each by itself.
 *
 * One that cannot be reached keeps nobody else waiting. It is tried again until it is there; until then its users are told to come back.
 *
 * @module
 */
import type { VerifiedUser } from "../auth/authenticator.ts";
import { SyncServerError } from "../errors.ts";
import type { Log } from "../operations/log.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { isPassing } from "../store/failures.ts";
import type { Shard } from "./shard.ts";

/** How long those that are there wait for the others when a server starts, and how often one that is not there is tried. */
const OTHERS_MS = 2000;
const RETRY_MS = 1000;

/** One or several shards. */
export class ShardSet {
  readonly #shards: ReadonlyMap<string | undefined, Shard>;
  readonly #nameOf: (user: VerifiedUser) => string | undefined;
  readonly #log: Log;
  #isStopped = false;

  /** @param nameOf - Gives undefined for all users if there is one shard without a name. */
  constructor(shards: readonly Shard[], nameOf: (user: VerifiedUser) => string | undefined, log: Log) {
    this.#shards = new Map(shards.map((shard) => [shard.name, shard]));
    this.#nameOf = nameOf;
    this.#log = log;
  }

  /** All of them. */
  all(): readonly Shard[] {
    return [...this.#shards.values()];
  }

  /** What the sessions of a user's shard share. @throws {SyncServerError} `SHARD_UNKNOWN`, `STORE_UNAVAILABLE`, `SERVER_STOPPING` */
  contextOf(user: VerifiedUser): SessionContext {
    const shard = this.#shards.get(this.#nameOf(user));
    if (shard === undefined) throw new SyncServerError("SHARD_UNKNOWN", "the user belongs to no shard of this server");
    if (this.#isStopped) throw new SyncServerError("SERVER_STOPPING", "the server is shutting down");
    if (shard.context === undefined) throw new SyncServerError("STORE_UNAVAILABLE", "the shard's database has not answered yet");
    return shard.context;
  }

  /** Resolves once one is there and the others had their chance. A mistake in the configuration of any ends it, as does the last database that cannot be reached. */
  async start(): Promise<void> {
    const starts = this.all().map((shard) => ({ shard, started: this.#start(shard), outcome: undefined as { readonly error?: unknown } | undefined }));
    const settled = starts.map(async (each) => {
      each.outcome = await each.started.then(() => ({}), (error: unknown) => ({ error }));
      return each.outcome;
    });
    const all = Promise.all(settled);
    const first = Promise.any(starts.map(({ started }) => started)).then(() => new Promise((resolve) => setTimeout(resolve, OTHERS_MS)), () => all);
    await Promise.race([all, first]);
    const failures = starts.flatMap(({ outcome }) => (outcome !== undefined && "error" in outcome ? [outcome.error] : []));
    const fatal = failures.find((error) => !isPassing(error)) ?? (failures.length === starts.length ? failures[0] : undefined);
    if (fatal !== undefined) throw fatal;
    for (const [index, { shard }] of starts.entries()) void settled[index]?.then((outcome) => ("error" in outcome ? this.#tryAgain(shard, outcome.error) : undefined));
  }

  /** Each by itself: the sessions of one do not wait for another's database. */
  async stop(isGone: (context: SessionContext) => Promise<void>): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.all().map((shard) => shard.stop(isGone)));
  }

  #start(shard: Shard): Promise<void> {
    return shard.start((secret) => {
      const twin = this.all().find((other) => other !== shard && other.secret === secret);
      if (twin !== undefined) throw new SyncServerError("SHARD_MISMATCH", `the database of shard ${String(shard.name)} is a copy of that of shard ${String(twin.name)}`);
    });
  }

  /** Until it is there. What will not pass by itself is tried as well: an operator may be at work on it. */
  async #tryAgain(shard: Shard, failure: unknown): Promise<void> {
    for (let error = failure; !this.#isStopped; ) {
      this.#log.warn("a shard cannot be opened", { shard: shard.name ?? "", code: error instanceof SyncServerError ? error.code : "STORE_UNAVAILABLE" });
      await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS).unref());
      if (this.#isStopped) return;
      try {
        await this.#start(shard);
        this.#log.info("a shard is there", { shard: shard.name ?? "" });
        return;
      } catch (cause) {
        error = cause;
      }
    }
  }
}
