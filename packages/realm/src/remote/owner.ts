/**
 * The worker that has the realm open: does what pages ask for, one request after the other, and answers each at most once.
 *
 * @module
 */
import { pause } from "../async-write.ts";
import { RealmError, TypeAssertionError } from "../errors.ts";
import { stateOf } from "../objects/object-state.ts";
import type { Realm } from "../realm.ts";
import { failureOf } from "./failures.ts";
import type { Channel } from "./host.ts";
import type { FromOwner, Operation, QueryMessage, Request, ToOwner } from "./messages.ts";
import { readWindow, resultsOf } from "./queries.ts";
import { Watch } from "./watch.ts";
import { DEFAULT_DEPTH, fromWire, objectToWire, toWire } from "./worker-values.ts";
import type { Wire } from "./wire.ts";

/** How long pages have to say goodbye, in ms. */
const GOODBYE_MS = 500;

/** A function of the application that runs in the worker, in one transaction. */
export type Procedure = (realm: Realm, ...args: never[]) => unknown;

/** The application's procedures by name. */
export type Procedures = Readonly<Record<string, Procedure>>;

/** One page that the owner serves. */
interface Session {
  readonly channel: Channel;
  readonly watches: Map<number, Watch>;
  /** Ids rise: one that does not was seen before. */
  lastId: number;
  isEnded: boolean;
  readonly onEnd: () => void;
}

/** Serves an open realm. */
export class Owner {
  readonly #realm: Realm;
  readonly #procedures: Procedures;
  readonly #onBroken: () => void;
  readonly #sessions = new Set<Session>();
  /** The end of what is being done. */
  #work: Promise<unknown> = Promise.resolve();
  #isClosing = false;
  #onEmpty: () => void = () => undefined;

  /** @param onBroken - Told when the realm takes no more writes until it has been opened again. */
  constructor(realm: Realm, procedures: Procedures, onBroken: () => void) {
    this.#realm = realm;
    this.#procedures = procedures;
    this.#onBroken = onBroken;
  }

  get realm(): Realm {
    return this.#realm;
  }

  /** Serves a page from now on. @returns What ends it, when the page is known to be gone. */
  welcome(channel: Channel, onEnd: () => void = () => undefined): () => void {
    const session: Session = { channel, watches: new Map(), lastId: 0, isEnded: false, onEnd };
    this.#sessions.add(session);
    channel.listen((message) => this.#hear(session, message as ToOwner));
    say(session, { kind: "welcome" });
    return () => this.#end(session);
  }

  /** Finishes what has begun, tells everybody that nothing else was, and closes the realm. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#work;
    for (const session of this.#sessions) say(session, { kind: "bye" });
    // Each has to have read that before it hears of the next owner, or it would not know what was not begun. One that is frozen hears neither.
    await Promise.race([new Promise<void>((resolve) => (this.#onEmpty = resolve)), this.#sessions.size === 0 ? undefined : pause(GOODBYE_MS)]);
    for (const session of [...this.#sessions]) this.#end(session);
    if (!this.#realm.isClosed) this.#realm.close();
  }

  #end(session: Session): void {
    if (session.isEnded) return;
    session.isEnded = true;
    for (const watch of session.watches.values()) watch.stop();
    session.watches.clear();
    this.#sessions.delete(session);
    session.channel.close();
    session.onEnd();
    if (this.#sessions.size === 0) this.#onEmpty();
  }

  #hear(session: Session, message: ToOwner): void {
    switch (message.kind) {
      case "request":
        return this.#take(session, message);
      case "arrived":
        return session.watches.get(message.watch)?.arrived();
      case "unwatch":
        session.watches.get(message.watch)?.stop();
        session.watches.delete(message.watch);
        return undefined;
      case "ping":
        return say(session, { kind: "pong" });
      case "leave":
        return this.#end(session);
    }
  }

  #take(session: Session, { id, request, startBefore }: Extract<ToOwner, { kind: "request" }>): void {
    if (id <= session.lastId) return;
    session.lastId = id;
    void this.#inTurn(async () => {
      // What has no answer at the end was not begun.
      if (session.isEnded || this.#isClosing) return;
      if (startBefore !== undefined && Date.now() > startBefore) return say(session, { kind: "not-started", id });
      const answer = this.#answer(session, id, () => this.#run(session, request));
      // A live query begins in a later turn of the event loop: the next request need not wait for that.
      if (request.kind !== "watch") await answer;
    });
  }

  async #answer(session: Session, id: number, run: () => unknown): Promise<void> {
    try {
      const value = await run();
      say(session, { kind: "answer", id, value });
    } catch (error) {
      say(session, { kind: "failure", id, failure: failureOf(error) });
      if ((error as { code?: unknown }).code === "COMMIT_UNKNOWN") this.#onBroken();
    }
  }

  /** One after the other: an asynchronous procedure shows nobody what it has not committed. */
  #inTurn<T>(run: () => T | Promise<T>): Promise<T> {
    const done = this.#work.then(run);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #run(session: Session, request: Request): unknown {
    const realm = this.#realm;
    switch (request.kind) {
      case "run":
        return readWindow(resultsOf(realm, request.query), request.query);
      case "count":
        return resultsOf(realm, request.query).length;
      case "aggregate":
        return toWire(resultsOf(realm, request.query)[request.operation](request.property), 0);
      case "watch":
        return this.#watch(session, request);
      case "write":
        return this.#transact(() => runOperations(realm, request.operations));
      case "call":
        return this.#call(request);
    }
  }

