/**
 * The keys that the server has issued for one user, as this device has them.
 *
 * Usually there is one, the main key, under the user's name in the key store. After a change in the server there are more: each file gets
 * the newest when it is next opened, and the key store gets rid of the others when no file is under them. Until then all are kept, so
 * that a device that is ended at any moment has the key of every file. See docs/decisions/0020-changing-a-users-key.md.
 *
 * Keys are told apart by their ids. The bytes are kept in memory too, since files are opened without waiting for a key store.
 *
 * @module
 */
import type { DatabaseKeys } from "@holdfast/key-store";
import { Realm } from "@holdfast/realm";
import type { Configuration } from "@holdfast/realm";
import { absolutePath, hasContent, isKeyOfFile, log, whenReady } from "@holdfast/realm/replica";
import { AppError } from "./app-error.ts";
import type { Answer, AuthRequest } from "./auth-connection.ts";
import type { MetadataFile } from "./metadata-file.ts";
import { keyAnswer, keyIdText } from "./session-answer.ts";
import type { KeyAnswer } from "./session-answer.ts";

/** What the keys of a user need. */
export interface IssuedKeysOptions {
  readonly userId: string;
  /** Of the main key in the key store. */
  readonly name: string;
  readonly keys: DatabaseKeys;
  readonly metadata: () => MetadataFile;
  readonly ask: (request: Omit<AuthRequest, "accessToken">) => Promise<Answer>;
  /** True for files that this process has open. */
  readonly isHeld: (path: string) => boolean;
}

/** A file that is about to be opened. */
export type FileToOpen = Pick<Configuration, "path" | "freshness" | "readOnly">;

const KEY_BYTES = 64;
/** The main key, as long as nobody has said which one it is: of an earlier release, or noted half. */
const UNNAMED = "";
/** Others may change the key of a file between two looks at it. */
const MOST_ATTEMPTS = 5;

/** The keys of one user. */
export class IssuedKeys {
  readonly #options: IssuedKeysOptions;
  /** All that this process has seen, by id. */
  readonly #known = new Map<string, Uint8Array>();
  /** Under which key a file was opened here, by path. */
  readonly #openedUnder = new Map<string, string>();
  #following: Promise<void> | undefined;

  constructor(options: IssuedKeysOptions) {
    this.#options = options;
  }

