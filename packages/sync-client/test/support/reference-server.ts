/**
 * A sync server in memory: the contract with nothing else, for tests of the client alone.
 *
 * One log, one image of every object, no permissions but what a test plants. Queries: all, or one property compared with a value.
 *
 * @module
 */
import { applyOperations, canonicalise, decodeClientMessage, encodeMessage, keyText, materialise, NEVER, newestStamp, withSeen } from "@holdfast/sync-protocol";
import type { AckMessage, ClientMessage, HelloMessage, ObjectName, ObjectRow, ObjectState, Operation, PlainObject, Reject, SeenDelete, ServerMessage, SubMessage, UploadedTransaction } from "@holdfast/sync-protocol";

interface LogEntry {
  readonly client: string;
  readonly ops: readonly Operation[];
  readonly images: readonly { readonly name: ObjectName; readonly before: PlainObject | undefined; readonly after: PlainObject | undefined }[];
}

interface ClientRecord {
  lastCseq: number;
  readonly contents: Map<number, string>;
  readonly stamps: Map<string, string>;
  /** The newest stamp of its operations. */
  last: string;
  readonly rejects: Reject[];
  readonly seen: Map<string, SeenDelete>;
}

/** What a test may change about the server. */
export interface ServerOptions {
  /** Refuses an operation with a code. */
  reject?: (operation: Operation) => string | undefined;
  rowsPerPage?: number;
  now?: () => number;
  token?: (token: string) => ServerMessage | undefined;
  /** Refuses a set of subscriptions. */
  subscription?: () => ServerMessage | undefined;
}

const textOf = ({ type, pk }: ObjectName): string => `${type} ${keyText(pk)}`;

/** The server. */
export class ReferenceServer {
  readonly options: ServerOptions;
  epoch = "e1";
  /** Tokens that came in the middle of a session. */
  readonly tokens: string[] = [];
  readonly states = new Map<string, { name: ObjectName; state: ObjectState }>();
  readonly log: LogEntry[] = [];
  /** How many clients were given a name. */
  named = 0;
  /** Where in the log each object was deleted last. */
  readonly tombstones = new Map<string, number>();
  readonly clients = new Map<string, ClientRecord>();
  readonly sessions = new Set<ServerSession>();

  constructor(options: ServerOptions = {}) {
    this.options = options;
  }

  now(): number {
    return this.options.now?.() ?? Date.now();
  }

  /** A connection came. */
  accept(send: (text: string) => void, close: () => void): ServerSession {
    const session = new ServerSession(this, send, close);
    this.sessions.add(session);
    return session;
  }

  /** What an object looks like; undefined: it is not there. */
  plain(type: string, pk: ObjectName["pk"]): PlainObject | undefined {
    return materialise(this.states.get(textOf({ type, pk }))?.state);
  }

  /** All objects of a class by key. */
  all(type: string): Record<string, PlainObject> {
    const found = [...this.states.values()].filter((entry) => entry.name.type === type).map((entry) => [keyText(entry.name.pk), materialise(entry.state)] as const);
    return Object.fromEntries(found.filter(([, plain]) => plain !== undefined).sort()) as Record<string, PlainObject>;
  }

  client(id: string): ClientRecord {
    const known = this.clients.get(id) ?? { lastCseq: 0, contents: new Map(), stamps: new Map(), last: NEVER, rejects: [], seen: new Map() };
    this.clients.set(id, known);
    return known;
  }

  /** One transaction of a client. */
  commit(client: string, { cseq, ops, base }: UploadedTransaction): void {
    const record = this.client(client);
    const content = JSON.stringify(ops);
    if (cseq <= record.lastCseq) {
      if (record.contents.get(cseq) !== content) throw new Error(`transaction ${cseq} came again with other content`);
      return;
    }
    if (cseq !== record.lastCseq + 1) throw new Error(`transaction ${cseq} after ${record.lastCseq}`);
    record.contents.set(cseq, content);
    record.lastCseq = cseq;
    this.append(client, ops, { record, cseq, position: base === undefined ? 0 : (JSON.parse(base) as { position: number }).position });
  }

