/**
 * An anchor in a place that answers asynchronously, such as a key store, for a store that does not.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import type { FreshnessAnchor } from "./freshness.ts";
import { decodeAnchor, isLater } from "./freshness-state.ts";
import { equalBytes } from "./bytes.ts";

/** An asynchronous place for one small text: one entry of a key store. */
export interface AnchorSource {
  /** `undefined` or `null` if there is none. */
  read(): Promise<string | null | undefined>;
  write(text: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Reads once before the open, writes behind the store's back, and only the newest text of those that wait.
 *
 * What has not been flushed when the process dies is as if it had never been anchored: the next open finds a file that is
 * newer than its anchor, which is no error.
 */
export class DeferredAnchor implements FreshnessAnchor {
  readonly #source: AnchorSource;
  #isLoaded = false;
  #text: string | undefined;
  /** True while the source has yet to get the text. */
  #isDirty = false;
  /** What the source holds, as far as this anchor knows. */
  #stored: string | undefined;
  #failure: unknown;
  #pump: Promise<void> | undefined;

  constructor(source: AnchorSource) {
    this.#source = source;
  }

  /** Fetches the text. To be awaited before each open. */
  async load(): Promise<void> {
    await this.#pump;
    const text = (await this.#source.read()) ?? undefined;
    this.#stored = text;
    this.#text = text;
    this.#isLoaded = true;
  }

  read(): string | undefined {
    if (!this.#isLoaded) throw new StoreError("ANCHOR_FAILED", "this anchor is asynchronous: await its load() first, or use Realm.open");
    return this.#text;
  }

  write(text: string): void {
    this.#text = text;
    this.#isDirty = true;
    this.#start();
  }

  remove(): void {
    this.#text = undefined;
    this.#isLoaded = true;
    this.#isDirty = true;
    this.#start();
  }

  /** Resolves when the newest text is in the source. @throws {StoreError} `ANCHOR_FAILED`. */
  async flush(): Promise<void> {
    if (this.#isDirty) this.#start();
    await this.#pump;
    if (this.#failure === undefined) return;
    throw new StoreError("ANCHOR_FAILED", "the freshness anchor could not be written", { cause: this.#failure });
  }

  #start(): void {
    this.#pump ??= this.#run().finally(() => (this.#pump = undefined));
  }

  async #run(): Promise<void> {
    try {
      // One turn later, so that the points of one commit or close go out as one.
      await Promise.resolve();
      while (this.#isDirty) await this.#writeOnce();
      this.#failure = undefined;
    } catch (error) {
      this.#isDirty = true;
      this.#failure = error;
    }
  }

  async #writeOnce(): Promise<void> {
    const text = this.#text;
    this.#isDirty = false;
    if (text === undefined) await this.#source.remove();
    else if (await this.#mayReplace(text)) await this.#source.write(text);
    this.#stored = text;
  }

  /** Another process may have gone further since: the stored text is replaced if it is ours, or older. */
  async #mayReplace(text: string): Promise<boolean> {
    const found = (await this.#source.read()) ?? undefined;
    if (found === undefined || found === this.#stored) return true;
    const [theirs, ours] = [decodeAnchor(found), decodeAnchor(text)];
    return equalBytes(theirs.fileId, ours.fileId) && isLater(ours, theirs);
  }
}
