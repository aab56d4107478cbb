/**
 * One tab among those that use a database: its worker, and its way to whichever worker owns the file.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { Connection } from "./connection.ts";
import { freshId, holdLock, namesOf } from "./host.ts";
import type { Channel, Host, LockHandle } from "./host.ts";
import type { FromWorker, HubMessage, Request } from "./messages.ts";
import { failedWith, PageWorker, takeKey } from "./page-worker.ts";
import type { PageKey, WorkerLike } from "./page-worker.ts";
import type { OwnerListener, OwnerPlace } from "./remote-realm.ts";

/** How a page reaches a realm. */
export interface RemoteOptions {
  /** Starts the worker whose module calls `serve`, or is that worker. A function is called again if the worker should end. */
  readonly worker: (() => WorkerLike) | WorkerLike;
  /** Without it, what the worker's configuration says. */
  readonly path?: string;
  /** 64 bytes, which are zeros afterwards, or what gives them. The worker keeps them: it may be its turn to open the file at any time. */
  readonly encryptionKey?: PageKey;
  /** How long the owner in another tab may be silent, in ms, before what waits for it is given up. Default 30,000. */
  readonly ownerDeadlineMs?: number;
}

const DEFAULT_DEADLINE_MS = 30_000;
/** How long a worker may take to its first word: it may have to be fetched. */
const START_MS = 60_000;
/** After so many parts of the deadline without a word it is over. A page that was frozen itself counts none. */
const PARTS = 4;