  /** Applies operations and logs them. */
  append(client: string, ops: readonly Operation[], from?: { record: ClientRecord; cseq: number; position: number }): void {
    const refused = new Map<string, string>();
    for (const operation of from === undefined ? [] : ops) {
      const code = this.options.reject?.(operation) ?? (this.#isGone(operation, ops) ? "OBJECT_GONE" : undefined);
      if (code !== undefined) refused.set(textOf(operation), code);
    }
    const accepted: Operation[] = [];
    const images = new Map<string, { name: ObjectName; before: PlainObject | undefined; after: PlainObject | undefined }>();
    for (const operation of ops) {
      const text = textOf(operation);
      const code = refused.get(text);
      if (code !== undefined) {
        if (!from?.record.rejects.some((reject) => reject.cseq === from.cseq && textOf(reject) === text)) from?.record.rejects.push({ cseq: from.cseq, type: operation.type, pk: operation.pk, code, reason: "planted" });
        continue;
      }
      const name = { type: operation.type, pk: operation.pk };
      const before = this.states.get(text)?.state;
      let canonical = from === undefined ? operation : canonicalise(operation, { serverNowMs: this.now(), known: from.record.stamps, least: from.record.last, newest: newestStamp(before ?? {}) });
      if (from !== undefined) from.record.last = canonical.h;
      // The writer had downloaded the delete, or would have, had it been for its view.
      if (from !== undefined && before?.d !== undefined && (canonical.g ?? "") < before.d && (this.tombstones.get(text) ?? 0) < from.position) {
        canonical = withSeen(canonical, before.d);
        from.record.seen.set(text, { ...name, g: before.d });
      }
      const state = applyOperations(before, [canonical]);
      images.set(text, { name, before: images.has(text) ? images.get(text)?.before : materialise(before), after: materialise(state) });
      this.states.set(text, { name, state });
      if (state.d !== before?.d) this.tombstones.set(text, this.log.length);
      accepted.push(canonical);
    }
    if (accepted.length > 0) this.log.push({ client, ops: accepted, images: [...images.values()] });
  }

  /** Something is written to an object that is not there, and that is not made: what stayed of it would be part of whatever is made under its name next. */
  #isGone({ type, pk }: Operation, ops: readonly Operation[]): boolean {
    const own = ops.filter((operation) => textOf(operation) === textOf({ type, pk }));
    return this.plain(type, pk) === undefined && !own.some(({ do: { act } }) => act === "create") && own.at(-1)?.do.act !== "delete";
  }

  /** Tells everybody what is new to them. */
  fanOut(): void {
    for (const session of this.sessions) session.pump();
  }
}

interface View {
  readonly version: number;
  readonly matches: (type: string, plain: PlainObject | undefined) => boolean;
}

/** One connection, as the server sees it. */
export class ServerSession {
  readonly #server: ReferenceServer;
  readonly #write: (text: string) => void;
  readonly #closeConnection: () => void;
  #client: string | undefined;
  #view: View | undefined;
  #position = 0;
  #isBooting = false;
  isClosed = false;

  constructor(server: ReferenceServer, send: (text: string) => void, close: () => void) {
    this.#server = server;
    this.#write = send;
    this.#closeConnection = close;
  }

  get client(): string | undefined {
    return this.#client;
  }

  receive(text: string): void {
    this.handle(decodeClientMessage(text));
  }

