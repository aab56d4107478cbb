/**
 * Asks for what the subscriptions show, applies what comes, and knows how far it has come.
 *
 * @module
 */
import type { BootMessage, DownMessage, ErrorMessage, MarkMessage, ProgressMessage, SubMessage } from "@holdfast/sync-protocol";
import { wantedOf } from "../replica/records.ts";
import type { Meta } from "../replica/records.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import type { Waits } from "./waits.ts";

/** Objects with own operations that are kept before a mark is asked for, which lets them go. */
const RECENT_OBJECTS = 1000;

/** Downloads one file. */
export class Downloader {
  /** 0 to 1, as the server estimates it. */
  estimate = 0;
  readonly #file: SyncedFile;
  readonly #waits: Waits;
  readonly #send: (message: SubMessage | MarkMessage) => void;
  #sentVersion = 0;
  #nextMark = 1;
  #echoed = 0;
  /** The newest mark that somebody waits for: asked for again on every connection. */
  #wantedMark = 0;
  /** The ask of this process that stands in the file, and the mark that it is for. */
  #ownAsk: { readonly ask: number; readonly mark: number } | undefined;
  /** The newest ask of other processes that the server was sent a mark for. */
  #othersAsk: { readonly ask: number; readonly mark: number } | undefined;
  #bootMark: { readonly mark: number; readonly version: number } | undefined;
  #recentMark: number | undefined;
  /**
   * A bootstrap came for a set of subscriptions that had been replaced: what the server tells from there on is about a view that is not here. The
   * bootstrap of the newest set ends that. Until then nothing of it is applied, and the newest mark that came back waits.
   */
  #elsewhere: { mark: number } | undefined;

  /** @param send - Sends if there is a connection; else the message is lost. */
  constructor(file: SyncedFile, waits: Waits, send: (message: SubMessage | MarkMessage) => void) {
    this.#file = file;
    this.#waits = waits;
    this.#send = send;
  }

  /** A connection has begun. */
  begin(): void {
    this.#sentVersion = 0;
    this.#bootMark = undefined;
    this.#othersAsk = undefined;
    this.#elsewhere = undefined;
    this.#file.forgetRecent();
    this.subscribe();
    this.answerOthers();
    if (this.#wantedMark > this.#echoed) this.#send({ msg: "mark", id: this.#wantedMark });
  }

  /** Waits until everything is here that the server has now. @throws {SyncError} `TIMEOUT` */
  everything(timeoutMs?: number): Promise<void> {
    const mark = this.#mark();
    this.#wantedMark = mark;
    return this.#waits.until(() => this.#echoed >= mark || this.#isAnswered(mark), "Downloading the server's changes", timeoutMs);
  }

  #isAnswered(mark: number): boolean {
    const own = this.#ownAsk;
    return own !== undefined && own.mark >= mark && (this.#file.read("asks")?.echoed ?? 0) >= own.ask;
  }

  /** Another process has the connection: it is asked, through the file, for what this one waits for. */
  async askOthers(): Promise<void> {
    const mark = this.#wantedMark;
    if (mark <= this.#echoed || (this.#ownAsk?.mark ?? 0) >= mark) return;
    this.#ownAsk = await this.#file.write((tx) => {
      const { wanted, echoed } = tx.meta("asks") ?? { wanted: 0, echoed: 0 };
      tx.setMeta("asks", { wanted: wanted + 1, echoed });
      return { ask: wanted + 1, mark };
    });
  }