/** One tab. */
export class Tab {
  readonly ownerListeners: Set<OwnerListener> = new Set();
  readonly connection: Connection;
  readonly #host: Host;
  readonly #options: RemoteOptions;
  readonly #client = freshId();
  readonly #deadlineMs: number;
  readonly #startMs: number;
  #worker: PageWorker | undefined;
  #started: WorkerLike | undefined;
  #workerId = "";
  #path = "";
  #hub: Channel | undefined;
  #life: LockHandle | undefined;
  #owner: OwnerPlace = "nobody";
  /** The owner's name, also before its channel is joined. */
  #ownerId: string | undefined;
  /** Since when there has been the newest owner elsewhere that this tab has heard of. */
  #since = 0;
  /** The other owner of which this tab's worker has said that it is the same database. */
  #fits: string | undefined;
  /** Why nothing is asked of the other owner: it is not the same database to this tab. */
  #misfit: Error | undefined;
  #isOpening = false;
  #gone: RealmError | undefined;
  #isClosed = false;
  #silentParts = 0;
  #clock: ReturnType<typeof setInterval> | undefined;
  #onOpen: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(host: Host, options: RemoteOptions, startMs: number = START_MS) {
    this.#host = host;
    this.#startMs = startMs;
    this.#options = options;
    this.#deadlineMs = options.ownerDeadlineMs ?? DEFAULT_DEADLINE_MS;
    this.connection = new Connection(this.#deadlineMs, {
      onWelcome: () => this.#onOpen?.resolve(),
      onBye: () => this.#setOwner("nobody", undefined),
      onAsked: () => this.#watchClock(),
      onHeard: () => {
        this.#silentParts = 0;
      },
    });
  }

  get path(): string {
    return this.#path;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }
  get owner(): OwnerPlace {
    return this.#owner;
  }

  /** Starts the worker. @returns When an owner has answered. */
  async open(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => (this.#onOpen = { resolve, reject }));
    try {
      await this.#start();
      this.#watchClock();
      await opened;
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      this.#onOpen = undefined;
    }
  }

  ask(request: Request): Promise<unknown> {
    if (this.#misfit !== undefined) return Promise.reject(this.#misfit);
    const answer = this.connection.ask(request);
    // After a failure the worker waits to be asked again.
    if (this.#owner === "nobody") this.#worker?.say({ kind: "stand" });
    return answer;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.connection.refuseUnsent(new RealmError("REALM_CLOSED", "The realm was closed before an owner was there to ask."));
    await this.connection.settle();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    this.connection.close();
    if (this.#clock !== undefined) clearInterval(this.#clock);
    this.#clock = undefined;
    await this.#worker?.close();
    if (typeof this.#options.worker === "function") this.#started?.terminate();
    this.#hub?.close();
    this.#life?.release();
    this.#setOwner("nobody", undefined);
  }

  async #start(): Promise<void> {
    const { worker, path, encryptionKey } = this.#options;
    const key = await takeKey(encryptionKey);
    if (this.#isClosed) return;
    // Named before it starts: what it says to all may be heard before what it says to this page.
    this.#workerId = freshId();
    this.#started = typeof worker === "function" ? worker() : worker;
    this.#worker = new PageWorker({ host: this.#host, worker: this.#started, id: this.#workerId, path, key, startMs: this.#startMs, onMessage: (message) => this.#hear(message), onGone: (error) => this.#lost(error) });
  }

  #hear(message: FromWorker): void {
    this.#silentParts = 0;
    this.#isOpening = message.kind === "opening";
    switch (message.kind) {
      case "hello":
        return this.#meet(message);
      case "owner":
        return this.#join("this tab", this.#workerId, this.#host.adopt(message.port));
      case "fits":
        this.#fits = message.owner;
        return this.#joinOther();
      case "misfits":
        if (!this.#turnTo(message)) return undefined;
        this.#misfit = failedWith(message);
        return this.#fail(this.#misfit);
      case "failed":
        return this.#fail(failedWith(message));
      default:
        return undefined;
    }
  }

  #meet({ path, isAlone }: Extract<FromWorker, { kind: "hello" }>): void {
    this.#path = path;
    const { locks } = this.#host;
    if (isAlone || locks === undefined) return;
    // A worker that was started again has to look at the owner, too.
    if (this.#hub !== undefined) return this.#hub.send({ kind: "who" } satisfies HubMessage);
    const names = namesOf(path);
    const hub = this.#host.broadcast(names.hub);
    this.#hub = hub;
    hub.listen((message) => this.#overhear(message as HubMessage));
    // The owner learns of this page's end by getting this lock.
    this.#life = holdLock(locks, names.client(this.#client), () => hub.send({ kind: "who" } satisfies HubMessage));
  }

  #overhear(message: HubMessage): void {
    // This tab's own worker tells by itself.
    if (message.kind !== "owner" || message.owner === this.#workerId) return;
    if (this.#turnTo(message)) this.#joinOther();
  }

  /**
   * There is an owner elsewhere. This may come over the hub first, or from the own worker.
   *
   * @returns False for what comes late: as long as the own worker has the lock, or about an owner before the one that is known.
   */
  #turnTo({ owner, since }: { readonly owner: string; readonly since: number }): boolean {
    if (owner === this.#ownerId) return true;
    // A clock may have been set back: then the silence of the one that is known decides.
    if (this.#owner === "this tab" || (since < this.#since && this.#silentParts === 0)) return false;
    this.#since = since;
    this.#silentParts = 0;
    this.connection.lose();
    this.#misfit = undefined;
    this.#setOwner("nobody", owner);
    return true;
  }

  #joinOther(): void {
    const owner = this.#ownerId;
    // Without a worker of its own this tab has nobody who could look; it had one that did.
    if (owner === undefined || (owner !== this.#fits && this.#worker !== undefined)) return;
    if (this.#owner !== "nobody" || this.#hub === undefined) return;
    const session = freshId();
    this.#join("another tab", owner, this.#host.broadcast(namesOf(this.#path).session(session)));
    this.#hub.send({ kind: "join", owner, client: this.#client, session } satisfies HubMessage);
  }

  #join(place: OwnerPlace, owner: string | undefined, channel: Channel): void {
    this.#misfit = undefined;
    this.connection.join(channel, place === "this tab");
    this.#setOwner(place, owner);
  }

  #setOwner(place: OwnerPlace, owner: string | undefined): void {
    this.#ownerId = owner;
    if (place === this.#owner) return;
    this.#owner = place;
    for (const listener of [...this.ownerListeners]) listener(place);
  }

  /** The worker cannot open the file. */
  #fail(error: Error): void {
    if (this.#onOpen === undefined) this.connection.refuseUnsent(error);
    else this.#onOpen.reject(error);
  }

  /** The worker is gone. */
  #lost(error: RealmError): void {
    this.#worker = undefined;
    const isRestartable = typeof this.#options.worker === "function" && (this.#options.encryptionKey === undefined || typeof this.#options.encryptionKey === "function");
    if (this.#owner === "this tab") {
      this.connection.lose();
      this.#setOwner("nobody", undefined);
    }
    if (this.#onOpen !== undefined) return this.#onOpen.reject(error);
    if (isRestartable && !this.#isClosed) void this.#restart();
    else this.#cannot(error);
  }

  async #restart(): Promise<void> {
    try {
      await this.#start();
    } catch (reason) {
      this.#cannot(new RealmError("WORKER_GONE", "The worker of this page has ended and cannot be started again.", { cause: reason }));
    }
  }

  #cannot(error: RealmError): void {
    this.#gone = error;
    // Without locks there are no other tabs to ask.
    if (this.#hub === undefined) this.connection.refuseUnsent(error);
    this.#watchClock();
  }

  /** Counts the silence of an owner elsewhere, while somebody waits for it. */
  #watchClock(): void {
    this.#clock ??= setInterval(() => this.#tick(), this.#deadlineMs / PARTS);
  }

  #tick(): void {
    const isWaiting = this.connection.isWaiting || this.#onOpen !== undefined;
    if (!isWaiting || this.#isClosed) {
      clearInterval(this.#clock);
      this.#clock = undefined;
      return;
    }
    // The own worker's end is told at once, and it may take its time; so may its start, before which nobody can be asked.
    if (this.#owner === "this tab" || this.#isOpening || this.#path === "") return;
    this.#silentParts += 1;
    if (this.#silentParts > PARTS) return this.#giveUp();
    if (this.connection.isWelcome) this.connection.say({ kind: "ping" });
    this.#hub?.send({ kind: "who" } satisfies HubMessage);
  }

  #giveUp(): void {
    this.#silentParts = 0;
    const error = this.#gone ?? new RealmError("OWNER_SILENT", `The tab that owns the database has not answered for ${this.#deadlineMs} ms: it may be frozen in the background, or in a long transaction.`);
    this.connection.giveUp(error);
    this.#onOpen?.reject(error);
  }
}