  #watch(session: Session, { watch: number, query }: Extract<Request, { kind: "watch" }>): Promise<unknown> {
    const watch = new Watch({
      realm: this.#realm,
      query,
      send: (delta) => say(session, { kind: "delta", watch: number, delta }),
      soon: (run) => void this.#inTurn(run),
    });
    session.watches.set(number, watch);
    return watch.start();
  }

  #call({ name, args }: Extract<Request, { kind: "call" }>): Promise<Wire> {
    const procedure = Object.hasOwn(this.#procedures, name) ? this.#procedures[name] : undefined;
    if (procedure === undefined) throw new RealmError("PROCEDURE_UNKNOWN", `The worker has no procedure '${name}'.`);
    return this.#transact(async () => {
      const values = args.map((arg) => fromWire(arg, this.#realm)) as never[];
      // What cannot travel takes the transaction back.
      return toWire(await procedure(this.#realm, ...values), DEFAULT_DEPTH);
    });
  }

  /** Runs work in a transaction. The application may have one of its own open: that is waited for. */
  async #transact<T>(work: () => T | Promise<T>): Promise<T> {
    const realm = this.#realm;
    if (realm.isInTransaction) return realm.writeAsync(work);
    realm.beginTransaction();
    try {
      const result = await work();
      if (realm.isInTransaction) realm.commitTransaction();
      return result;
    } catch (error) {
      if (realm.isInTransaction) realm.cancelTransaction();
      throw error;
    }
  }
}

function say(session: Session, message: FromOwner): void {
  if (!session.isEnded) session.channel.send(message);
}

/** Makes the changes; gives each object that was made or changed, or null. */
function runOperations(realm: Realm, operations: readonly Operation[]): Wire[] {
  const made: unknown[] = [];
  for (const operation of operations) made.push(runOperation(realm, operation, made));
  return made.map((object) => ((object as { isValid?(): boolean } | null)?.isValid?.() === true ? objectToWire(object as object, DEFAULT_DEPTH) : null));
}

function runOperation(realm: Realm, operation: Operation, made: readonly unknown[]): unknown {
  if (operation.kind === "create") return realm.create(operation.type, fromWire(operation.values, realm, made) as never, operation.mode as never);
  if (operation.kind === "delete") {
    realm.delete(isQuery(operation.subject) ? resultsOf(realm, operation.subject) : fromWire(operation.subject, realm, made));
    return null;
  }
  const subject = fromWire(operation.subject, realm, made);
  const schema = stateOf(subject)?.table.schema;
  if (schema === undefined) throw new TypeAssertionError("the snapshot of an object", subject, "subject");
  for (const [name, value] of Object.entries(fromWire(operation.values, realm, made) as object)) {
    if (!Object.hasOwn(schema.properties, name)) throw new RealmError("ARGUMENT_INVALID", `Property '${name}' does not exist on '${schema.name}' objects`);
    Reflect.set(subject as object, name, value);
  }
  return subject;
}

function isQuery(subject: Wire | QueryMessage): subject is QueryMessage {
  return typeof subject === "object" && subject !== null && "steps" in subject;
}
