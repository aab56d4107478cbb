/**
 * Keeps one file in step with its server: connects, and connects again, uploads what is in the outbox, applies what comes.
 *
 * It holds nothing that a crash could lose: what was sent and not acknowledged is sent again, and where downloads go on is in the file.
 *
 * @module
 */
import { decodeServerMessage, encodeMessage, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@holdfast/sync-protocol";
import type { ClientMessage, ErrorMessage, ServerMessage, WelcomeMessage } from "@holdfast/sync-protocol";
import { CompensatingWriteError, SyncError } from "../errors.ts";
import type { Meta, RejectedRecord } from "../replica/records.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import type { SyncUser } from "../user.ts";
import { toPublicKey } from "../wire/to-replica.ts";
import { BackOff, BACK_OFF } from "./back-off.ts";
import type { BackOffOptions } from "./back-off.ts";
import { Incoming } from "./incoming.ts";
import { later } from "./timers.ts";
import { checkUrl } from "./transport.ts";
import type { Transport, TransportConnection } from "./transport.ts";
import { Waits } from "./waits.ts";

/** Limits of time; all in milliseconds. */
export interface ConnectionTiming {
  /** From the first byte to the server's welcome. */
  readonly connectTimeoutMs: number;
  /** After this long without a word the server is asked whether it is there. */
  readonly pingAfterMs: number;
  /** After this long without a word the connection is dead. */
  readonly silenceTimeoutMs: number;
  readonly backOff: BackOffOptions;
}

/** What holds unless it is configured otherwise. */
export const TIMING: ConnectionTiming = { connectTimeoutMs: 30_000, pingAfterMs: 30_000, silenceTimeoutMs: 60_000, backOff: BACK_OFF };

/** Whether there is a connection: Realm's words. */
export type ConnectionState = "disconnected" | "connecting" | "connected";

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly file: SyncedFile;
  readonly user: SyncUser;
  readonly transport: Transport;
  readonly timing?: Partial<ConnectionTiming>;
  /** Takes the right to sync the file, which one process at a time has; undefined if another one has it. */
  readonly takeTurn: () => { giveBack(): void } | undefined;
  readonly onError: (error: SyncError) => void;
  /** The file and the server do not fit any more. The connection is closed and stays so until `start`. */
  readonly onReset: (reason: { readonly code: string; readonly message: string; readonly mayRecover: boolean }) => void;
  readonly onState: (now: ConnectionState, before: ConnectionState) => void;
  readonly onProgress: (direction: "upload" | "download") => void;
}

const UPLOAD_LIMIT = { transactions: 200, bytes: 256 * 1024 };
/** Frames that may be under way before the first of them is acknowledged. */
const FRAMES_UNDER_WAY = 4;
const TURN_RETRY_MS = 1000;
const LASTING_MS = 10_000;
/** A token that is refused sooner after a welcome was hardly a good one: attempts are spread. */
const YOUNG_MS = 1000;

