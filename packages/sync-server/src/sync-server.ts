/**
 * The server: a listener, a store, and what goes on between them.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer as createPlainServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { HybridClock, LIMITS, NEVER } from "@holdfast/sync-protocol";
import type { Limits, Stamp, SyncSchema } from "@holdfast/sync-protocol";
import type { Authenticator, VerifiedUser } from "./auth/authenticator.ts";
import type { ServedUsers } from "./auth/served-users.ts";
import { SyncServerError } from "./errors.ts";
import { SILENT } from "./operations/log.ts";
import type { Log } from "./operations/log.ts";
import { Metrics } from "./operations/metrics.ts";
import { refusalOf } from "./permissions/authorize.ts";
import { policyStatements } from "./permissions/policies.ts";
import { compileRules } from "./permissions/rules.ts";
import type { CompiledRules, Rules } from "./permissions/rules.ts";
import { mergedSchema } from "./schema/additions.ts";
import type { SchemaLayout } from "./schema/table-layout.ts";
import { Feed } from "./sessions/feed.ts";
import { Gate } from "./sessions/gate.ts";
import { Outgoing } from "./sessions/outgoing.ts";
import { ResumeTokens } from "./sessions/resume-token.ts";
import { Session } from "./sessions/session.ts";
import type { SchemaPolicy, SessionContext } from "./sessions/session-context.ts";
import { userRights } from "./sessions/user-rights.ts";
import { Writer } from "./sessions/writer.ts";
import type { Position, Store, Upload } from "./store/store.ts";

/** How a server is set up. */
export interface SyncServerOptions {
  readonly store: Store;
  readonly authenticator: Authenticator;
  /** Answers requests about users on the same port, and tells which sessions have ended: `createAuthHandler` and `AuthService` in one, see `usersOf`. */
  readonly users?: ServedUsers;
  readonly rules: Rules;
  /** What the server stores; joined with what it stored before. */
  readonly schema?: SyncSchema;
  /** Default: `fixed`. */
  readonly schemaPolicy?: SchemaPolicy;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** PEM. Required off loopback. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly limits?: Partial<Limits>;
  /** Connections at once. */
  readonly connectionsMax?: number;
  /** What may wait to be sent to one client. */
  readonly outgoingMaxBytes?: number;
  /** A client that says nothing for this long is gone. */
  readonly silenceMs?: number;
  /** How often to look for what other servers and programs wrote, whatever hints come. */
  readonly pollMs?: number;
  /** Clients that were away for longer start anew. */
  readonly offlineDays?: number;
  /** How far clients' clocks may be behind before what they write counts as later than they say: changes are folded no sooner. Default: a minute. */
  readonly foldMarginMs?: number;
  /** True: rules become row-level policies as well. PostgreSQL only. */
  readonly usesPolicies?: boolean;
  readonly log?: Log;
  readonly now?: () => number;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);
const HELLO_MS = 10_000;
const CLOSE_MS = 2000;
const DAY_MS = 86_400_000;
const COMPACT_MS = 60_000;

interface Connection {
  readonly session: Session;
  readonly socket: WebSocket;
  lastHeard: number;
  readonly since: number;
}

/** A sync server. */
export class SyncServer {
  readonly metrics: Metrics = new Metrics();
  readonly #options: SyncServerOptions;
  readonly #log: Log;
  readonly #connections = new Set<Connection>();
  readonly #byClient = new Map<string, Session>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #uploadRights: SessionContext["uploadRights"] = new WeakMap();
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;
  /** Gives stamps just behind the floor: it never looks at the time. */
  readonly #foldClock = new HybridClock({ replica: randomBytes(8).toString("hex"), now: () => 0 });
  #folded: Stamp = NEVER;
  #http: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #layout: SchemaLayout | undefined;
  #rules: CompiledRules = new Map();
  #context: SessionContext | undefined;
  #isReady = false;
  #forgetUsers: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {SyncServerError} `TLS_REQUIRED` for an address off loopback without a certificate. */
  constructor(options: SyncServerOptions) {
    if (options.tls === undefined && !LOOPBACK.has(options.host ?? "127.0.0.1")) throw new SyncServerError("TLS_REQUIRED", "an address other than loopback needs a certificate: tls.cert and tls.key");
    this.#options = options;
    this.#log = options.log ?? SILENT;
    this.#now = options.now ?? Date.now;
  }