  /** Asks the server for what processes without a connection wait for. Called while there is a connection. */
  answerOthers(): void {
    const { wanted, echoed } = this.#file.read("asks") ?? { wanted: 0, echoed: 0 };
    if (wanted <= echoed || (this.#othersAsk?.ask ?? 0) >= wanted) return;
    this.#othersAsk = { ask: wanted, mark: this.#mark() };
  }

  /** Sends the set of subscriptions if the server does not have it. Asked for while there is a connection. */
  subscribe(): void {
    const file = this.#file;
    const subs = file.read("subs") as Meta["subs"];
    const wanted = wantedOf(subs);
    if (wanted === undefined || wanted.version === 0 || wanted.version === this.#sentVersion) return;
    const boot = file.read("boot") ?? null;
    const down = file.read("down") as Meta["down"];
    const isHere = down.version === wanted.version;
    // Where another view was told of meanwhile, only a bootstrap leads back.
    const resume = this.#elsewhere !== undefined ? undefined : boot !== null && boot.version === wanted.version ? boot.resume : isHere ? down.resume : undefined;
    this.#sentVersion = wanted.version;
    this.estimate = 0;
    const queries = wanted.entries.map(({ name, type, query }) => ({ ...(name === undefined ? {} : { name }), type, query }));
    this.#send({ msg: "sub", version: wanted.version, queries, ...(resume === undefined ? {} : { resume }) });
    // The bootstrap is here: what was missed since comes before the echo, or it was the echo that was lost.
    if (isHere) this.#bootMark = { mark: this.#mark(), version: wanted.version };
  }

  /** @returns True if that ends what a mark waited for. */
  async boot(message: BootMessage, isCurrent: () => boolean): Promise<boolean> {
    const outcome = await this.#file.boot(message, isCurrent);
    if (outcome === "unwanted") this.#elsewhere ??= { mark: 0 };
    if (outcome !== "taken") return false;
    this.#bootMark = { mark: this.#mark(), version: message.version };
    const mark = this.#elsewhere?.mark ?? 0;
    this.#elsewhere = undefined;
    if (mark > 0) await this.marked(mark);
    return mark > 0;
  }

  /** What others did. */
  async down(message: DownMessage): Promise<void> {
    if (this.#elsewhere === undefined) await this.#file.down(message);
  }

  /** A mark came back. @returns True if a set of subscriptions is complete now. */
  async marked(id: number): Promise<boolean> {
    // Without a set that the server takes there is nothing to wait for.
    if (this.#elsewhere !== undefined && wantedOf(this.#file.read("subs") as Meta["subs"]) !== undefined) {
      this.#elsewhere.mark = Math.max(this.#elsewhere.mark, id);
      return false;
    }
    this.#echoed = Math.max(this.#echoed, id);
    if (this.#recentMark !== undefined && id >= this.#recentMark) {
      this.#recentMark = undefined;
      this.#file.forgetRecent();
    }
    await this.#answered(id);
    const boot = this.#bootMark;
    if (boot === undefined || id < boot.mark) return false;
    this.#bootMark = undefined;
    this.estimate = 1;
    await this.#complete(boot.version);
    return true;
  }

  async #answered(id: number): Promise<void> {
    const others = this.#othersAsk;
    if (others === undefined || id < others.mark || (this.#file.read("asks")?.echoed ?? 0) >= others.ask) return;
    await this.#file.write((tx) => tx.setMeta("asks", { wanted: tx.meta("asks")?.wanted ?? others.ask, echoed: others.ask }));
  }

  async #complete(version: number): Promise<void> {
    if (this.#file.read("subs")?.state === "complete" && (this.#file.read("reset") ?? null) === null) return;
    await this.#file.write((tx) => {
      const subs = tx.meta("subs") as Meta["subs"];
      if (subs.version !== version) return;
      tx.setMeta("subs", { version: subs.version, entries: subs.entries, state: "complete", active: { version: subs.version, entries: subs.entries } });
      if ((tx.meta("reset") ?? null) !== null) tx.setMeta("reset", null);
    });
  }

  /** Nothing was for this client up to there. */
  async progressed({ estimate, resume }: ProgressMessage): Promise<void> {
    this.estimate = estimate;
    if (resume === undefined || this.#elsewhere !== undefined || (this.#file.read("boot") ?? null) !== null || this.#file.read("down")?.version === undefined) return;
    await this.#file.write((tx) => tx.setMeta("down", { ...tx.meta("down"), resume }));
  }

  /** The server does not serve the set that was sent last. */
  async refused({ message }: ErrorMessage): Promise<void> {
    const version = this.#sentVersion;
    await this.#file.write((tx) => {
      const subs = tx.meta("subs") as Meta["subs"];
      if (subs.version === version) tx.setMeta("subs", { ...subs, state: "error", error: message });
    });
  }

  /** Own operations are kept for rows that the server read before it had them; a mark tells when there can be no such row any more. */
  forgetLater(): void {
    if (this.#recentMark === undefined && this.#file.recentCount > RECENT_OBJECTS && (this.#file.read("boot") ?? null) === null) this.#recentMark = this.#mark();
  }

  /** Asks the server for an echo behind all that it has now. */
  #mark(): number {
    const id = this.#nextMark++;
    this.#send({ msg: "mark", id });
    return id;
  }
}