  handle(message: ClientMessage): void {
    switch (message.msg) {
      case "hello":
        return this.#hello(message);
      case "up": {
        for (const transaction of message.txs) {
          const { lastCseq } = this.#server.client(this.#client as string);
          // A gap: something was lost on the way, the client has to begin again.
          if (transaction.cseq > lastCseq + 1) return this.close();
          this.#server.commit(this.#client as string, transaction);
        }
        this.#ack();
        return this.#server.fanOut();
      }
      case "sub":
        return this.#subscribe(message);
      case "mark":
        this.pump();
        return this.send({ msg: "mark", id: message.id });
      case "auth":
        this.#server.tokens.push(message.token);
        return undefined;
      case "ping":
        return this.send({ msg: "pong", serverTime: this.#server.now() });
      default:
        return undefined;
    }
  }

  #hello({ client, token, acked = 0 }: HelloMessage): void {
    const refusal = this.#server.options.token?.(token);
    if (refusal !== undefined) {
      this.send(refusal);
      this.close();
      return;
    }
    if (client !== undefined && !this.#server.clients.has(client)) {
      this.send({ msg: "error", code: "HISTORY_LOST", action: "reset", message: "unknown" });
      this.close();
      return;
    }
    this.#client = client ?? (++this.#server.named).toString(16).padStart(16, "c");
    const { lastCseq } = this.#server.client(this.#client);
    this.send({ msg: "welcome", protocol: 1, serverTime: this.#server.now(), client: this.#client, lastCseq, epoch: this.#server.epoch });
    if (lastCseq > acked) this.#ack();
  }

  #ack(): void {
    const { lastCseq, stamps, rejects, seen } = this.#server.client(this.#client as string);
    const ack: AckMessage = { msg: "ack", cseq: lastCseq, ...(stamps.size === 0 ? {} : { stamps: [...stamps] }), ...(rejects.length === 0 ? {} : { rejects }), ...(seen.size === 0 ? {} : { seen: [...seen.values()] }) };
    this.send(ack);
  }

  #subscribe({ version, queries, resume }: SubMessage): void {
    const refusal = this.#server.options.subscription?.();
    if (refusal !== undefined) {
      this.send(refusal);
      return;
    }
    const tests = queries.map(({ type, query }) => ({ type, test: predicateOf(query) }));
    if (tests.some(({ test }) => test === undefined)) {
      this.send({ msg: "error", code: "QUERY_UNSUPPORTED", action: "warn", message: "the query cannot be served" });
      return;
    }
    this.#view = { version, matches: (type, plain) => plain !== undefined && tests.some((entry) => entry.type === type && (entry.test as (plain: PlainObject) => boolean)(plain)) };
    const from = resume === undefined ? undefined : (JSON.parse(resume) as { version: number; position: number; page?: number });
    if (from !== undefined && from.version === version && from.page === undefined) {
      this.#position = from.position;
      this.pump();
      return;
    }
    if (from?.version === version) this.#boot(from.page as number, from.position);
    else this.#boot(0, this.#server.log.length);
  }

  /** @param position - When the first page was read: what the pages before this one have missed since comes behind the last one. */
  #boot(firstPage: number, position: number): void {
    const view = this.#view as View;
    const { rowsPerPage = 2 } = this.#server.options;
    const rows: ObjectRow[] = [...this.#server.states.values()].filter(({ name, state }) => view.matches(name.type, materialise(state))).map(({ name, state }) => ({ ...name, state }));
    this.#isBooting = true;
    const cseq = this.#server.clients.get(this.#client)?.lastCseq ?? 0;
    const pages = Math.max(1, Math.ceil(rows.length / rowsPerPage));
    for (let page = Math.min(firstPage, pages - 1); page < pages; page++) {
      const last = page === pages - 1;
      this.send({ msg: "boot", version: view.version, page, rows: rows.slice(page * rowsPerPage, (page + 1) * rowsPerPage), last, resume: JSON.stringify({ version: view.version, position, ...(last ? {} : { page: page + 1 }) }), ...(page === 0 ? { cseq } : {}) });
    }
    this.#isBooting = false;
    this.#position = position;
    this.pump();
  }

  /** Sends what is new. */
  pump(): void {
    const view = this.#view;
    if (view === undefined || this.isClosed || this.#isBooting || this.#position >= this.#server.log.length) return;
    const txs: { ops: Operation[] }[] = [];
    const rows = new Map<string, ObjectRow>();
    const out = new Map<string, ObjectName>();
    const dead = new Map<string, ObjectName>();
    for (const { client, ops, images } of this.#server.log.slice(this.#position)) {
      const isOwn = client === this.#client;
      const inIn = new Set<string>();
      for (const { name, before, after } of images) {
        const text = textOf(name);
        const [was, is] = [view.matches(name.type, before), view.matches(name.type, after)];
        if (was && after === undefined) inIn.add(text);
        else if (was && !is) out.set(text, name);
        else if (!was && is && !isOwn) rows.set(text, { ...name, state: (this.#server.states.get(text) as { state: ObjectState }).state });
        else if (was && is) inIn.add(text);
        // What the author wrote on an object that is dead has no effect: it learns of the delete, if it has not yet.
        else if (isOwn && after === undefined) dead.set(text, name);
        if (!is) rows.delete(text);
        else for (const told of [out, dead]) told.delete(text);
      }
      const shown = ops.filter((operation) => inIn.has(textOf(operation)));
      if (!isOwn && shown.length > 0) txs.push({ ops: shown });
    }
    for (const [text, name] of dead) rows.set(text, { ...name, state: (this.#server.states.get(text) as { state: ObjectState }).state });
    this.#position = this.#server.log.length;
    this.send({ msg: "down", resume: JSON.stringify({ version: view.version, position: this.#position }), txs, ...(rows.size === 0 ? {} : { rows: [...rows.values()] }), ...(out.size === 0 ? {} : { out: [...out.values()] }) });
  }

  send(message: ServerMessage): void {
    if (!this.isClosed) this.#write(encodeMessage(message));
  }

  close(): void {
    this.closed();
    this.#closeConnection();
  }

  closed(): void {
    this.isClosed = true;
    this.#server.sessions.delete(this);
  }
}

function predicateOf(query: string): ((plain: PlainObject) => boolean) | undefined {
  if (query === "TRUEPREDICATE") return () => true;
  const [, name, literal] = /^(\w+) == (.+)$/.exec(query) ?? [];
  if (name === undefined || literal === undefined) return undefined;
  const value = JSON.parse(literal) as unknown;
  return (plain) => plain[name] === value;
}
