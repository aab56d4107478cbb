/**
 * Keeps one file in step with its server: connects, and connects again, and hands what is said to those who know what to do with it.
 *
 * It holds nothing that a crash could lose: what was sent and not acknowledged is sent again, and where downloads go on is in the file.
 *
 * @module
 */
import { decodeServerMessage, encodeMessage, ProtocolError } from "@holdfast/sync-protocol";
import type { ClientMessage, ErrorMessage, ServerMessage, WelcomeMessage } from "@holdfast/sync-protocol";
import { CompensatingWriteError, SyncError } from "../errors.ts";
import type { Meta, RejectedRecord } from "../replica/records.ts";
import { toPublicKey } from "../wire/to-replica.ts";
import { BackOff } from "./back-off.ts";
import { TIMING } from "./connection-options.ts";
import type { ConnectionOptions, ConnectionState, ConnectionTiming, ResetReason } from "./connection-options.ts";
import { Downloader } from "./downloader.ts";
import { helloOf, noteTime, takeWelcome } from "./greeting.ts";
import { Incoming } from "./incoming.ts";
import { Liveness } from "./liveness.ts";
import { codeOf, isLoginOver, isPassing, reactionTo } from "./reactions.ts";
import { later } from "./timers.ts";
import { TokenRenewal } from "./token-renewal.ts";
import { checkUrl } from "./transport.ts";
import type { TransportConnection } from "./transport.ts";
import { Uploader } from "./uploader.ts";
import type { Waits } from "./waits.ts";

const TURN_RETRY_MS = 1000;
const LASTING_MS = 10_000;
/** A token that is refused sooner after a welcome was hardly a good one: attempts are spread. */
const YOUNG_MS = 1000;

/** The connection of one file. */
export class Connection {
  readonly uploader: Uploader;
  readonly downloader: Downloader;
  readonly waits: Waits;
  readonly #options: ConnectionOptions;
  readonly #timing: ConnectionTiming;
  readonly #backOff: BackOff;
  readonly #liveness: Liveness;
  readonly #renewal: TokenRenewal;
  #url: string;
  #state: ConnectionState = "disconnected";
  #isRunning = false;
  #turn: { giveBack(): void } | undefined;
  #stopTimer: () => void = () => undefined;
  #socket: TransportConnection | undefined;
  #incoming: Incoming<string> | undefined;
  /** Raised with every connection: what an older one still says does not count. */
  #generation = 0;
  #isWelcome = false;
  #hasRefreshed = false;
  #welcomedMs = 0;

