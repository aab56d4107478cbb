/**
 * Freshness: an anchor outside of the file remembers the newest durable state, so that an older copy of the whole file
 * is found when it is opened.
 *
 * Why it is built like this: docs/decisions/0004-freshness-anchor.md. The rules: docs/format/freshness.md.
 *
 * @module
 */
import { equalBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { judge, judgeIdentity, type FoundFile, type Refusal } from "./freshness-judgement.ts";
import { decodeAnchor, encodeAnchor, isLater, type AnchorState, type AnchorSuccessor } from "./freshness-state.ts";

/**
 * Where one database's anchor is kept: a small line of ASCII without secrets.
 *
 * It protects only where whoever can change the database file cannot change it. `write` returns when the text is durable,
 * unless the place says otherwise (`DeferredAnchor`).
 */
export interface FreshnessAnchor {
  /** The text that was written last; undefined if there is none. */
  read(): string | undefined;
  write(text: string): void;
  /** Forgets the database: the next file under this name is taken as it is. */
  remove(): void;
  /** Anchors in an asynchronous place: fetches the text. `Realm.open` awaits it before it opens. */
  load?(): Promise<void>;
  /** Anchors in an asynchronous place: resolves when everything is written. `Realm.open` awaits it afterwards. */
  flush?(): Promise<void>;
}

/** How a file is held to its anchor. */
export interface FreshnessOptions {
  readonly anchor: FreshnessAnchor;
  /**
   * When the anchor is written: after each slot (default), or after every commit too. The second bounds what can be cut
   * from the end of the log, and costs a write of the anchor a commit.
   */
  readonly every?: "checkpoint" | "commit" | undefined;
  /** Takes a file that does not fit the anchor, such as a restored backup, and anchors it. For one open. */
  readonly accept?: "restored" | undefined;
}

/** What has to be written once a file has been let in. */
export type AnchorTask = "none" | "first" | "successor" | "restored";

/** A durable state of an open file. */
export type AnchorPoint = Omit<AnchorState, "restoredCount" | "successor">;

/** The anchor of one handle. */
export class Freshness {
  readonly path: string;
  readonly every: "checkpoint" | "commit";
  readonly #anchor: FreshnessAnchor;
  #mayAccept: boolean;
  #state: AnchorState | undefined;
  #isDamaged = false;
  #failure: StoreError | undefined;

  /** @throws {TypeError} `FRESHNESS_INVALID`. */
  constructor(options: FreshnessOptions, path: string) {
    const { anchor, every = "checkpoint", accept } = options;
    const isAnchor = typeof anchor?.read === "function" && typeof anchor.write === "function" && typeof anchor.remove === "function";
    if (!isAnchor) throw invalid("freshness.anchor", "an object with read, write and remove");
    if (every !== "checkpoint" && every !== "commit") throw invalid("freshness.every", '"checkpoint" or "commit"');
    if (accept !== undefined && accept !== "restored") throw invalid("freshness.accept", '"restored" or nothing');
    this.path = path;
    this.every = every;
    this.#anchor = anchor;
    this.#mayAccept = accept === "restored";
  }

  /** The anchor as it was last read or written. */
  get state(): AnchorState | undefined {
    return this.#state;
  }

  /** Why the anchor could not be moved on; undefined once it could. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  /** Reads the anchor. @throws {StoreError} `ANCHOR_DAMAGED`, `ANCHOR_FAILED`. */
  read(): AnchorState | undefined {
    const text = attempt(this.path, "read", () => this.#anchor.read());
    this.#isDamaged = false;
    try {
      this.#state = text === undefined ? undefined : decodeAnchor(text);
    } catch (error) {
      if (!this.#mayAccept) throw error;
      this.#state = undefined;
      this.#isDamaged = true;
    }
    return this.#state;
  }

  /** No file is made where one was known. Accepting a restored file does not make a missing one good. */
  refuseMissing(): void {
    if (this.#state === undefined && !this.#isDamaged) return;
    throw new StoreError(
      "FILE_MISSING",
      `there is no database at '${this.path}', and its freshness anchor says that there was one. Put the file or a backup of it back; to begin anew, remove the anchor`,
    );
  }

  /** A better word for a refused key: the file is not the one that the key is for. */
  explain(found: Pick<FoundFile, "fileId" | "isEncrypted">, cause: StoreError): StoreError {
    const state = this.#mayAccept ? undefined : this.read();
    const judgement = state === undefined ? undefined : judgeIdentity(state, found);
    return judgement === undefined || judgement === "successor" ? cause : this.#refused(judgement, cause);
  }

  /** Lets a file in, and says what to write. @throws {StoreError} `ROLLED_BACK`, `FORKED`, `FILE_REPLACED`, `FILE_NOT_ENCRYPTED`. */
  admit(found: FoundFile): AnchorTask {
    if (this.#isDamaged) return "restored";
    if (this.#state === undefined) return "first";
    const judgement = judge(this.#state, found);
    if (judgement === "same" || judgement === "newer") return "none";
    if (judgement === "successor") return "successor";
    if (this.#mayAccept) return "restored";
    throw this.#refused(judgement);
  }

  #refused({ code, detail }: Refusal, cause?: StoreError): StoreError {
    const advice = 'If a backup was put back on purpose, open it once with accept: "restored"; else somebody replaced the file';
    return new StoreError(code, `'${this.path}' is not the file that its freshness anchor knows: ${detail}. ${advice}`, { cause });
  }

  /** The commit number that an accepted file has to go beyond, so that nothing older passes for newer again. */
  commitToPass(fileId: Uint8Array): number {
    return this.#state !== undefined && equalBytes(this.#state.fileId, fileId) ? this.#state.commit : 0;
  }

  /** Anchors an accepted file. @throws {StoreError} `ANCHOR_FAILED`. */
  accept(point: AnchorPoint): void {
    this.#write({ ...point, restoredCount: (this.#state?.restoredCount ?? 0) + 1 });
    this.#mayAccept = false;
  }

  /** The handle is open: from now on nothing more is accepted. */
  settle(): void {
    this.#mayAccept = false;
  }

  /**
   * Moves the anchor on, never back. Under the writer's lock, and only to a state that is durable.
   *
   * A failure is kept, tried again with the next point, and thrown by the close of the handle: the commit itself is durable.
   */
  advance(point: AnchorPoint): void {
    try {
      this.anchor(point);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as StoreError;
    }
  }

  /** As `advance`, but throws. @throws {StoreError} `ANCHOR_FAILED`, `ANCHOR_DAMAGED`, `FILE_REPLACED`. */
  anchor(point: AnchorPoint): void {
    const before = this.read();
    if (before === undefined) return this.#write({ ...point, restoredCount: 0 });
    const judgement = judgeIdentity(before, point);
    if (judgement !== undefined && judgement !== "successor") throw this.#refused(judgement);
    if (judgement === undefined && before.successor === undefined && !isLater({ ...before, ...point }, before)) return;
    this.#write({ ...point, restoredCount: before.restoredCount });
  }

  /** Names the file that is about to replace this one; `point` is used if nothing is anchored yet. @throws {StoreError} `ANCHOR_FAILED`. */
  announce(point: AnchorPoint, successor: AnchorSuccessor): void {
    this.#write({ ...(this.read() ?? { ...point, restoredCount: 0 }), successor });
  }

  #write(state: AnchorState): void {
    const text = encodeAnchor(state);
    attempt(this.path, "written", () => this.#anchor.write(text));
    this.#state = state;
  }
}

function attempt<T>(path: string, doing: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("ANCHOR_FAILED", `the freshness anchor of '${path}' could not be ${doing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function invalid(name: string, expected: string): TypeError {
  return Object.assign(new TypeError(`${name}: expected ${expected}`), { code: "FRESHNESS_INVALID" });
}
