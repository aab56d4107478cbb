/**
 * A page's way to whoever owns the file: this tab's worker, or that of another.
 *
 * Every request is sent to one owner once. If that owner is gone before it has answered, reading is asked of the next one again,
 * and a write is rejected with `COMMIT_UNKNOWN`: it may have been done. What was never sent waits for the next owner.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { errorOf } from "./failures.ts";
import type { Channel } from "./host.ts";
import type { Delta, FirstState, FromOwner, QueryMessage, Request, ToOwner } from "./messages.ts";

/** A live query, as far as its owner's messages concern it. */
export interface Watching {
  readonly query: QueryMessage;
  first(state: FirstState): void;
  changed(delta: Delta): void;
  failed(error: Error): void;
}

interface Pending {
  readonly request: Request;
  readonly isWrite: boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The channel to one owner. */
interface Session {
  readonly channel: Channel;
  readonly isOwn: boolean;
  isWelcome: boolean;
}

/** What a connection tells. */
export interface ConnectionEvents {
  /** The owner's first word: requests are sent from now on. */
  onWelcome(): void;
  /** The owner has said goodbye. */
  onBye(): void;
  /** Somebody waits for an answer. */
  onAsked(): void;
  /** The owner has said something. */
  onHeard(): void;
}

/** Requests on their way, and live queries. */
export class Connection {
  readonly #deadlineMs: number;
  readonly #events: ConnectionEvents;
  #session: Session | undefined;
  #lastId = 0;
  readonly #sent = new Map<number, Pending>();
  readonly #answers = new Set<Promise<unknown>>();
  #unsent: Pending[] = [];
  #lastWatch = 0;
  readonly #watching = new Map<number, Watching>();

  constructor(deadlineMs: number, events: ConnectionEvents) {
    this.#deadlineMs = deadlineMs;
    this.#events = events;
  }

  /** True while somebody waits for an answer. */
  get isWaiting(): boolean {
    return this.#sent.size + this.#unsent.length > 0;
  }

  /** True if an owner has answered. */
  get isWelcome(): boolean {
    return this.#session?.isWelcome === true;
  }

  ask(request: Request): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      this.#put({ request, isWrite: request.kind === "write" || request.kind === "call", resolve, reject });
    });
    this.#answers.add(answer);
    const settled = (): void => void this.#answers.delete(answer);
    answer.then(settled, settled);
    return answer;
  }

  #put(pending: Pending): void {
    if (this.#session?.isWelcome === true) this.#send(this.#session, pending);
    else this.#unsent.push(pending);
    this.#events.onAsked();
  }

  /** @returns Its number. */
  watch(watching: Watching): number {
    this.#lastWatch += 1;
    this.#watching.set(this.#lastWatch, watching);
    if (this.isWelcome) this.#begin(this.#lastWatch, watching);
    return this.#lastWatch;
  }

  unwatch(number: number): void {
    this.#watching.delete(number);
    if (this.isWelcome) this.say({ kind: "unwatch", watch: number });
  }

  /** Takes another owner's channel. What the one before has not answered is lost with it. */
  join(channel: Channel, isOwn: boolean): void {
    this.lose();
    const session: Session = { channel, isOwn, isWelcome: false };
    this.#session = session;
    channel.listen((message) => {
      if (this.#session === session) this.#hear(session, message as FromOwner);
    });
  }

  /** The owner is gone. */
  lose(): void {
    this.#leave();
    for (const pending of this.#takeSent()) {
      if (pending.isWrite) pending.reject(unknownFate("The tab that owned the database went before it answered"));
      else if (pending.request.kind !== "watch") this.#unsent.push(pending);
    }
  }

  /** Nobody has answered for too long: gives up what waits, and stays. Live queries go on when the owner does. */
  giveUp(silent: RealmError): void {
    for (const [id, pending] of [...this.#sent]) {
      if (pending.request.kind === "watch") continue;
      this.#sent.delete(id);
      pending.reject(pending.isWrite ? unknownFate("The tab that owns the database does not answer") : silent);
    }
    this.refuseUnsent(silent);
  }

  /** Rejects what was never sent. */
  refuseUnsent(error: Error): void {
    for (const pending of this.#unsent.splice(0)) pending.reject(error);
  }

  /** Waits for every answer but the first ones of live queries. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#answers);
  }

  /** Ends the session in order. */
  close(): void {
    this.#watching.clear();
    if (this.#session !== undefined) this.say({ kind: "leave" });
    this.lose();
  }

  say(message: ToOwner): void {
    this.#session?.channel.send(message);
  }

  #leave(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    session.channel.close();
  }

  #takeSent(): Pending[] {
    const all = [...this.#sent.values()];
    this.#sent.clear();
    return all;
  }

  #send({ channel, isOwn }: Session, pending: Pending): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#sent.set(id, pending);
    const startBefore = pending.isWrite && !isOwn ? { startBefore: Date.now() + this.#deadlineMs } : {};
    const message: ToOwner = { kind: "request", id, request: pending.request, ...startBefore };
    try {
      channel.send(message);
    } catch (error) {
      this.#sent.delete(id);
      pending.reject(error as Error);
    }
  }

  #hear(session: Session, message: FromOwner): void {
    switch (message.kind) {
      case "welcome":
        session.isWelcome = true;
        for (const [number, watching] of this.#watching) this.#begin(number, watching);
        for (const pending of this.#unsent.splice(0)) this.#send(session, pending);
        this.#events.onWelcome();
        break;
      case "answer":
        this.#take(message.id)?.resolve(message.value);
        break;
      case "failure":
        this.#take(message.id)?.reject(errorOf(message.failure));
        break;
      case "not-started":
        this.#sendAgain(session, message.id);
        break;
      case "delta":
        this.#watching.get(message.watch)?.changed(message.delta);
        this.say({ kind: "arrived", watch: message.watch });
        break;
      case "bye":
        this.#unsent.push(...this.#takeSent().filter((pending) => pending.request.kind !== "watch"));
        this.say({ kind: "leave" });
        this.#leave();
        this.#events.onBye();
        break;
      case "pong":
        break;
    }
    this.#events.onHeard();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#sent.get(id);
    this.#sent.delete(id);
    return pending;
  }

  #sendAgain(session: Session, id: number): void {
    const pending = this.#take(id);
    if (pending !== undefined) this.#send(session, pending);
  }

  #begin(number: number, watching: Watching): void {
    const isWanted = (): boolean => this.#watching.get(number) === watching;
    // At once, not by a promise: the next message may be the first change.
    this.#put({
      request: { kind: "watch", watch: number, query: watching.query },
      isWrite: false,
      resolve: (state) => {
        if (isWanted()) watching.first(state as FirstState);
      },
      reject: (error) => {
        if (!isWanted()) return;
        this.#watching.delete(number);
        watching.failed(error);
      },
    });
  }
}

function unknownFate(what: string): RealmError {
  return new RealmError("COMMIT_UNKNOWN", `${what}: the write may have been done or not. Read what is there before you write it again.`);
}