  constructor(options: ConnectionOptions) {
    const { file, user, timing, waits } = options;
    this.#options = options;
    this.#timing = { ...TIMING, ...timing };
    this.#backOff = new BackOff(this.#timing.backOff);
    this.#url = checkUrl(user.url);
    this.waits = waits;
    this.uploader = new Uploader(file, (message) => this.#send(message));
    this.downloader = new Downloader(file, waits, (message) => this.#send(message));
    this.#renewal = new TokenRenewal({ user, send: (message) => this.#send(message), onLoginOver: (cause) => this.#loggedOut(cause) });
    const { pingAfterMs, silenceTimeoutMs } = this.#timing;
    this.#liveness = new Liveness({ pingAfterMs, silenceTimeoutMs, onPing: () => this.#ping(), onSilence: () => this.#failed("the server has fallen silent") });
  }

  /** Where it connects to. */
  get url(): string {
    return this.#url;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Begins to connect, and goes on until `stop`. */
  start(): void {
    if (this.#isRunning) return;
    // The app may have moved to another address.
    this.#url = checkUrl(this.#options.user.url);
    this.#isRunning = true;
    this.waits.revive();
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
    this.#options.onStop?.();
  }

  /** Ends the connection and begins another one, if it is running: to the address that the user's server has now. */
  restart(): void {
    if (!this.#isRunning) return;
    this.stop();
    this.start();
  }

  /** Ends the connection for a reason that another attempt would not change: whoever waits gets it. Until `start`. */
  end(error: SyncError): void {
    this.stop();
    this.waits.fail(error);
  }

  /** Connects now instead of at the end of the wait. */
  reconnect(): void {
    if (!this.#isRunning || this.#state !== "disconnected") return;
    this.#stopTimer();
    this.#backOff.reset();
    void this.#connect();
  }

  /** Waits until everything is here that the server has now. @throws {SyncError} `TIMEOUT` */
  downloadAll(timeoutMs?: number): Promise<void> {
    const done = this.downloader.everything(timeoutMs);
    // A realm that is closed fails the wait itself.
    if (this.#isRunning && this.#turn === undefined) void this.downloader.askOthers().catch(() => undefined);
    return done;
  }

  /** There may be more to send. */
  advanced(): void {
    if (!this.#isRunning) return;
    if (this.#isWelcome) {
      this.downloader.subscribe();
      this.downloader.answerOthers();
    }
    this.uploader.pump();
    this.#options.onProgress("upload");
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    this.#turn ??= this.#options.takeTurn();
    if (this.#turn === undefined) {
      // Another process syncs this file: what is written here goes through it.
      void this.downloader.askOthers().catch(() => undefined);
      this.#retryIn(TURN_RETRY_MS);
      return;
    }
    this.#setState("connecting");
    let token: string;
    try {
      token = await this.#options.user.freshAccessToken();
    } catch (error) {
      if (!this.#isCurrent(generation)) return;
      if (isLoginOver(error)) this.#loggedOut(error);
      else this.#failed("no access token", error);
      return;
    }
    if (this.#isCurrent(generation)) this.#open(generation, token);
  }

  #isCurrent(generation: number): boolean {
    return this.#isRunning && generation === this.#generation;
  }

  #open(generation: number, token: string): void {
    const isCurrent = (): boolean => this.#isCurrent(generation);
    this.#isWelcome = false;
    this.#liveness.heard();
    // Frames wait as texts, which are small: they are read when it is their turn.
    const incoming = new Incoming<string>(
      (text) => (isCurrent() ? this.#handle(decodeServerMessage(text), token, isCurrent) : Promise.resolve()),
      (error) => {
        if (isCurrent()) this.#failed(error instanceof ProtocolError ? "the server's message breaks the protocol" : "a message could not be applied", error);
      },
    );
    this.#incoming = incoming;
    this.#stopTimer = later(() => this.#failed("no welcome in time"), this.#timing.connectTimeoutMs);
    this.#socket = this.#options.transport.connect(this.#url, {
      onOpen: () => {
        if (isCurrent()) this.#send(helloOf(this.#options.file, token));
      },
      onMessage: (text) => {
        if (!isCurrent()) return;
        this.#liveness.heard();
        incoming.push(text);
      },
      onClose: (reason, error) => {
        if (isCurrent()) this.#failed(reason, error);
      },
    }, this.#options.network?.());
  }

  async #handle(message: ServerMessage, token: string, isCurrent: () => boolean): Promise<void> {
    const { file, onProgress } = this.#options;
    if (!this.#isWelcome && message.msg !== "welcome" && message.msg !== "error") throw new SyncError("PROTOCOL_BROKEN", "The server said something before its welcome.");
    switch (message.msg) {
      case "welcome":
        return this.#welcomed(message, token);
      case "ack":
        await this.uploader.acknowledged(message);
        this.downloader.forgetLater();
        this.uploader.pump();
        this.waits.check();
        onProgress("upload");
        return this.tellRejected();
      case "boot":
        if (await this.downloader.boot(message, isCurrent)) this.waits.check();
        return;
      case "down":
        return this.downloader.down(message);
      case "mark":
        if (await this.downloader.marked(message.id)) onProgress("download");
        return this.waits.check();
      case "progress":
        await this.downloader.progressed(message);
        return onProgress("download");
      case "pong":
        await noteTime(file, message);
        return message.floor === undefined ? undefined : file.noteFloor(message.floor);
      default:
        return this.#serverError(message);
    }
  }

  async #welcomed(message: WelcomeMessage, token: string): Promise<void> {
    const { file } = this.#options;
    const generation = this.#generation;
    const fault = await takeWelcome(file, message);
    if (fault !== undefined) {
      this.#reset({ code: "HISTORY_DIVERGED", message: `The file does not fit the server any more: ${fault}.`, mayRecover: true, namesFormer: false });
      return;
    }
    await noteTime(file, message);
    // The connection may have ended while this was written: the timer is the next attempt's then (found by a history, seed 9).
    if (generation !== this.#generation) return;
    this.#stopTimer();
    this.#stopTimer = later(() => this.#backOff.reset(), LASTING_MS);
    this.#isWelcome = true;
    this.#welcomedMs = performance.now();
    this.#hasRefreshed = false;
    this.#setState("connected");
    this.#liveness.watch();
    this.#renewal.begin(token);
    this.downloader.begin();
    this.uploader.begin(message.lastCseq);
    this.uploader.pump();
    this.waits.check();
  }

  /** Tells the application of writes that were refused. */
  async tellRejected(): Promise<void> {
    for (const record of await this.#options.file.takeRejected()) this.#options.onError(compensatingError(record));
  }

  async #serverError(message: ErrorMessage): Promise<void> {
    const { onError, user } = this.#options;
    const error = new SyncError(message.code, message.message);
    switch (reactionTo(message)) {
      case "refuseSubscriptions":
        await this.downloader.refused(message);
        return onError(error);
      case "tell":
        return onError(error);
      case "tryAgain":
        return this.#failed(message.code, undefined, message.retryMs);
      case "renewToken":
        return this.#refreshToken(error);
      case "reset":
        return this.#reset({ code: message.code, message: message.message, mayRecover: message.action === "reset", namesFormer: message.code === "HISTORY_LOST" });
      case "logOut":
        user.loggedOutByServer?.();
        return this.#loggedOut(error);
      default:
        this.end(error);
        return onError(error);
    }
  }

  /** Without another login there is no session. */
  #loggedOut(cause: unknown): void {
    const error = new SyncError("USER_LOGGED_OUT", "The server does not take the user's token, and there is no other one: the user has to log in again.", { cause });
    this.end(error);
    this.#options.onError(error);
  }

  /** Nothing failed: the session goes on with another token, at once unless it has only just begun. */
  async #refreshToken(error: SyncError): Promise<void> {
    const isYoung = !this.#isWelcome || performance.now() - this.#welcomedMs < YOUNG_MS;
    this.#drop();
    const generation = this.#generation;
    try {
      if (this.#hasRefreshed) throw error;
      this.#hasRefreshed = true;
      await this.#options.user.refreshAccessToken();
      if (!this.#isCurrent(generation)) return;
      if (isYoung) this.#retryIn(this.#backOff.next());
      else void this.#connect();
    } catch (cause) {
      if (!this.#isCurrent(generation)) return;
      if (!isPassing(cause)) {
        this.#loggedOut(cause);
        return;
      }
      this.#hasRefreshed = false;
      this.#failed("the token could not be renewed");
    }
  }

  #reset(reason: ResetReason): void {
    this.stop();
    this.#options.onReset(reason);
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
    this.#liveness.stop();
    this.#renewal.end();
    this.#incoming?.close();
    this.#isWelcome = false;
    this.uploader.end();
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

function compensatingError({ rejects }: RejectedRecord): CompensatingWriteError {
  return new CompensatingWriteError(rejects.map(({ type, pk, code, reason }) => ({ objectName: type, primaryKey: toPublicKey(pk), reason, code })));
}