  /** Opens the database, then the port. */
  async start(): Promise<void> {
    const { store, schema, rules, authenticator, limits, pollMs = 200, usesPolicies = false } = this.#options;
    const stored = await store.open();
    this.#layout = await store.applySchema(mergedSchema(stored, schema ?? stored ?? { classes: [] }));
    this.#rules = compileRules(rules, this.#layout);
    if (usesPolicies) await store.applyPolicies?.(policyStatements(this.#rules, this.#layout));
    const clock = new HybridClock({ replica: randomBytes(8).toString("hex"), now: this.#now });
    const feed = new Feed(store, this.#log, this.metrics);
    await feed.start();
    this.#risen(await store.position());
    const writer = new Writer({
      store, clock, log: this.#log, metrics: this.metrics, layout: () => this.#layoutNow(),
      authorize: (upload, change) => this.#authorize(upload, change),
      onCommitted: (committed, batch) => feed.committed(committed, batch),
    });
    this.#context = {
      store, writer, feed, clock, authenticator, tokens: new ResumeTokens(await store.secret()), limits: { ...LIMITS, ...limits }, log: this.#log, metrics: this.metrics,
      schemaPolicy: this.#options.schemaPolicy ?? "fixed", uploadsInFlight: 256, uploadBytesInFlight: 16 * 1024 * 1024, bootstraps: new Gate(4), uploadRights: this.#uploadRights, seen: this.#seen, now: this.#now,
      folded: () => this.#folded,
      foldClock: this.#foldClock,
      layout: () => this.#layoutNow(),
      newClientId: () => randomBytes(8).toString("hex"),
      rightsOf: (user) => userRights(this.#rules, user),
      extendSchema: (wanted) => this.#extendSchema(wanted),
      greeted: (session) => this.#greeted(session),
    };
    this.metrics.gauge("holdfast_sessions", () => this.#connections.size);
    this.metrics.gauge("holdfast_uploads_waiting", () => writer.pending);
    this.metrics.gauge("holdfast_version", () => feed.version);
    this.metrics.gauge("process_resident_memory_bytes", () => process.memoryUsage.rss());
    this.#every(pollMs, () => this.#poll());
    this.#every((this.#options.silenceMs ?? 45_000) / 3, () => this.#sweep());
    this.#every(1000, () => this.#noteSeen());
    this.#every(COMPACT_MS, () => this.compact());
    this.#forgetUsers = this.#options.users?.onSessionEnd(({ userId }) => this.userEnded(userId));
    await this.#listen();
    this.#isReady = true;
    this.#log.info("started", { store: store.kind, port: this.port, tls: this.#options.tls !== undefined });
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#http?.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Where clients connect to. */
  get url(): string {
    return `${this.#options.tls === undefined ? "ws" : "wss"}://${this.#options.host ?? "127.0.0.1"}:${String(this.port)}/`;
  }

  /** True once it is started, until it stops. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What is known of a user has changed: sessions go on with new rights, without a reset. */
  userChanged(user: VerifiedUser): void {
    for (const { session } of this.#connections) if (session.userId === user.userId) session.userChanged(user);
  }

  /** A user's sessions were revoked: connections ask for a fresh token, and do not get one. */
  userEnded(userId: string): void {
    for (const { session } of this.#connections) if (session.userId === userId) session.end("SESSION_REVOKED", "refreshToken", "the user's session has ended");
  }

  /** Forgets what no client needs any more. */
  async compact(): Promise<void> {
    await this.#noteSeen();
    const { store, offlineDays = 30, foldMarginMs } = this.#options;
    const floor = await store.compact(new Date(this.#now() - offlineDays * DAY_MS), foldMarginMs);
    this.#risen(await store.position());
    this.#log.info("compacted", { floor });
  }

  /** Writes what it has taken, tells the clients to come back, closes. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#isReady = false;
    this.#forgetUsers?.();
    for (const timer of this.#timers) clearInterval(timer);
    this.#http?.close();
    await this.#context?.writer.stop();
    await this.#noteSeen();
    for (const { session } of this.#connections) session.end("SERVER_STOPPING", "retry", "the server is shutting down", 500);
    const deadline = Date.now() + CLOSE_MS;
    while (this.#connections.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { socket } of this.#connections) socket.terminate();
    this.#sockets?.close();
    await this.#context?.feed.stop();
    await this.#options.store.close();
    this.#log.info("stopped");
  }

  #listen(): Promise<void> {
    const { tls, host = "127.0.0.1", port = 0, limits, connectionsMax = 20_000 } = this.#options;
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    const http = tls === undefined ? createPlainServer(answer) : createTlsServer({ ...tls, minVersion: "TLSv1.2" }, answer);
    http.maxConnections = connectionsMax;
    // Compression costs seven times the time of a frame, and tells about content by its length.
    const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: { ...LIMITS, ...limits }.frameBytes, clientTracking: false });
    sockets.on("connection", (socket) => this.#connected(socket));
    http.on("tlsClientError", () => this.metrics.add("holdfast_tls_errors_total"));
    this.#http = http;
    this.#sockets = sockets;
    return new Promise((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, host, 1024, resolve);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isReady && (await this.#options.users?.answer(request, response)) === true) return;
    const isHealth = request.url === "/healthz";
    response.writeHead(isHealth ? (this.#isReady ? 200 : 503) : 404, { "content-type": "text/plain", "cache-control": "no-store" });
    response.end(isHealth ? (this.#isReady ? "ok\n" : "not ready\n") : "not found\n");
  }

  #connected(socket: WebSocket): void {
    if (!this.#isReady || this.#context === undefined) {
      socket.close(1013);
      return;
    }
    const outgoing = new Outgoing(socket, this.#options.outgoingMaxBytes ?? 32 * 1024 * 1024, () => {
      this.metrics.add("holdfast_slow_clients_total");
      this.#log.warn("slow client cut off");
    });
    const session = new Session(this.#context, outgoing);
    const connection: Connection = { session, socket, lastHeard: Date.now(), since: Date.now() };
    this.#connections.add(connection);
    this.metrics.add("holdfast_connections_total");
    socket.on("message", (data, isBinary) => {
      connection.lastHeard = Date.now();
      if (isBinary) session.end("MESSAGE_MALFORMED", "stop", "frames have to be text");
      else session.message((data as Buffer).toString("utf8"));
    });
    socket.on("pong", () => (connection.lastHeard = Date.now()));
    // Torn and oversized frames end up here; the close follows.
    socket.on("error", () => this.metrics.add("holdfast_frame_errors_total"));
    socket.on("close", () => {
      this.#connections.delete(connection);
      if (this.#byClient.get(session.client) === session) this.#byClient.delete(session.client);
      session.closed();
    });
  }

  /** One session for a client: the connection that it has given up may not know of that yet. */
  #greeted(session: Session): void {
    const other = this.#byClient.get(session.client);
    this.#byClient.set(session.client, session);
    if (other !== undefined && other !== session) other.end("SESSION_REPLACED", "stop", "the client has connected again");
  }

  #authorize(upload: Upload, change: Parameters<typeof refusalOf>[0]): ReturnType<typeof refusalOf> {
    const known = this.#uploadRights.get(upload);
    return refusalOf(change, known?.rights.rights.get(change.type), this.#layoutNow().tables.get(change.type)?.class.asymmetric === true);
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
    if (await store.hasForeign()) this.#context?.writer.takeForeign();
    const feed = this.#context?.feed;
    if (feed === undefined || store.kind !== "postgres") return;
    const position = await store.position();
    this.#risen(position);
    if (position.version > feed.version) feed.look();
  }

  #risen({ folded }: Position): void {
    if (folded <= this.#folded) return;
    this.#folded = folded;
    this.#foldClock.observe(folded);
  }

  #sweep(): void {
    const now = Date.now();
    const silenceMs = this.#options.silenceMs ?? 45_000;
    for (const { session, socket, lastHeard, since } of this.#connections) {
      if (session.userId === undefined && now - since > HELLO_MS) session.end("HELLO_MISSING", "stop", "no hello in time");
      else if (now - lastHeard > silenceMs) {
        this.metrics.add("holdfast_silent_clients_total");
        socket.terminate();
      } else socket.ping();
    }
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
        .catch(() => this.metrics.add("holdfast_background_failures_total"))
        .finally(() => (isRunning = false));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