/** The connection of one file. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #timing: ConnectionTiming;
  readonly #url: string;
  readonly #backOff: BackOff;
  readonly uploads: Waits = new Waits();
  readonly downloads: Waits = new Waits();
  #state: ConnectionState = "disconnected";
  #isRunning = false;
  #turn: { giveBack(): void } | undefined;
  #stopTimer: () => void = () => undefined;
  #stopPing: () => void = () => undefined;
  #socket: TransportConnection | undefined;
  #incoming: Incoming<ServerMessage> | undefined;
  /** Raised with every connection: what an older one still says does not count. */
  #generation = 0;
  #isWelcome = false;
  #lastHeardMs = 0;
  #sentUpTo = 0;
  /** The last transaction of each frame under way. */
  #frames: number[] = [];
  #sentVersion = 0;
  #nextMark = 1;
  #echoed = 0;
  #bootMark: { readonly mark: number; readonly version: number } | undefined;
  #recentMark: number | undefined;
  /** 0 to 1, as the server estimates it. */
  downloadEstimate = 0;
  #hasRefreshed = false;
  #welcomedMs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#backOff = new BackOff(this.#timing.backOff);
    this.#url = checkUrl(options.user.url);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get url(): string {
    return this.#url;
  }

  /** Begins to connect, and goes on until `stop`. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#backOff.reset();
    void this.#connect();
  }

  /** Ends the connection. */
  stop(): void {
    this.#isRunning = false;
    this.#stopTimer();
    this.#drop();
    this.#turn?.giveBack();
    this.#turn = undefined;
  }

  /** Connects now instead of at the end of the wait. */
  reconnect(): void {
    if (!this.#isRunning || this.#state !== "disconnected") return;
    this.#stopTimer();
    this.#backOff.reset();
    void this.#connect();
  }

  /** There may be more to send. */
  advanced(): void {
    if (!this.#isRunning) return;
    this.#subscribe();
    this.#upload();
    this.uploads.check();
    this.#options.onProgress("upload");
  }

  /** Asks the server for an echo behind all that it has now. @returns The number to compare with `echoed`. */
  mark(): number {
    const mark = this.#nextMark++;
    this.#send({ msg: "mark", id: mark });
    return mark;
  }

  /** The newest mark that came back. */
  get echoed(): number {
    return this.#echoed;
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    const isCurrent = (): boolean => this.#isRunning && generation === this.#generation;
    this.#turn ??= this.#options.takeTurn();
    if (this.#turn === undefined) {
      // Another process syncs this file: what is written here goes through it.
      this.#retryIn(TURN_RETRY_MS);
      return;
    }
    this.#setState("connecting");
    let token: string;
    try {
      token = await this.#options.user.freshAccessToken();
    } catch (error) {
      if (isCurrent()) this.#failed("no access token", error);
      return;
    }
    if (!isCurrent()) return;
    this.#open(generation, token);
  }

  #open(generation: number, token: string): void {
    const isCurrent = (): boolean => this.#isRunning && generation === this.#generation;
    this.#isWelcome = false;
    this.#lastHeardMs = performance.now();
    const incoming = new Incoming<ServerMessage>(
      (message) => (isCurrent() ? this.#handle(message) : Promise.resolve()),
      (error) => {
        if (isCurrent()) this.#failed("a message could not be applied", error);
      },
    );
    this.#incoming = incoming;
    this.#stopTimer = later(() => this.#failed("no welcome in time"), this.#timing.connectTimeoutMs);
    this.#socket = this.#options.transport.connect(this.#url, {
      onOpen: () => {
        if (isCurrent()) this.#hello(token);
      },
      onMessage: (text) => {
        if (!isCurrent()) return;
        this.#lastHeardMs = performance.now();
        try {
          incoming.push(decodeServerMessage(text));
        } catch (error) {
          this.#failed("the server's message breaks the protocol", error);
        }
      },
      onClose: (reason) => {
        if (isCurrent()) this.#failed(reason);
      },
    });
  }

  #hello(token: string): void {
    const { file } = this.#options;
    const { client, isProvisional } = file.read("file") as Meta["file"];
    const { acked } = file.read("counts") as Meta["counts"];
    const { epoch } = file.read("down") as Meta["down"];
    this.#send({ msg: "hello", protocol: [PROTOCOL_VERSION_MIN, PROTOCOL_VERSION], ...(isProvisional === true ? {} : { client }), ...(epoch === undefined ? {} : { epoch }), schema: file.schema, token, acked });
  }

  async #handle(message: ServerMessage): Promise<void> {
    const { file, onProgress } = this.#options;
    if (!this.#isWelcome && message.msg !== "welcome" && message.msg !== "error") throw new SyncError("PROTOCOL_BROKEN", "The server said something before its welcome.");
    switch (message.msg) {
      case "welcome":
        return this.#welcomed(message);
      case "ack":
        await file.ack(message);
        this.#frames = this.#frames.filter((last) => last > message.cseq);
        this.#forgetLater();
        this.#upload();
        this.uploads.check();
        onProgress("upload");
        return this.tellRejected();
      case "boot":
        if (await file.boot(message)) this.#bootMark = { mark: this.mark(), version: message.version };
        return undefined;
      case "down":
        return file.down(message);
      case "mark":
        return this.#marked(message.id);
      case "progress":
        this.downloadEstimate = message.estimate;
        if (message.resume !== undefined) await this.#noteResume(message.resume);
        return onProgress("download");
      case "pong":
        return this.#noteTime(message.serverTime);
      default:
        return this.#serverError(message);
    }
  }

  async #welcomed(message: WelcomeMessage): Promise<void> {
    const { file } = this.#options;
    const generation = this.#generation;
    const { isProvisional } = file.read("file") as Meta["file"];
    if (isProvisional === true) await file.adopt(message.client);
    const { client } = file.read("file") as Meta["file"];
    const counts = file.read("counts") as Meta["counts"];
    const { epoch } = file.read("down") as Meta["down"];
    const fault =
      message.client !== client ? "the server knows the file under another name"
      : epoch !== undefined && epoch !== message.epoch ? "the server was restored from a backup"
      : message.lastCseq >= counts.next ? "the file is an older copy than the server has seen"
      : message.lastCseq < counts.acked ? "the server has lost what it had acknowledged"
      : undefined;
    if (fault !== undefined) {
      this.#reset({ code: "HISTORY_DIVERGED", message: `The file does not fit the server any more: ${fault}.`, mayRecover: true });
      return;
    }
    await this.#noteTime(message.serverTime, message.epoch);
    // The connection may have ended while this was written: the timer is the next attempt's then (found by a history, seed 9).
    if (generation !== this.#generation) return;
    this.#stopTimer();
    this.#stopTimer = later(() => this.#backOff.reset(), LASTING_MS);
    this.#isWelcome = true;
    this.#welcomedMs = performance.now();
    this.#hasRefreshed = false;
    this.#sentUpTo = message.lastCseq;
    this.#frames = [];
    this.#sentVersion = 0;
    this.#bootMark = undefined;
    file.forgetRecent();
    this.#setState("connected");
    this.#watch();
    this.#subscribe();
    if (this.downloadMark > this.#echoed) this.#send({ msg: "mark", id: this.downloadMark });
    this.#upload();
    this.uploads.check();
  }

  /** The newest mark that somebody waits for: asked for again on every connection. */
  downloadMark = 0;

  async #noteTime(serverTime: number, epoch?: string): Promise<void> {
    const { file } = this.#options;
    const clock = file.read("clock") as Meta["clock"];
    const offsetMs = Math.round(serverTime - Date.now());
    const down = file.read("down") as Meta["down"];
    // A small drift is not worth a write.
    if (Math.abs(offsetMs - clock.offsetMs) < 1000 && (epoch === undefined || epoch === down.epoch)) return;
    await file.write((tx) => {
      tx.setMeta("clock", { ...(tx.meta("clock") as Meta["clock"]), offsetMs });
      if (epoch !== undefined) tx.setMeta("down", { ...tx.meta("down"), epoch });
    });
  }

  /** Nothing was for this client up to there. */
  async #noteResume(resume: string): Promise<void> {
    const { file } = this.#options;
    if ((file.read("boot") ?? null) !== null || file.read("down")?.version === undefined) return;
    await file.write((tx) => tx.setMeta("down", { ...tx.meta("down"), resume }));
  }

  /** Sends the set of subscriptions if the server does not have it. */
  #subscribe(): void {
    if (!this.#isWelcome) return;
    const { file } = this.#options;
    const subs = file.read("subs") as Meta["subs"];
    const wanted = subs.state === "error" ? subs.active : subs;
    if (wanted === undefined || wanted.version === 0 || wanted.version === this.#sentVersion) return;
    const boot = file.read("boot") ?? null;
    const down = file.read("down") as Meta["down"];
    const isHere = down.version === wanted.version;
    const resume = boot !== null && boot.version === wanted.version ? boot.resume : isHere ? down.resume : undefined;
    this.#sentVersion = wanted.version;
    this.downloadEstimate = 0;
    const queries = wanted.entries.map(({ name, type, query }) => ({ ...(name === undefined ? {} : { name }), type, query }));
    this.#send({ msg: "sub", version: wanted.version, queries, ...(resume === undefined ? {} : { resume }) });
    // The bootstrap is here, the echo behind it was lost.
    if (isHere && subs.state === "pending") this.#bootMark = { mark: this.mark(), version: wanted.version };
  }

  #upload(): void {
    if (!this.#isWelcome) return;
    const { file } = this.#options;
    const counts = file.read("counts") as Meta["counts"];
    while (this.#frames.length < FRAMES_UNDER_WAY && this.#sentUpTo + 1 < counts.next) {
      const { txs } = file.nextUpload(this.#sentUpTo, UPLOAD_LIMIT);
      const last = txs.at(-1);
      if (last === undefined) return;
      this.#sentUpTo = last.cseq;
      this.#frames.push(last.cseq);
      this.#send({ msg: "up", txs, acked: counts.acked });
    }
  }

  async #marked(id: number): Promise<void> {
    this.#echoed = Math.max(this.#echoed, id);
    if (this.#recentMark !== undefined && id >= this.#recentMark) {
      this.#recentMark = undefined;
      this.#options.file.forgetRecent();
    }
    const boot = this.#bootMark;
    if (boot !== undefined && id >= boot.mark) {
      this.#bootMark = undefined;
      this.downloadEstimate = 1;
      await this.#options.file.write((tx) => {
        const subs = tx.meta("subs") as Meta["subs"];
        if (subs.version !== boot.version) return;
        tx.setMeta("subs", { version: subs.version, entries: subs.entries, state: "complete", active: { version: subs.version, entries: subs.entries } });
        if ((tx.meta("reset") ?? null) !== null) tx.setMeta("reset", null);
      });
      this.#options.onProgress("download");
    }
    this.downloads.check();
  }

  /** Own operations are kept for rows that the server read before it had them; a mark tells when there can be no such row any more. */
  #forgetLater(): void {
    if (this.#recentMark === undefined && this.#options.file.recentCount > RECENT_OBJECTS && (this.#options.file.read("boot") ?? null) === null) this.#recentMark = this.mark();
  }

  /** Tells the application of writes that were refused. */
  async tellRejected(): Promise<void> {
    for (const record of await this.#options.file.takeRejected()) this.#options.onError(compensatingError(record));
  }

  async #serverError(message: ErrorMessage): Promise<void> {
    const { onError, user } = this.#options;
    const error = new SyncError(message.code, message.message);
    // A frame of an older connection came late: that is no reason to give up.
    if (message.code === "SESSION_REPLACED") return this.#failed(message.code);
    switch (message.action) {
      case "warn":
        if (message.code.startsWith("QUERY_") || message.code.startsWith("SUBSCRIPTION_")) await this.#subscriptionsRefused(message);
        return onError(error);
      case "retry":
        return this.#failed(message.code, undefined, message.retryMs);
      case "refreshToken":
        return this.#refreshToken(error);
      case "reset":
      case "resetWithoutRecovery":
        return this.#reset({ code: message.code, message: message.message, mayRecover: message.action === "reset" });
      case "logOut":
        user.loggedOutByServer?.();
        this.#ended(error);
        return onError(new SyncError("USER_LOGGED_OUT", `The user has to log in again: ${message.message}`));
      default:
        this.#ended(error);
        return onError(error);
    }
  }

  /** The session does not go on by itself. */
  #ended(error: SyncError): void {
    this.stop();
    this.uploads.fail(error);
    this.downloads.fail(error);
  }

  /** Nothing failed: the session goes on with another token, at once unless it has only just begun. */
  async #refreshToken(error: SyncError): Promise<void> {
    const isYoung = !this.#isWelcome || performance.now() - this.#welcomedMs < YOUNG_MS;
    this.#drop();
    const generation = this.#generation;
    const isCurrent = (): boolean => this.#isRunning && generation === this.#generation;
    try {
      if (this.#hasRefreshed) throw error;
      this.#hasRefreshed = true;
      await this.#options.user.refreshAccessToken();
      if (!isCurrent()) return;
      if (isYoung) this.#retryIn(this.#backOff.next());
      else void this.#connect();
    } catch (cause) {
      if (!isCurrent()) return;
      if ((cause as { code?: string }).code === "NETWORK_UNAVAILABLE") {
        this.#hasRefreshed = false;
        this.#failed("the token could not be renewed");
        return;
      }
      this.#ended(error);
      this.#options.onError(new SyncError("USER_LOGGED_OUT", "The server does not take the user's token, and there is no other one.", { cause }));
    }
  }

  async #subscriptionsRefused(message: ErrorMessage): Promise<void> {
    const version = this.#sentVersion;
    await this.#options.file.write((tx) => {
      const subs = tx.meta("subs") as Meta["subs"];
      if (subs.version === version) tx.setMeta("subs", { ...subs, state: "error", error: message.message });
    });
    this.downloads.check();
  }

  #reset(reason: { code: string; message: string; mayRecover: boolean }): void {
    this.stop();
    this.#options.onReset(reason);
  }

  #watch(): void {
    this.#stopPing();
    const { pingAfterMs, silenceTimeoutMs } = this.#timing;
    const silence = performance.now() - this.#lastHeardMs;
    if (silence >= silenceTimeoutMs) {
      this.#failed("the server has fallen silent");
      return;
    }
    if (silence >= pingAfterMs) this.#ping();
    const wait = silence >= pingAfterMs ? Math.min(pingAfterMs, silenceTimeoutMs - silence) : pingAfterMs - silence;
    this.#stopPing = later(() => this.#watch(), Math.max(1, wait));
  }

  #ping(): void {
    const { file } = this.#options;
    const { resume } = file.read("down") as Meta["down"];
    this.#send({ msg: "ping", ...(resume === undefined || file.outboxCount > 0 ? {} : { basis: resume }) });
  }

  #send(message: ClientMessage): void {
    if (message.msg !== "hello" && !this.#isWelcome) return;
    this.#socket?.send(encodeMessage(message));
  }

  #failed(reason: string, error?: unknown, atLeastMs?: number): void {
    this.#drop();
    if (!this.#isRunning) return;
    if (error !== undefined) this.#options.onError(error instanceof SyncError ? error : new SyncError(codeOf(error) ?? "CONNECTION_LOST", `The connection was lost: ${reason}.`, { cause: error }));
    this.#retryIn(this.#backOff.next(atLeastMs));
  }

  #retryIn(delayMs: number): void {
    this.#stopTimer();
    this.#stopTimer = later(() => void this.#connect(), delayMs);
  }

  #drop(): void {
    this.#generation++;
    this.#stopTimer();
    this.#stopPing();
    this.#incoming?.close();
    this.#isWelcome = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#setState("disconnected");
  }

  #setState(next: ConnectionState): void {
    const before = this.#state;
    if (next === before) return;
    this.#state = next;
    this.#options.onState(next, before);
  }
}

const RECENT_OBJECTS = 1000;

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

function compensatingError({ rejects }: RejectedRecord): CompensatingWriteError {
  return new CompensatingWriteError(rejects.map(({ type, pk, code, reason }) => ({ objectName: type, primaryKey: toPublicKey(pk), reason, code })));
}
