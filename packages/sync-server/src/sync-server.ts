/**
 * The server: a listener, one or several shards, and the connections between them.
 *
 * @module
 */
import { createServer as createPlainServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { LIMITS } from "@holdfast/sync-protocol";
import type { Limits, SyncSchema } from "@holdfast/sync-protocol";
import type { Authenticator, VerifiedUser } from "./auth/authenticator.ts";
import type { ServedUsers } from "./auth/served-users.ts";
import { SyncServerError } from "./errors.ts";
import { limitedLog } from "./operations/limited-log.ts";
import { SILENT } from "./operations/log.ts";
import type { Log } from "./operations/log.ts";
import { Metrics } from "./operations/metrics.ts";
import type { Rules } from "./permissions/rules.ts";
import { addressGroup, ADMISSION_LIMITS, Tally } from "./sessions/admission.ts";
import type { AdmissionLimits } from "./sessions/admission.ts";
import { Outgoing } from "./sessions/outgoing.ts";
import { Session } from "./sessions/session.ts";
import type { SchemaPolicy, SessionFront } from "./sessions/session-context.ts";
import { checkShardName, compileShardChoice } from "./shards/shard-choice.ts";
import type { ShardChoice } from "./shards/shard-choice.ts";
import { ShardSet } from "./shards/shard-set.ts";
import { Shard } from "./shards/shard.ts";
import { beginSmall } from "./small-buffers.ts";
import type { Store } from "./store/store.ts";

/** How a server is set up. */
export interface SyncServerOptions {
  /** The database. */
  readonly store?: Store;
  /** Instead: several, by name, each with users of its own. Nothing crosses from one to another. */
  readonly shards?: Readonly<Record<string, Store>>;
  /** Of `shards`: to which one a user belongs. */
  readonly shardOf?: ShardChoice;
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
  /** Connections of one address that have not said who they are, sessions of one user. */
  readonly admission?: Partial<AdmissionLimits>;
  /** How often to ask whether a session's user may still do what it may. */
  readonly recheckMs?: number;
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
/** Of HTTP: who sends its request letter by letter is not waited for. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2000 };
const CLOSE_MS = 2000;
const TLS_HANDSHAKE_MS = 10_000;
/** What a connection may send before it is greeted: a hello with its schema. */
const STRANGER_BYTES = 1024 * 1024;
/** Answers to pings that may wait for a client that does not read; beyond that its pings are not answered. */
const PONG_BUFFER_BYTES = 64 * 1024;
const RECHECK_MS = 60_000;

interface Connection {
  readonly session: Session;
  readonly socket: WebSocket;
  readonly address: string;
  /** As the tally of sessions knows it; undefined before the greeting. */
  user: string | undefined;
  lastHeard: number;
  checkedAt: number;
  readonly since: number;
}

/** A sync server. */
export class SyncServer {
  readonly metrics: Metrics = new Metrics();
  readonly #options: SyncServerOptions;
  readonly #log: Log;
  readonly #connections = new Set<Connection>();
  readonly #bySession = new WeakMap<Session, Connection>();
  readonly #strangers = new Tally();
  readonly #sessionsOf = new Tally();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #shards: ShardSet;
  readonly #front: SessionFront;
  #http: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #isReady = false;
  #forgetUsers: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {SyncServerError} `TLS_REQUIRED` for an address off loopback without a certificate; `CONFIGURATION_INVALID` */
  constructor(options: SyncServerOptions) {
    if (options.tls === undefined && !LOOPBACK.has(options.host ?? "127.0.0.1")) throw new SyncServerError("TLS_REQUIRED", "an address other than loopback needs a certificate: tls.cert and tls.key");
    this.#options = options;
    this.#log = limitedLog(options.log ?? SILENT);
    const { store, shards, shardOf } = options;
    if ((store === undefined) === (shards === undefined) || (shards === undefined) !== (shardOf === undefined)) throw new SyncServerError("CONFIGURATION_INVALID", "expected a store, or shards and shardOf");
    const stores: readonly (readonly [string | undefined, Store])[] = shards === undefined ? [[undefined, store as Store]] : Object.entries(shards);
    if (stores.length === 0) throw new SyncServerError("CONFIGURATION_INVALID", "shards: expected one at least");
    this.#shards = new ShardSet(stores.map(([name, each]) => this.#makeShard(name, each)), shardOf === undefined ? () => undefined : namedShard(compileShardChoice(shardOf)), this.#log);
    this.#front = { authenticator: options.authenticator, limits: { ...LIMITS, ...options.limits }, log: this.#log, metrics: this.metrics, contextOf: (user) => this.#shards.contextOf(user), admits: (session, user) => this.#admit(session, user) };
  }

  /** Opens the databases, then the port. Of several shards one is enough to begin with; the others are tried until they are there. */
  async start(): Promise<void> {
    await this.#shards.start();
    this.metrics.gauge("holdfast_sessions", () => this.#connections.size);
    this.metrics.gauge("holdfast_outgoing_bytes", () => [...this.#connections].reduce((sum, { socket }) => sum + socket.bufferedAmount, 0));
    this.metrics.gauge("process_resident_memory_bytes", () => process.memoryUsage.rss());
    this.#every((this.#options.silenceMs ?? 45_000) / 3, () => this.#sweep());
    this.#forgetUsers = this.#options.users?.onSessionEnd(({ userId }) => this.userEnded(userId));
    await this.#listen();
    this.#isReady = true;
    this.#log.info("started", { store: [...new Set(this.#shards.all().map(({ kind }) => kind))].join(", "), shards: this.#shards.all().length, port: this.port, tls: this.#options.tls !== undefined });
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

  /** By name: whether its database answers. Empty for a server with one store. */
  get shardsReady(): ReadonlyMap<string, boolean> {
    return new Map(this.#shards.all().flatMap(({ name, isReady }) => (name === undefined ? [] : [[name, isReady]])));
  }

  /** What is known of a user has changed: sessions go on with new rights, without a reset; those of a user who belongs to another shard now end and come back there. */
  userChanged(user: VerifiedUser): void {
    for (const { session } of this.#connections) if (session.isOf(user.userId)) session.userChanged(user);
  }

  /** A user's sessions were revoked: connections ask for a fresh token, and do not get one. */
  userEnded(userId: string): void {
    for (const { session } of this.#connections) if (session.isOf(userId)) session.end("SESSION_REVOKED", "refreshToken", "the user's session has ended");
  }

  /** Forgets what no client needs any more. */
  async compact(): Promise<void> {
    await Promise.all(this.#shards.all().map((shard) => shard.compact()));
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
    // A shard whose database does not answer must not keep the clients of the others from their answers.
    await this.#shards.stop((context) => this.#hangUp((session) => session.context === context));
    await this.#hangUp(() => true);
    this.#sockets?.close();
    this.#log.info("stopped");
  }

  /** Gives clients time to hear of it. */
  async #hangUp(isMeant: (session: Session) => boolean): Promise<void> {
    const meant = [...this.#connections].filter(({ session }) => isMeant(session));
    for (const { session } of meant) session.end("SERVER_STOPPING", "retry", "the server is shutting down", 500);
    const deadline = Date.now() + CLOSE_MS;
    while (meant.some((connection) => this.#connections.has(connection)) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { socket } of meant) socket.terminate();
  }

  #makeShard(name: string | undefined, store: Store): Shard {
    if (name !== undefined) checkShardName(name);
    const { authenticator, rules, schema, limits, schemaPolicy = "fixed", usesPolicies = false, pollMs = 200, offlineDays = 30, foldMarginMs, now = Date.now } = this.#options;
    const log = name === undefined ? this.#log : logOf(this.#log, name);
    return new Shard({ name, store, authenticator, rules, schema, schemaPolicy, usesPolicies, limits, pollMs, offlineDays, foldMarginMs, log, metrics: name === undefined ? this.metrics : this.metrics.labelled("shard", name), now });
  }

  #listen(): Promise<void> {
    const { tls, host = "127.0.0.1", port = 0, limits, connectionsMax = 20_000 } = this.#options;
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    const http = tls === undefined ? createPlainServer(TIMEOUTS, answer) : createTlsServer({ ...tls, ...TIMEOUTS, handshakeTimeout: TLS_HANDSHAKE_MS, minVersion: "TLSv1.2" }, answer);
    if (tls !== undefined) beginSmall(http, TLS_HANDSHAKE_MS);
    http.maxConnections = connectionsMax;
    // Of connections that say nothing at all; a WebSocket has its own.
    http.setTimeout(TIMEOUTS.requestTimeout);
    // Compression costs seven times the time of a frame, and tells about content by its length.
    const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: { ...LIMITS, ...limits }.frameBytes, clientTracking: false, autoPong: false });
    sockets.on("connection", (socket, request) => this.#connected(socket, request));
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

  #connected(socket: WebSocket, request: IncomingMessage): void {
    const address = addressGroup(request.socket.remoteAddress ?? "");
    const isCrowded = this.#strangers.of(address) >= (this.#options.admission?.strangersPerAddress ?? ADMISSION_LIMITS.strangersPerAddress);
    if (!this.#isReady || isCrowded) {
      socket.on("error", () => undefined);
      if (isCrowded) this.#refused("CONNECTIONS_TOO_MANY");
      socket.close(1013);
      return;
    }
    const outgoing = new Outgoing(socket, this.#options.outgoingMaxBytes ?? 32 * 1024 * 1024, () => {
      this.metrics.add("holdfast_slow_clients_total");
      this.#log.warn("slow client cut off");
    });
    const session = new Session(this.#front, outgoing);
    const now = Date.now();
    const connection: Connection = { session, socket, address, user: undefined, lastHeard: now, checkedAt: now, since: now };
    this.#connections.add(connection);
    this.#bySession.set(session, connection);
    this.#strangers.add(address);
    this.#boundStranger(connection, request);
    this.metrics.add("holdfast_connections_total");
    socket.on("message", (data, isBinary) => {
      connection.lastHeard = Date.now();
      if (isBinary) {
        this.#refused("MESSAGE_MALFORMED");
        session.end("MESSAGE_MALFORMED", "stop", "frames have to be text");
      } else session.message((data as Buffer).toString("utf8"));
    });
    socket.on("pong", () => (connection.lastHeard = Date.now()));
    socket.on("ping", (data) => {
      if (socket.bufferedAmount < PONG_BUFFER_BYTES) socket.pong(data);
    });
    // Torn and oversized frames end up here; the close follows.
    socket.on("error", (error: Error & { readonly code?: string }) => {
      this.metrics.add("holdfast_frame_errors_total");
      this.#refused(error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "FRAME_TOO_LARGE" : "FRAME_BROKEN");
    });
    socket.on("close", () => {
      this.#connections.delete(connection);
      if (connection.user === undefined) this.#strangers.remove(address);
      else this.#sessionsOf.remove(connection.user);
      session.closed();
    });
  }

  #admit(session: Session, user: string): boolean {
    const connection = this.#bySession.get(session);
    if (connection === undefined || connection.user !== undefined || !this.#connections.has(connection)) return true;
    if (this.#sessionsOf.of(user) >= (this.#options.admission?.sessionsPerUser ?? ADMISSION_LIMITS.sessionsPerUser)) return false;
    this.#strangers.remove(connection.address);
    connection.user = user;
    this.#sessionsOf.add(user);
    return true;
  }

  /** A refusal in the log, limited, by its code. */
  #refused(code: string): void {
    this.metrics.add("holdfast_session_errors_total");
    this.#log.warn("session ended", { code });
  }

  #boundStranger(connection: Connection, { socket }: IncomingMessage): void {
    let bytes = 0;
    const count = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (connection.user !== undefined) socket.off("data", count);
      else if (bytes > STRANGER_BYTES) {
        this.#refused("HELLO_TOO_LARGE");
        socket.off("data", count);
        connection.socket.terminate();
      }
    };
    socket.on("data", count);
  }

  #sweep(): void {
    const now = Date.now();
    const silenceMs = this.#options.silenceMs ?? 45_000;
    for (const connection of this.#connections) {
      const { session, socket, lastHeard, since } = connection;
      if (session.userId === undefined && now - since > HELLO_MS) {
        this.#refused("HELLO_MISSING");
        session.end("HELLO_MISSING", "stop", "no hello in time");
      } else if (now - lastHeard > silenceMs) {
        this.metrics.add("holdfast_silent_clients_total");
        socket.terminate();
      } else socket.ping();
      if (now - connection.checkedAt > (this.#options.recheckMs ?? RECHECK_MS)) {
        connection.checkedAt = now;
        void session.recheck();
      }
    }
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

/** Lines that say which shard they are about. */
function logOf(log: Log, shard: string): Log {
  return {
    info: (message, fields) => log.info(message, { shard, ...fields }),
    warn: (message, fields) => log.warn(message, { shard, ...fields }),
    error: (message, fields) => log.error(message, { shard, ...fields }),
  };
}

/** A user without a shard must not end up in one without a name. */
function namedShard(nameOf: (user: VerifiedUser) => string | undefined): (user: VerifiedUser) => string {
  return (user) => nameOf(user) ?? "";
}