  /** The newest key that the device has; without any, from the server. Fresh bytes. A newer one is fetched meanwhile. */
  async newest(): Promise<Uint8Array> {
    await this.#load();
    if (this.#known.size === 0) await this.#fetchNewest();
    void this.follow();
    return (this.#newestKnown() as Uint8Array).slice();
  }

  /**
   * Fetches the newest key if the device does not have it, and gets rid of keys that no file is under. Never fails: what cannot be
   * done now is done the next time.
   */
  follow(): Promise<void> {
    this.#following ??= this.#follow()
      .catch((error: unknown) => log("Realm.App", "debug", () => `a user's key is followed later: ${codeOf(error)}`))
      .finally(() => (this.#following = undefined));
    return this.#following;
  }

  async #follow(): Promise<void> {
    const { metadata, userId } = this.#options;
    const { newestId, mainId, settledId } = metadata().keys(userId);
    if (metadata().user(userId)?.state !== "LoggedIn") return;
    if (newestId !== "" && newestId === mainId && newestId === settledId && metadata().spareKeys(userId).length === 0) return;
    await this.#load();
    if (newestId === "" || !this.#known.has(newestId)) await this.#fetchNewest();
    await this.#settle();
  }

  /** Has the server make another key, and fetches it. */
  async change(): Promise<void> {
    const { ask, metadata, userId } = this.#options;
    await this.#load();
    // A device that has none has nothing to replace, and the server's newest will do.
    if (metadata().keys(userId).newestId === "" || this.#known.size === 0) await this.#fetchNewest();
    // Only this key is replaced: a request that is repeated, or comes from two devices at once, changes it once.
    const answer = await ask({ method: "POST", path: "/user/key/change", body: { key_id: metadata().keys(userId).newestId } });
    metadata().putKeys(userId, { newestId: keyIdText(answer), newestVersion: Number(answer["version"]) || 0 });
    // What fails from here on is done later: the change itself stands.
    await this.#following;
    await this.follow();
  }

  /**
   * Makes sure that the key of a file is here, if one of the user's is asked for and the file is under another one.
   *
   * @param given - Absent: any key of the user's will do.
   * @returns Undefined if there is nothing to wait for.
   */
  prepare(path: string, given?: Uint8Array): Promise<void> | undefined {
    const { metadata, userId } = this.#options;
    const { newestId } = metadata().keys(userId);
    const isThere = hasContent(path);
    if (given !== undefined && this.#idOf(given) === newestId && (!isThere || isUnder(path, given))) return undefined;
    return this.#prepare(path, { isThere, given });
  }

  async #prepare(path: string, { isThere, given }: { readonly isThere: boolean; readonly given: Uint8Array | undefined }): Promise<void> {
    await this.#load();
    if (!isThere || (given !== undefined && this.#idOf(given) === undefined)) return;
    if (this.#idOfFile(path) === undefined) await this.#fetchFormer(path).catch((error: unknown) => log("Realm.App", "debug", () => `former keys cannot be fetched: ${codeOf(error)}`));
  }

  /**
   * The key to open a file with: the newest, which the file is given first if it is under another one and nobody else has it open.
   *
   * @param given - What the application hands in. A key that is none of the user's is never replaced.
   * @returns The key, not to be changed; undefined if none that is here fits.
   */
  keyFor(file: FileToOpen, given?: Uint8Array): Uint8Array | undefined {
    const givenId = given === undefined ? undefined : this.#idOf(given);
    if (given !== undefined && givenId === undefined) return undefined;
    const path = absolutePath(file.path as string);
    const id = this.#settleKeyOf({ ...file, path }, givenId);
    if (id !== undefined) this.#openedUnder.set(path, id);
    return id === undefined ? undefined : this.#known.get(id);
  }

  #settleKeyOf(file: FileToOpen & { readonly path: string }, givenId: string | undefined): string | undefined {
    const { path } = file;
    const openedUnder = this.#openedUnder.get(path);
    if (this.#options.isHeld(path) && openedUnder !== undefined) return openedUnder;
    const target = this.#newestKnownId() ?? givenId;
    if (target === undefined || !hasContent(path)) return target;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const id = this.#idOfFile(path);
      if (id === undefined || id === target || file.readOnly === true) return id;
      const code = this.#rekey(file, id, target);
      if (code === undefined) return target;
      // In use, a full disk, ...: the file is as it was, and gets its new key another time.
      if (code !== "KEY_WRONG") return id;
    }
    return undefined;
  }

  /** Crash-safe: the file is under the one key or the other. @returns Why not, or undefined */
  #rekey({ path, freshness }: FileToOpen & { readonly path: string }, from: string, to: string): string | undefined {
    try {
      Realm.rekey({ path, encryptionKey: this.#known.get(from) as Uint8Array, ...(freshness === undefined ? {} : { freshness }) }, this.#known.get(to) as Uint8Array);
      log("Realm.App", "info", () => `${path}: under the user's newest key`);
      return undefined;
    } catch (error) {
      log("Realm.App", "debug", () => `${path}: gets the user's newest key later: ${codeOf(error)}`);
      return codeOf(error);
    }
  }

  /** Takes all keys of the user out of the key store and out of memory. */
  async forget(): Promise<void> {
    const { keys, metadata, name, userId } = this.#options;
    await this.#exclusively(async () => {
      await keys.remove({ name });
      for (const keyId of metadata().spareKeys(userId)) await keys.remove({ name: this.#spareName(keyId) });
      metadata().strikeKeys(userId);
    });
    this.wipe();
  }

  /** Forgets what is in memory. */
  wipe(): void {
    for (const key of this.#known.values()) key.fill(0);
    this.#known.clear();
    this.#openedUnder.clear();
  }

  /** Reads what the key store has. */
  async #load(): Promise<void> {
    const { keys, metadata, name, userId } = this.#options;
    await this.#exclusively(async () => {
      const main = await keys.read({ name });
      if (main !== null) this.#remember(metadata().keys(userId).mainId || UNNAMED, main);
      for (const keyId of metadata().spareKeys(userId)) {
        const key = this.#known.has(keyId) ? null : await keys.read({ name: this.#spareName(keyId) });
        if (key !== null) this.#remember(keyId, key);
      }
    });
  }

  async #fetchNewest(): Promise<void> {
    const { metadata, userId } = this.#options;
    const answer = await this.#fetch({});
    await this.#keep(answer);
    metadata().putKeys(userId, { newestId: answer.keyId, newestVersion: answer.version });
  }

  /** For a file that is under none of the keys that the device has: it had others, and has lost them. */
  async #fetchFormer(path: string): Promise<void> {
    const { versions } = await this.#fetch({});
    for (const version of versions) {
      const answer = await this.#fetch({ version });
      if (isUnder(path, answer.key)) return this.#keep(answer);
      answer.key.fill(0);
    }
  }

  async #fetch(body: { readonly version?: number }): Promise<KeyAnswer> {
    return keyAnswer(await this.#options.ask({ method: "POST", path: "/user/key", body }));
  }

  /** Puts a key into the key store: as the main one if there is none, else beside it. */
  async #keep({ key, keyId }: KeyAnswer): Promise<void> {
    const { keys, metadata, name, userId } = this.#options;
    await this.#exclusively(async () => {
      // Who logs out has that noted before the keys go: a key that was on its way is not left behind.
      if (metadata().user(userId)?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "The specified user is not logged in.");
      const main = await keys.read({ name });
      if (main === null) await this.#putMain(keyId, key);
      else if (isSame(main, key)) metadata().putKeys(userId, { mainId: keyId });
      else {
        metadata().putSpareKey(userId, keyId);
        await keys.adopt({ name: this.#spareName(keyId), key });
      }
    });
    this.#remember(keyId, key);
  }

  /** The name goes first and comes last: cut off in between, the key has no name, and never a wrong one. */
  async #putMain(keyId: string, key: Uint8Array): Promise<void> {
    const { keys, metadata, name, userId } = this.#options;
    metadata().putKeys(userId, { mainId: "" });
    await keys.remove({ name });
    await keys.adopt({ name, key });
    metadata().putKeys(userId, { mainId: keyId });
  }

  /** Once every file is under the newest key: that becomes the main one, the others go, and the server is told. */
  async #settle(): Promise<void> {
    const { ask, metadata, userId } = this.#options;
    const { newestId, newestVersion, mainId, settledId } = metadata().keys(userId);
    const newest = this.#known.get(newestId);
    if (newest === undefined || (newestId === mainId && newestId === settledId && metadata().spareKeys(userId).length === 0)) return;
    for (const path of metadata().keyedFiles(userId)) if (!(await this.#isUnder(path, newestId))) return;
    await this.#exclusively(() => this.#keepOnly(newestId, newest));
    if (newestId === settledId) return;
    // Before the first change there is nothing that the server could forget.
    if (newestVersion !== 1) await ask({ method: "POST", path: "/user/key/settled", body: { key_id: newestId } });
    metadata().putKeys(userId, { settledId: newestId });
  }

  async #keepOnly(keyId: string, key: Uint8Array): Promise<void> {
    const { keys, metadata, userId } = this.#options;
    if (metadata().keys(userId).mainId !== keyId) {
      // It stands beside the main one until it has taken its place: there is no moment without it.
      metadata().putSpareKey(userId, keyId);
      await keys.adopt({ name: this.#spareName(keyId), key });
      await this.#putMain(keyId, key);
    }
    for (const spare of metadata().spareKeys(userId)) {
      await keys.remove({ name: this.#spareName(spare) });
      metadata().strikeKeys(userId, spare);
    }
  }

  async #isUnder(path: string, keyId: string): Promise<boolean> {
    const openedUnder = this.#openedUnder.get(path);
    if (this.#options.isHeld(path) && openedUnder !== undefined) return openedUnder === keyId;
    const encryptionKey = this.#known.get(keyId) as Uint8Array;
    return whenReady([path], () => !hasContent(path) || isUnder(path, encryptionKey));
  }

  #idOfFile(path: string): string | undefined {
    // Newest first, which is what it usually is.
    const ids = [this.#newestKnownId(), ...this.#known.keys()].filter((id) => id !== undefined);
    return ids.find((id) => isUnder(path, this.#known.get(id) as Uint8Array));
  }

  #idOf(given: Uint8Array): string | undefined {
    return [...this.#known].find(([, key]) => isSame(key, given))?.[0];
  }

  /** The server's newest if it is here; else the one that is kept as main, or the last that was. */
  #newestKnownId(): string | undefined {
    const { newestId, mainId } = this.#options.metadata().keys(this.#options.userId);
    return [newestId, mainId].find((id) => id !== "" && this.#known.has(id)) ?? [...this.#known.keys()].at(-1);
  }

  #newestKnown(): Uint8Array | undefined {
    const id = this.#newestKnownId();
    return id === undefined ? undefined : this.#known.get(id);
  }

  #remember(keyId: string, key: Uint8Array): void {
    const known = this.#known.get(keyId);
    if (known !== undefined && isSame(known, key)) return;
    // A name that was found out: the key had none.
    const unnamed = this.#known.get(UNNAMED);
    if (keyId !== UNNAMED && unnamed !== undefined && isSame(unnamed, key)) {
      this.#known.delete(UNNAMED);
      for (const [path, id] of this.#openedUnder) if (id === UNNAMED) this.#openedUnder.set(path, keyId);
    }
    if (keyId === UNNAMED && this.#idOf(key) !== undefined) return;
    // Part of a larger buffer, which V8 does not copy about as it does small ones.
    const bytes = new Uint8Array(new ArrayBuffer(KEY_BYTES * 4), 0, KEY_BYTES);
    bytes.set(key);
    this.#known.set(keyId, bytes);
  }

  #spareName(keyId: string): string {
    return `${this.#options.name}/${keyId}`;
  }

  /** One at a time on the device, where the key store can lock; asks the network for nothing meanwhile. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#options.keys.store.exclusively(`${this.#options.name}/keys`, work);
  }
}

/** False too for what is no encrypted database: opening it says what it is. */
function isUnder(path: string, encryptionKey: Uint8Array): boolean {
  try {
    return isKeyOfFile({ path, encryptionKey });
  } catch {
    return false;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) difference |= (one[index] as number) ^ (other[index] ?? 0);
  return difference === 0;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "unknown");
}
