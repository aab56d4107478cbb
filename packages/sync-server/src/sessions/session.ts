/**
 * One client's connection: what it says in order, what it is told.
 *
 * @module
 */
import { hash } from "node:crypto";
import { decodeClientMessage, encodeMessage, negotiate, NEVER, partsOf, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@holdfast/sync-protocol";
import type { AuthMessage, ErrorAction, HelloMessage, PingMessage, ServerMessage, SubMessage, UpMessage } from "@holdfast/sync-protocol";
import type { VerifiedUser } from "../auth/authenticator.ts";
import { SyncServerError } from "../errors.ts";
import type { Answer, UploadResult } from "../merge/merge-batch.ts";
import { schemaMismatch } from "../schema/additions.ts";
import type { Upload } from "../store/store.ts";
import { Answers } from "./answers.ts";
import type { Delta } from "./delta.ts";
import { downText } from "./delta.ts";
import { Download } from "./download.ts";
import type { FeedListener } from "./feed.ts";
import type { Outgoing } from "./outgoing.ts";
import type { ClientTokens, ResumePoint } from "./resume-token.ts";
import { describeFailure } from "./describe-failure.ts";
import type { SessionContext, SessionFront } from "./session-context.ts";
import { SessionEnd } from "./session-end.ts";
import type { UserRights } from "./user-rights.ts";
import { makeView } from "./view.ts";
import type { View } from "./view.ts";

/** Deltas that wait while a bootstrap runs; beyond that the log is read again afterwards. */
const WAITING_MAX_BYTES = 8 * 1024 * 1024;

/** Frames that wait to be worked through, and their characters, before the socket is not read any more. */
const QUEUED_MAX = 16;
const QUEUED_LENGTH_MAX = 1024 * 1024;
/** Marks that wait to be echoed. */
const MARKS_MAX = 1000;
/** Answers that a client may not have heard, in one frame. */
const OLD_ANSWERS = { count: 1000, characters: 1024 * 1024 };

/** A session. */
export class Session implements FeedListener {
  readonly #front: SessionFront;
  /** Of the user's shard; chosen once the token was verified. */
  #chosen: SessionContext | undefined;
  readonly #outgoing: Outgoing;
  #work: Promise<void> = Promise.resolve();
  #queued = 0;
  #queuedLength = 0;
  #token = "";
  readonly #marks: number[] = [];
  #isMarking = false;
  #user: VerifiedUser | undefined;
  /** As the token said while the greeting is under way; what has changed since is in it. */
  #greeted: VerifiedUser | undefined;
  #rights: UserRights | undefined;
  #client = "";
  #ownTokens: ClientTokens | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #isEnded = false;
  readonly #answers = new Answers();
  /** The newest `base` that was read. */
  #base: { readonly text: string; readonly version: number | undefined } | undefined;
  #uploading = 0;
  /** Transactions that were handed to the writer, and how many of those came before the rights that hold now. */
  #submitted = 0;
  #submittedBefore = 0;
  #uploadingBytes = 0;
  #lastCseq = 0;
  /** The newest own transaction that all states have in them which are still to be told; and those behind it, with the versions that have them. */
  #cseqInStates = 0;
  #written: { readonly version: number; readonly cseq: number }[] = [];
  readonly #idle: (() => void)[] = [];
  #subscription: SubMessage | undefined;
  #view: View | undefined;
  #download: Download | undefined;
  #waiting: Delta[] = [];
  #waitingBytes = 0;
  #isOverflown = false;
  #point: ResumePoint | undefined;
  #toldVersion = -1;

  constructor(front: SessionFront, outgoing: Outgoing) {
    this.#front = front;
    this.#outgoing = outgoing;
  }

  /** What it shares with the others of its shard; undefined before its token was verified. */
  get context(): SessionContext | undefined {
    return this.#chosen;
  }

  get #context(): SessionContext {
    if (this.#chosen === undefined) throw new SessionEnd("HELLO_MISSING", "stop", "the first message has to be hello");
    return this.#chosen;
  }

  /** Whose it is; empty before the greeting. */
  get client(): string {
    return this.#client;
  }

  /** The verified user's id. */
  get userId(): string | undefined {
    return this.#user?.userId;
  }

  /** True if it is a user's, also before its greeting is through. */
  isOf(userId: string): boolean {
    return (this.#user ?? this.#greeted)?.userId === userId;
  }

  /** A frame. Frames are worked through one after the other; how many wait is bounded by not reading the socket. */
  message(text: string): void {
    if (this.#isEnded) return;
    this.#queued++;
    this.#queuedLength += text.length;
    this.#outgoing.throttle(this.#isBehind());
    this.#work = this.#work.then(async () => {
      try {
        if (!this.#isEnded) await this.#handle(text);
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#queued--;
        this.#queuedLength -= text.length;
        this.#outgoing.throttle(this.#isBehind() || this.#isFull());
      }
    });
  }

  #isBehind(): boolean {
    return this.#queued > QUEUED_MAX || (this.#queued > 1 && this.#queuedLength > QUEUED_LENGTH_MAX);
  }

  /** The connection is gone. */
  closed(): void {
    this.#isEnded = true;
    clearTimeout(this.#expiry);
    this.#chosen?.feed.leave(this);
    this.#chosen?.closed(this);
    this.#download?.cancel();
    for (const resume of this.#idle.splice(0)) resume();
  }

  /** Ends it with a reason. */
  end(code: string, action: ErrorAction, message: string, retryMs?: number): void {
    if (this.#isEnded) return;
    this.#send({ msg: "error", code, action, message, ...(retryMs === undefined ? {} : { retryMs }) });
    this.closed();
    this.#outgoing.close();
  }

  /** What is known of the user has changed: other rights, another view, a new bootstrap for what differs. */
  userChanged(user: VerifiedUser): void {
    if (this.#isEnded || this.#hasMoved(user)) return;
    if (this.#user === undefined) this.#greeted = user;
    else this.#takeUser(user);
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    try {
      this.#subscribe({ msg: "sub", version: subscription.version, queries: subscription.queries }, true);
    } catch (error) {
      this.#loseView(error, subscription);
    }
  }

  /** A set that the new rights cannot answer shows nothing: what the old ones showed must not go on. */
  #loseView(error: unknown, subscription: SubMessage): void {
    if (!(error instanceof SyncServerError) || error.code !== "QUERY_UNSUPPORTED") {
      this.#fail(error);
      return;
    }
    this.#send({ msg: "error", code: error.code, action: "warn", message: error.message });
    this.#subscribe({ msg: "sub", version: subscription.version, queries: [] }, true);
    this.#subscription = subscription;
  }

  /** A user of another shard now: the client connects again, and what it has is not continued there. */
  #hasMoved(user: VerifiedUser): boolean {
    try {
      if (this.#front.contextOf(user) === this.#chosen) return false;
      this.end("SHARD_CHANGED", "retry", "the user belongs to another shard now", 0);
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  receive(delta: Delta): void {
    if (this.#download === undefined) {
      this.#tell(delta);
      return;
    }
    this.#waitingBytes += delta.size;
    if (this.#waitingBytes > WAITING_MAX_BYTES) {
      this.#isOverflown = true;
      this.#waiting = [];
    } else if (!this.#isOverflown) {
      this.#waiting.push(delta);
    }
  }

  lost(): void {
    this.end("STORE_UNAVAILABLE", "retry", "a change could not be told: come again");
  }

  async #handle(text: string): Promise<void> {
    const message = decodeClientMessage(text, this.#front.limits);
    if (this.#user === undefined) {
      if (message.msg !== "hello") throw new SessionEnd("HELLO_MISSING", "stop", "the first message has to be hello");
      await this.#hello(message);
      return;
    }
    switch (message.msg) {
      case "hello":
        throw new SessionEnd("HELLO_REPEATED", "stop", "there can be one hello only");
      case "auth":
        await this.#auth(message);
        return;
      case "up":
        await this.#up(message, text.length);
        return;
      case "sub":
        this.#trySubscribe(message);
        return;
      case "mark":
        if (this.#marks.push(message.id) > MARKS_MAX) throw new SessionEnd("TOO_MANY", "stop", "more marks than are answered at once");
        if (!this.#isMarking) void this.#answerMarks();
        return;
      case "ping":
        await this.#ping(message);
    }
  }

  async #hello(message: HelloMessage): Promise<void> {
    const protocol = negotiate(message.protocol, [PROTOCOL_VERSION_MIN, PROTOCOL_VERSION]);
    const user = await this.#verify(message.token);
    this.#greeted = user;
    if (!this.#front.admits(this, user.userId)) throw new SessionEnd("SESSIONS_TOO_MANY", "retry", "the user has too many sessions");
    this.#chosen = this.#front.contextOf(user);
    const { store, layout, schemaPolicy } = this.#chosen;
    if (schemaPolicy === "clientsMayAdd") await this.#context.extendSchema(message.schema);
    const mismatch = schemaMismatch(layout().schema, message.schema);
    if (mismatch !== undefined) throw new SessionEnd("SCHEMA_MISMATCH", "migrate", mismatch);
    const { epoch } = await store.position();
    if (message.epoch !== undefined && message.epoch !== epoch) throw lost();
    const cursor = message.client === undefined ? await store.addClient(this.#context.newClientId(), user.userId) : await store.findClient(message.client, user.userId);
    // Unknown, forgotten after a long time, or another user's: the same answer.
    if (cursor === undefined) throw lost();
    const former = message.former === undefined || message.client !== undefined ? undefined : await store.retireClient(message.former, user.userId);
    if (this.#isEnded) return;
    this.#client = cursor.client;
    this.#lastCseq = cursor.lastCseq;
    this.#cseqInStates = cursor.lastCseq;
    this.#takeUser(this.#greeted);
    this.#context.greeted(this);
    this.#send({ msg: "welcome", protocol, serverTime: this.#context.now(), client: cursor.client, lastCseq: cursor.lastCseq, ...(former === undefined ? {} : { former }), epoch });
    await this.#tellOldAnswers(message.acked ?? 0);
  }

  /** Answers that the client has not confirmed. */
  async #tellOldAnswers(acked: number): Promise<void> {
    const newest = this.#lastCseq;
    for (let after = acked; !this.#isEnded; ) {
      const receipts = await this.#context.store.receipts(this.#client, after, OLD_ANSWERS);
      const last = receipts.at(-1);
      if (last === undefined) break;
      for (const { cseq, answer } of receipts) this.#answers.note(cseq, JSON.parse(answer ?? "{}") as Answer);
      after = last.cseq;
      this.#answers.forgetOldest();
      // Who does not read gets no more of them.
      const ack = this.#takeAck();
      if (ack === undefined || !(await this.#outgoing.sendAndWait(encodeMessage(ack)))) return;
      acked = after;
    }
    // Also where there is nothing to say: the client waits for it, and may have nothing more to upload.
    if (acked >= newest) return;
    this.#answers.note(newest, undefined);
    this.#sendAck();
  }

  async #auth({ token }: AuthMessage): Promise<void> {
    const user = await this.#verify(token);
    if (user.userId !== this.#user?.userId) throw new SessionEnd("USER_DIFFERS", "logOut", "the token is another user's");
    this.userChanged(user);
  }

  /** Whether session and user are still there, and what may be done: asked again and again, since other servers and programs change that. */
  async recheck(): Promise<void> {
    if (this.#user === undefined || this.#isEnded) return;
    const token = this.#token;
    let verified: Awaited<ReturnType<SessionContext["authenticator"]["verify"]>>;
    try {
      verified = await this.#front.authenticator.verify(token);
    } catch {
      // Nobody could say: the token is good for as long as it says.
      return;
    }
    if (this.#isEnded || token !== this.#token || this.#user === undefined) return;
    if ("refused" in verified) {
      if (verified.refused === "disabled") this.end("USER_DISABLED", "logOut", "the user is disabled");
      else if (verified.refused === "invalid") this.end("SESSION_REVOKED", "refreshToken", "the user's session has ended");
    } else if (verified.userId === this.#user.userId && JSON.stringify(verified.customData) !== JSON.stringify(this.#user.customData)) this.userChanged(verified);
  }

  async #verify(token: string): Promise<VerifiedUser> {
    const verified = await this.#front.authenticator.verify(token);
    if (!("refused" in verified)) {
      this.#token = token;
      return verified;
    }
    this.#front.metrics.add("holdfast_tokens_refused_total");
    if (verified.refused === "expired") throw new SessionEnd("TOKEN_EXPIRED", "refreshToken", "the token has expired");
    if (verified.refused === "disabled") throw new SessionEnd("USER_DISABLED", "logOut", "the user is disabled");
    throw new SessionEnd("TOKEN_INVALID", "logOut", "the token is not valid here");
  }

  #takeUser(user: VerifiedUser): void {
    this.#user = user;
    this.#rights = this.#context.rightsOf(user);
    this.#submittedBefore = this.#submitted;
    clearTimeout(this.#expiry);
    // Timers hold 31 bits of milliseconds.
    this.#expiry = setTimeout(() => this.end("TOKEN_EXPIRED", "refreshToken", "the token has expired"), Math.min(Math.max(user.expiresAt - this.#context.now(), 0), 2 ** 31 - 1));
    this.#expiry.unref();
  }

  async #up({ txs, newest }: UpMessage, bytes: number): Promise<void> {
    const { writer, uploadRights, layout } = this.#context;
    const rights = this.#rights;
    if (rights === undefined) return;
    await writer.room();
    let open = txs.length;
    this.#uploadingBytes += bytes;
    let from: number | undefined;
    for (const { cseq, ops, base } of txs) {
      from = base === undefined ? from : this.#versionOf(base);
      if (ops.some(({ id, h }) => id !== undefined || partsOf(h).replica !== this.#client)) throw new SessionEnd("STAMP_FOREIGN", "reset", "an operation with a stamp that is not this client's");
      const upload: Upload = { client: this.#client, user: this.#user?.userId ?? "", cseq, digest: hash("sha256", JSON.stringify(ops), "base64url"), ops, known: this.#answers.known, informed: this.#answers.informed, bytes: Math.ceil(bytes / txs.length), ...(from === undefined ? {} : { base: from }), ...(newest === undefined ? {} : { newest }) };
      // Looked up when the transaction is written: rights that are lost while it waits are lost for it, too.
      uploadRights.set(upload, { rights: () => this.#rights ?? rights, layout: layout() });
      this.#uploading++;
      this.#submitted++;
      writer.submit(upload, (result) => {
        this.#uploading--;
        if (--open === 0) this.#uploadingBytes -= bytes;
        // What this client writes from now on builds on no less.
        if (result.kind === "done" && upload.base !== undefined) this.#noteSeen(upload.base);
        this.#answered(cseq, result);
        if (!this.#isFull()) for (const resume of this.#idle.splice(0)) resume();
      });
    }
    this.#answers.forgetOldest();
    while (this.#isFull() && !this.#isEnded) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** The version that a resume text of this client's names; undefined: of a bootstrap that is not through. */
  #versionOf(text: string): number | undefined {
    if (this.#base?.text === text) return this.#base.version;
    const point = this.#tokens.open(text);
    if (point === undefined) throw new SessionEnd("RESUME_INVALID", "reset", "the resume token is not one of this server for this client");
    this.#base = { text, version: point.boot === undefined ? point.version : undefined };
    return this.#base.version;
  }

  #noteSeen(version: number): void {
    const { seen } = this.#context;
    seen.set(this.#client, Math.max(version, seen.get(this.#client) ?? 0));
  }

  #isFull(): boolean {
    return this.#chosen !== undefined && (this.#uploading > this.#chosen.uploadsInFlight || this.#uploadingBytes > this.#chosen.uploadBytesInFlight);
  }

  #answered(cseq: number, result: UploadResult): void {
    if (this.#isEnded) return;
    if (result.kind === "failed") {
      this.#fail(result.error);
      return;
    }
    const { answer, version } = result;
    this.#written.push({ version, cseq });
    if (this.#download === undefined) this.#cseqAt(this.#context.feed.version);
    this.#context.metrics.add("holdfast_rejects_total", answer?.rejects?.length ?? 0);
    if (this.#answers.isEmpty) queueMicrotask(() => this.#sendAck());
    this.#answers.note(cseq, answer);
  }

  #sendAck(): void {
    const ack = this.#takeAck();
    if (ack !== undefined) this.#send(ack);
  }

  #takeAck(): ServerMessage | undefined {
    const ack = this.#answers.take();
    if (ack !== undefined) this.#lastCseq = Math.max(this.#lastCseq, ack.cseq);
    return ack;
  }

  /** A set that cannot be answered is refused; what was shown before goes on. */
  #trySubscribe(message: SubMessage): void {
    try {
      this.#subscribe(message, false);
    } catch (error) {
      if (!(error instanceof SyncServerError) || error.code !== "QUERY_UNSUPPORTED") throw error;
      this.#send({ msg: "error", code: error.code, action: "warn", message: error.message });
    }
  }

  /** Begins what a subscription set shows; an earlier download is given up. */
  #subscribe(message: SubMessage, isOnlyIfDifferent: boolean): void {
    const { feed, layout } = this.#context;
    const view = makeView({ queries: message.queries, roles: this.#rights?.roles ?? new Map(), layout: layout() });
    this.#subscription = message;
    if (isOnlyIfDifferent && view.digest === this.#view?.digest) {
      this.#view = view;
      return;
    }
    let from: ResumePoint | undefined;
    if (message.resume !== undefined) {
      from = this.#tokens.open(message.resume);
      if (from === undefined) {
        this.#context.metrics.add("holdfast_resume_tokens_refused_total");
        throw new SessionEnd("RESUME_INVALID", "reset", "the resume token is not one of this server for this client");
      }
    }
    this.#download?.cancel();
    // From here on deltas are made for the new view; they wait until its snapshot is through.
    this.#view = view;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isOverflown = false;
    feed.follow(this, { view, client: this.#client });
    this.#startDownload(view, message.version, from);
  }

  #startDownload(view: View, version: number, from: ResumePoint | undefined): void {
    const download = new Download({
      ...this.#context, layout: this.#context.layout(), view, version, outgoing: this.#outgoing,
      seal: (point) => this.#tokens.seal(point),
      client: this.#client,
    });
    this.#download = download;
    this.#judged().then(() => download.run(from)).then(
      (point) => {
        if (this.#download === download && point !== undefined) this.#arrived(view, version, point);
      },
      (error: unknown) => {
        if (this.#download === download) this.#fail(error);
      },
    );
  }

  /**
   * What is being written now may have been judged by rights that have changed since. A snapshot from before it would leave it to the client to put
   * it onto the pages, and with it the value of a field that is hidden now. Transactions of a client are settled in their order.
   */
  async #judged(): Promise<void> {
    while (this.#submitted - this.#uploading < this.#submittedBefore && !this.#isEnded) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #arrived(view: View, version: number, point: ResumePoint): void {
    this.#point = point;
    this.#toldVersion = point.version;
    if (this.#isOverflown) {
      this.#isOverflown = false;
      this.#waitingBytes = 0;
      this.#startDownload(view, version, point);
      return;
    }
    if (!this.#isAtEndOfBatch(view, version, point)) return;
    this.#download = undefined;
    for (const delta of this.#waiting.splice(0)) this.#tell(delta);
    this.#waitingBytes = 0;
    for (const resume of this.#idle.splice(0)) resume();
  }

  /** The feed goes on from the end of a batch only. False: what is missing up to there comes first. */
  #isAtEndOfBatch(view: View, version: number, point: ResumePoint): boolean {
    const { feed } = this.#context;
    if (feed.endedAt(point.version)) return true;
    const download = this.#download;
    feed.join(async (snapshot) => {
      if (this.#isEnded || download === undefined || this.#download !== download) return;
      try {
        const end = await download.catchUp(snapshot, point);
        if (this.#download !== download) return;
        if (end === undefined) this.#startDownload(view, version, point);
        else this.#arrived(view, version, end);
      } catch (error) {
        this.#fail(error);
      }
    });
    return false;
  }

  #tell(delta: Delta): void {
    const point = this.#point;
    if (point === undefined || delta.version <= point.version) return;
    this.#point = { ...point, version: delta.version, salt: delta.salt };
    const text = downText(delta, this.#client, { resume: () => this.#sealed(), cseq: () => this.#cseqAt(delta.version) });
    if (text === undefined) return;
    this.#toldVersion = delta.version;
    this.#context.metrics.add("holdfast_downs_total");
    this.#outgoing.send(text);
  }

  /** The newest own transaction that states of a version have in them. Versions ascend from call to call. */
  #cseqAt(version: number): number {
    while (this.#written[0] !== undefined && this.#written[0].version <= version) this.#cseqInStates = Math.max(this.#cseqInStates, this.#written.shift()?.cseq ?? 0);
    return this.#cseqInStates;
  }

  /** The client's, once it has a name. */
  get #tokens(): ClientTokens {
    this.#ownTokens ??= this.#context.tokens.of({ user: this.#user?.userId ?? "", client: this.#client });
    return this.#ownTokens;
  }

  #sealed(): string {
    return this.#tokens.seal(this.#point as ResumePoint);
  }

  /** Who follows the feed is told of nothing where nothing concerns it, and yet is as far as the feed. */
  #catchUp(): void {
    const { version, salt } = this.#context.feed;
    if (this.#download === undefined && this.#point !== undefined && this.#point.version < version) this.#point = { ...this.#point, version, salt };
  }

  /** Behind everything that had happened when it came: own transactions, and those of others on whatever server. */
  async #answerMarks(): Promise<void> {
    this.#isMarking = true;
    try {
      // Those that come meanwhile have to look again, but all of them together.
      while (this.#marks.length > 0 && !this.#isEnded) await this.#mark(this.#marks.splice(0));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isMarking = false;
    }
  }

  async #mark(ids: readonly number[]): Promise<void> {
    while (this.#uploading > 0 && !this.#isEnded) await new Promise<void>((resolve) => this.#idle.push(resolve));
    const { version } = await this.#context.store.position();
    await this.#context.feed.reach(version);
    while (this.#download !== undefined && !this.#isEnded) await new Promise<void>((resolve) => this.#idle.push(resolve));
    for (const id of ids) this.#send({ msg: "mark", id });
  }

  async #ping({ basis }: PingMessage): Promise<void> {
    if (basis !== undefined) {
      const point = this.#tokens.open(basis);
      if (point === undefined) throw new SessionEnd("RESUME_INVALID", "reset", "the resume token is not one of this server for this client");
      if (point.boot === undefined) this.#noteSeen(point.version);
    }
    const floor = this.#context.folded();
    this.#send({ msg: "pong", serverTime: this.#context.now(), ...(floor === NEVER ? {} : { floor }) });
    this.#catchUp();
    // Nothing of what happened was for this client, but where it goes on has moved.
    if (this.#download === undefined && this.#point !== undefined && this.#point.version > this.#toldVersion) {
      this.#toldVersion = this.#point.version;
      this.#send({ msg: "progress", estimate: 1, resume: this.#sealed() });
    }
  }

  #send(message: ServerMessage): void {
    if (!this.#isEnded) this.#outgoing.send(encodeMessage(message));
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    const { code, action, message } = describeFailure(error);
    const { metrics, log } = this.#chosen ?? this.#front;
    metrics.add("holdfast_session_errors_total");
    log.warn("session ended", { code });
    this.end(code, action, message, action === "retry" ? 1000 : undefined);
  }
}

function lost(): SessionEnd {
  return new SessionEnd("HISTORY_LOST", "reset", "the server does not continue what this client has seen");
}
