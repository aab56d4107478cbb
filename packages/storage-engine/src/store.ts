/**
 * The public face of the engine: one database file, opened.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import type { BackupOptions, BackupReport, RestoreOptions, RestoreReport } from "./backup.ts";
import { compareViews, type TreeChanges } from "./changes.ts";
import { Database } from "./database.ts";
import { requireDurability } from "./durability.ts";
import { asStoreError, coded, isDiskFull, isWithoutLocks, StoreError } from "./errors.ts";
import { createDatabase, refuseLinks, refuseNoFile } from "./file-creation.ts";
import { assertLogIsThere, checkFile, newestSlot, readSlots, type CheckedFile } from "./file-opening.ts";
import { Freshness, type FreshnessOptions } from "./freshness.ts";
import { anchorForClose, anchorIfDue, anchoredCommit, clearIdentity, foundFile, identityOf, identityPoint, runTask } from "./freshness-hooks.ts";
import { PAGE_BYTES } from "./layout.ts";
import { waitForLock } from "./lock-waiting.ts";
import { currentPlatform } from "./current-platform.ts";
import type { Platform } from "./platform.ts";
import { Presence } from "./presence.ts";
import { asSideFileError, PublishedFile } from "./published.ts";
import { releaseReserve, restoreReserve } from "./reserve-release.ts";
import { Snapshot } from "./snapshot.ts";
import { backupStore, restoreStore } from "./store-backup.ts";
import { sealOf } from "./new-store.ts";
import { writeTemporaryCopy } from "./store-copy.ts";
import { directoryOf, removeForgotten, removeIfAllowed } from "./temporary-file.ts";
import { WriteTransaction } from "./transaction.ts";
import { salvagePath, type SalvageOptions } from "./store-salvage.ts";
import type { SalvageReport } from "./salvage.ts";
import { verifyPath, verifyReader, verifyWriter, type FileVerifyReport, type VerifyOptions } from "./store-verify.ts";
import type { VerifyReport } from "./verify.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** Everything but `path` has a default. */
export interface StoreOptions {
  readonly path: string;
  /** Where the file is; Node's file system unless said otherwise. */
  readonly volume?: Volume | undefined;
  /** 64 bytes, a list of 64 integers or a SecretKey; absent for a plain file. */
  readonly encryptionKey?: unknown;
  readonly readOnly?: boolean | undefined;
  /** Creates a file that is missing or empty. Default true; never with `readOnly`. */
  readonly create?: boolean | undefined;
  /** Bound of the page cache. Default 64 MiB. */
  readonly cacheBytes?: number | undefined;
  /** Bound of the pages that wait for a checkpoint. Default 16 MiB. */
  readonly dirtyBytes?: number | undefined;
  /** How long a write waits for another one. Default 10,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** An anchor outside of the file, which finds an older copy of the whole file. */
  readonly freshness?: FreshnessOptions | undefined;
}

export interface StoreStats {
  readonly fileBytes: number;
  /** Bytes of the pages that the newest slot or a reader can reach. */
  readonly usedBytes: number;
  readonly cacheBytes: number;
  readonly dirtyBytes: number;
  readonly commit: number;
  readonly generation: number;
}

const MEBIBYTE = 1024 * 1024;
/** A file that is replaced this often while it is opened is not to be had. */
const MOST_OPEN_ATTEMPTS = 20;

export class Store {
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly #platform: Platform;
  readonly #options: StoreOptions;
  #key: SecretKey | undefined;
  #database: Database | undefined;
  /** True for a reader that found no room for its own. */
  #isWithoutSideFiles = false;
  /** What was taken off the end of the file, to make room for the side files on a full disk. */
  #tradedBytes = 0;
  #transaction: WriteTransaction | undefined;
  readonly #freshness: Freshness | undefined;
  readonly #listeners = new Set<() => void>();
  #unwatch: (() => void) | undefined;

  private constructor(options: StoreOptions, platform: Platform, { key, freshness }: { key: SecretKey | undefined; freshness: Freshness | undefined }) {
    this.path = options.path;
    this.isReadOnly = options.readOnly === true;
    this.#options = options;
    this.#platform = platform;
    this.#key = key;
    this.#freshness = freshness;
  }

  /**
   * Opens a file, and creates it if need be. A failed open changes nothing on the disk.
   *
   * @throws {StoreError} `KEY_WRONG`, `KEY_MISSING`, `KEY_SUPERFLUOUS`, `NOT_A_STORE`, `FORMAT_UNSUPPORTED`, `FILE_MISSING`,
   * `NOT_A_FILE`, `FILE_LINKED`, `DIRECTORY_MISSING`, and one of the `..._DAMAGED` codes; with a freshness anchor also `ROLLED_BACK`, `FORKED`,
   * `FILE_REPLACED`, `FILE_NOT_ENCRYPTED`, `ANCHOR_FAILED`; a `TypeError` or `RangeError` for an unfit key or option.
   */
  static open(options: StoreOptions): Store {
    const freshness = options.freshness === undefined ? undefined : new Freshness(options.freshness, options.path);
    const key = options.encryptionKey === undefined ? undefined : SecretKey.from(options.encryptionKey);
    const platform = platformOf(options.volume);
    try {
      // One file has one name: side files go by it, and no link, no folder that the process changes to, leads elsewhere.
      const store = new Store({ ...options, path: platform.volume.canonicalPath(options.path) }, platform, { key, freshness });
      store.#open();
      return store;
    } catch (error) {
      key?.wipe();
      throw asStoreError(error, `opening '${options.path}'`);
    }
  }

  /** Re-keys a closed file in place: encrypted to another key, plain to encrypted, or (no new key) encrypted to plain. */
  static rekey(options: StoreOptions & { readonly newEncryptionKey?: unknown }): void {
    const store = Store.open({ ...options, create: false });
    try {
      store.rekey(options.newEncryptionKey);
    } finally {
      store.close();
    }
  }

  /**
   * Checks a file that need not open: as far as it can be read, in slices, while others write. Changes nothing in the file
   * and takes no writer's lock.
   *
   * @throws {StoreError} `KEY_WRONG`, `KEY_MISSING`, `KEY_SUPERFLUOUS`, `FORMAT_UNSUPPORTED`, `FILE_MISSING`; `NOT_A_STORE` and
   * `HEADER_DAMAGED` if no copy of the header is left. Damage is reported, not thrown.
   */
  static verify(options: VerifyOptions): Promise<FileVerifyReport> {
    const { path, volume, encryptionKey } = options;
    return verifyPath(options, platformOf(volume), () => {
      const store = Store.open({ path, volume, encryptionKey, readOnly: true });
      return { database: store.#live(), close: () => store.close() };
    });
  }

  /**
   * Brings everything that can be read of a damaged file into a new one, and says what is missing. The damaged file is
   * not changed. If nothing can be read, no file is made. Close the damaged file everywhere first.
   *
   * @throws {StoreError} `KEY_WRONG`, `KEY_MISSING`, `KEY_SUPERFLUOUS`, `TARGET_EXISTS`, `STORE_IN_USE`, `FILE_MISSING`; `NOT_A_STORE` and
   * `HEADER_DAMAGED` if no copy of the header is left and no `fileId` that fits is given.
   */
  static salvage(options: SalvageOptions): Promise<SalvageReport> {
    return salvagePath(options, platformOf(options.volume));
  }

  get isEncrypted(): boolean {
    return this.#key !== undefined;
  }

  get isClosed(): boolean {
    return this.#database === undefined;
  }

  get isInTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** The newest commit that this handle knows. */
  get commit(): number {
    return this.#live().view.head.commit;
  }

  /**
   * Takes the writer's lock and sees every earlier commit.
   *
   * @param options - `lockTimeoutMs` in place of the store's own: 0 tries once, for callers that wait without blocking.
   * @throws {StoreError} `TRANSACTION_OPEN`, `STORE_READ_ONLY`, `STORE_LOCKED`, `FILE_REPLACED`, `COMMIT_UNKNOWN`.
   */
  beginWrite(options: { readonly lockTimeoutMs?: number } = {}): WriteTransaction {
    const database = this.#live();
    coded("starting a transaction", () => {
      this.#lockForWriting(database, options.lockTimeoutMs);
      try {
        database.catchUp();
      } catch (error) {
        database.input.file.unlock();
        throw error;
      }
    });
    const transaction = new WriteTransaction(database, () => {
      this.#transaction = undefined;
      this.#endWriting(database);
    });
    this.#transaction = transaction;
    return transaction;
  }

  /** The newest commit that this handle knows, to read. Close it. */
  snapshot(): Snapshot {
    return new Snapshot(this.#live());
  }

  /** Sees the commits of other handles and processes; true if there were any. Reads a few bytes if there were none. */
  refresh(): boolean {
    const database = this.#live();
    if (this.#transaction !== undefined) return false;
    return coded("looking for commits", () => database.refresh());
  }

  /** Calls back from the event loop after another handle has committed. Does not keep the process alive. */
  onForeignCommit(listener: () => void): () => void {
    this.#live();
    this.#listeners.add(listener);
    this.#unwatch ??= this.#platform.volume.watch(this.#sidePath, () => this.#hear());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unwatch?.();
      this.#unwatch = undefined;
    };
  }

  /** The side file has changed. Runs in the event loop, where nobody could catch an error. */
  #hear(): void {
    if (this.#database?.isOutdated === true) for (const each of [...this.#listeners]) each();
  }

  /** What differs between two snapshots of this store; costs what differs, not what there is. */
  changes(before: Snapshot, after: Snapshot): TreeChanges[] {
    const { units } = this.#live();
    return coded("comparing", () => compareViews(units, before.view, after.view));
  }

  /**
   * Checks every page, tag and reference of the file. A handle that writes first completes what a crash left undone, such as
   * a torn slot, and repairs nothing else; one that only reads changes nothing, sees the newest commit first, and others may go on meanwhile.
   */
  verify(): VerifyReport {
    const database = this.#live();
    return coded("verifying", () => (this.isReadOnly ? verifyReader(database) : this.#verifyAlone(database)));
  }

  /** No writer may come between. */
  #verifyAlone(database: Database): VerifyReport {
    this.#lockForWriting(database);
    try {
      return verifyWriter(database);
    } finally {
      this.#endWriting(database);
    }
  }

  stats(): StoreStats {
    const database = this.#live();
    const space = database.space();
    return {
      fileBytes: database.input.file.sizeBytes(),
      usedBytes: (space.pageCount - space.freeCount) * PAGE_BYTES,
      cacheBytes: database.units.cache.sizeBytes,
      dirtyBytes: database.dirtyPages * PAGE_BYTES,
      commit: database.view.head.commit,
      generation: database.base.generation,
    };
  }

  /**
   * Writes a compacted copy of the newest commit, plain or under any key, without the trees that `skipsTree` names. The target appears
   * complete or not at all.
   *
   * @throws {StoreError} `TARGET_EXISTS`, `DIRECTORY_MISSING`, `DISK_FULL`.
   */
  writeCopyTo(target: { readonly path: string; readonly encryptionKey?: unknown; readonly volume?: Volume | undefined; readonly skipsTree?: (name: string) => boolean }): void {
    const database = this.#live();
    const key = target.encryptionKey === undefined ? undefined : SecretKey.from(target.encryptionKey);
    const platform = target.volume === undefined ? this.#platform : { ...this.#platform, volume: target.volume };
    const release = database.pin();
    try {
      writeTemporaryCopy({ units: database.units, view: database.view }, { path: target.path, key, platform }, { isNew: true, skipsTree: target.skipsTree }).place();
    } catch (error) {
      throw asStoreError(error, "copying");
    } finally {
      release();
      key?.wipe();
    }
  }

  /**
   * Copies the newest commit that this handle knows, while it and others go on writing: whole, or as the difference to
   * earlier backups. The target appears complete or not at all, under the store's own key unless another is given.
   *
   * @throws {StoreError} `TARGET_EXISTS`, `DIRECTORY_MISSING`, `DISK_FULL`, `STORE_CLOSED`, and with `since` one of the `BACKUP_...` codes.
   */
  backup(options: BackupOptions): Promise<BackupReport> {
    const database = this.#live();
    return backupStore({ database, key: this.#key, platform: this.#platform, isClosed: () => this.#database !== database }, options);
  }

  /**
   * Makes a database of a full backup and the increments after it. The target appears complete or not at all.
   *
   * @throws {StoreError} `BACKUP_FOREIGN`, `BACKUP_ORDER`, `BACKUP_MISSING`, `BACKUP_INVALID`, `TARGET_EXISTS`, and what opening a
   * backup throws: `KEY_WRONG`, `PAGE_DAMAGED` and so on, with the path of the file that is meant.
   */
  static restore(options: RestoreOptions): Promise<RestoreReport> {
    return restoreStore(options, platformOf(options.volume));
  }

  /**
   * Rewrites the file without gaps. A crash leaves the old file or the new one.
   *
   * @throws {StoreError} `STORE_IN_USE` while another handle or a snapshot is open.
   */
  compact(): void {
    this.#replaceFile(this.#key, "compacting");
  }

  /** Rewrites the file under another key; without one it becomes plain. A crash leaves the old file or the new one. */
  rekey(newEncryptionKey?: unknown): void {
    const key = newEncryptionKey === undefined ? undefined : SecretKey.from(newEncryptionKey);
    this.#replaceFile(key, "re-keying");
  }

  /**
   * Gives the file back. The last handle leaves no log behind. Does nothing the second time.
   *
   * @throws {StoreError} `ANCHOR_FAILED` and its kin, when all is closed, if the freshness anchor could not be written.
   */
  close(): void {
    const database = this.#database;
    if (database === undefined) return;
    this.#transaction?.abort();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#listeners.clear();
    try {
      coded("closing", () => this.#closeDatabase(database));
    } finally {
      this.#database = undefined;
      this.#key?.wipe();
    }
    // The file is closed and whole; only the anchor is not where it should be.
    if (this.#freshness?.failure !== undefined) throw this.#freshness.failure;
  }

  // ---- Opening and closing -------------------------------------------------------------------------------------

  /** Others may put another file in place (compact, re-key, delete) until this handle is registered: then it takes that one. */
  #open(): void {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#openOnce();
        return;
      } catch (error) {
        if (attempt < MOST_OPEN_ATTEMPTS && this.#mayTryAgain(error)) continue;
        // A failed open leaves the file as it was, as far as the disk lets it.
        if (this.#tradedBytes > 0) restoreReserve(this.#platform.volume, this.path, this.#tradedBytes);
        throw error;
      }
    }
  }

  #mayTryAgain(error: unknown): boolean {
    if (error instanceof StoreError && error.code === "FILE_REPLACED") return true;
    if (!isDiskFull(error)) return false;
    if (this.isReadOnly) {
      // Reading must be possible on a full disk, as it is in a folder that may not be written.
      const isNew = !this.#isWithoutSideFiles;
      this.#isWithoutSideFiles = true;
      return isNew;
    }
    return removeForgotten(this.#platform.volume, this.path) > 0 || this.#tradeReserve();
  }

  /** What has to be there to open a file for writing takes its place from the file's reserve, once. */
  #tradeReserve(): boolean {
    if (this.#tradedBytes > 0) return false;
    this.#tradedBytes = releaseReserve({ path: this.path, sidePath: this.#sidePath, key: this.#key, platform: this.#platform });
    return this.#tradedBytes > 0;
  }

  #openOnce(): void {
    const { volume } = this.#platform;
    refuseNoFile(volume, this.path);
    if (!this.isReadOnly) requireDurability(this.#platform, this.path);
    this.#freshness?.read();
    this.#createIfMissing();
    refuseLinks(volume, this.path);
    const file = this.#openFile();
    let checked: CheckedFile | undefined;
    try {
      this.#requireInPlace(file);
      checked = this.#check(file);
      if (newestSlot(readSlots(file, checked)) === undefined) throw new StoreError("SLOT_DAMAGED", `both slots of '${this.path}' are damaged`);
      assertLogIsThere(file, checked);
      this.#database = this.#join(file, checked);
      this.#freshness?.settle();
    } catch (error) {
      checked?.seal.close();
      file.close();
      throw error;
    }
  }

  /** The anchor may know better than the key what is wrong with a file. */
  #check(file: StorageFile): CheckedFile {
    try {
      return checkFile(file, this.path, this.#key, this.#platform, this.isReadOnly);
    } catch (error) {
      const isKey = error instanceof StoreError && ["KEY_MISSING", "KEY_SUPERFLUOUS", "KEY_WRONG"].includes(error.code);
      const identity = isKey && this.#freshness !== undefined ? clearIdentity(file) : undefined;
      throw identity === undefined ? error : this.#freshness?.explain(identity, error as StoreError);
    }
  }

  #createIfMissing(): void {
    const { volume } = this.#platform;
    const status = volume.stat(this.path);
    if (status !== undefined && status.sizeBytes > 0) return;
    this.#freshness?.refuseMissing();
    if (this.isReadOnly || this.#options.create === false) throw new StoreError("FILE_MISSING", `there is no database at '${this.path}'`);
    const seal = sealOf(this.#key, this.#platform);
    try {
      createDatabase(volume, this.path, seal);
    } finally {
      seal.close();
    }
  }

  #openFile(): StorageFile {
    try {
      return this.#platform.volume.open(this.path, this.isReadOnly ? "read" : "write");
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") throw new StoreError("FILE_MISSING", `there is no database at '${this.path}'`, { cause: error });
      throw error;
    }
  }

  /** Registers as a reader and takes the newest commit, under the lock with which handles come and go. */
  #join(file: StorageFile, checked: CheckedFile): Database {
    const side = this.#enterSideFile();
    if (side === undefined) return this.#readAlone(file, checked);
    const { volume } = this.#platform;
    let presence: Presence | undefined;
    const wasLeft = side.sizeBytes() > 0;
    try {
      this.#requireInPlace(file);
      // Who made the file or put it in place may have died before its name was durable: without a name, no commit is.
      if (!this.isReadOnly) volume.syncDirectory(directoryOf(this.path));
      presence = Presence.register(volume, this.#presenceDirectory);
      const published = new PublishedFile(side, checked.header.fileId);
      const database = new Database(this.#databaseInput(file, checked, presence, published));
      const isAlone = presence.others().length === 0;
      const anchored = this.#freshness?.read();
      const numbers = isAlone ? undefined : published.read();
      database.load(numbers === undefined ? Infinity : Math.max(numbers.commit, anchoredCommit(anchored, checked.header.fileId)), isAlone);
      const task = this.#freshness?.admit(foundFile(database)) ?? "none";
      // What stands behind the slot was written by a handle that is gone; whether it was synced, nobody knows. A side file
      // that nobody took away says the same of the slot: the last handle died, or a sync of its failed.
      const isUnknown = isAlone ? wasLeft || database.view.head.commit !== database.base.commit : numbers?.isUnknown === true;
      database.mayRewriteTail = isUnknown;
      if (isAlone) database.publish(isUnknown);
      if (isAlone && !this.isReadOnly) removeForgotten(volume, this.path);
      if (this.#freshness !== undefined && !this.isReadOnly) runTask(task, this.#freshness, database);
      side.unlock();
      return database;
    } catch (error) {
      this.#withdraw(presence, side, wasLeft);
      throw error;
    }
  }

  /**
   * After a failed join. The side file belongs to the handles that are registered: only the last one takes it away.
   *
   * @param wasLeft - True if it was there before: what it says of the last sync must not get lost.
   */
  #withdraw(presence: Presence | undefined, side: StorageFile, wasLeft: boolean): void {
    const { volume } = this.#platform;
    try {
      presence?.close(false);
      if (volume.list(this.#presenceDirectory).length > 0) return;
      Presence.removeEmpty(volume, this.#presenceDirectory);
      if (!wasLeft) volume.remove(this.#sidePath);
    } catch {
      // What made the join fail (no more descriptors, say) may stand in the way here too, and it says more. The side file's
      // lock must not stay with this process: everybody else would wait for it.
    } finally {
      side.close();
    }
  }

  #requireInPlace(file: StorageFile): void {
    if (!this.#isInPlace(file)) throw new StoreError("FILE_REPLACED", `'${this.path}' was replaced while it was opened; try again`);
  }

  /** Opens and locks the side file; the last one to leave has removed it, perhaps between the two. */
  #enterSideFile(): StorageFile | undefined {
    for (;;) {
      const side = this.#openSideFile();
      if (side === undefined) return undefined;
      try {
        this.#waitFor(side);
        if (this.#platform.volume.stat(this.#sidePath)?.identity === side.identity()) return side;
      } catch (error) {
        // Where nothing can be locked nobody can be working with it.
        if (isWithoutLocks(error) && side.sizeBytes() === 0) this.#platform.volume.remove(this.#sidePath);
        side.close();
        throw error;
      }
      side.close();
    }
  }

  #readAlone(file: StorageFile, checked: CheckedFile): Database {
    const database = new Database(this.#databaseInput(file, checked, undefined, undefined));
    database.load(Infinity, false);
    this.#freshness?.admit(foundFile(database));
    return database;
  }

  #databaseInput(file: StorageFile, checked: CheckedFile, presence: Presence | undefined, published: PublishedFile | undefined): ConstructorParameters<typeof Database>[0] {
    const { cacheBytes = 64 * MEBIBYTE, dirtyBytes = 16 * MEBIBYTE, lockTimeoutMs = 10_000 } = this.#options;
    return { volume: this.#platform.volume, path: this.path, file, checked, presence, published, cacheBytes, dirtyBytes, lockTimeoutMs, readOnly: this.isReadOnly };
  }

  /** A reader in a folder where it may not write has no side files; nobody can write there, or it is told nothing. */
  #openSideFile(): StorageFile | undefined {
    if (this.#isWithoutSideFiles) return undefined;
    try {
      return this.#platform.volume.open(this.#sidePath, "create");
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (this.isReadOnly && (code === "EACCES" || code === "EROFS" || code === "EPERM")) return undefined;
      throw asSideFileError(this.#sidePath, error);
    }
  }

  get #sidePath(): string {
    return `${this.path}.lock`;
  }

  get #presenceDirectory(): string {
    return `${this.path}.management`;
  }

  #closeDatabase(database: Database): void {
    const { file, presence, published, checked } = database.input;
    try {
      if (presence !== undefined && published !== undefined) this.#leave(database, presence, published);
    } finally {
      published?.file.close();
      file.close();
      checked.seal.close();
    }
  }

  #leave(database: Database, presence: Presence, published: PublishedFile): void {
    let isAlone = false;
    try {
      this.#waitFor(published.file);
      isAlone = presence.others().length === 0;
      if (isAlone && !this.isReadOnly && !database.isPoisoned && this.#isInPlace(database.input.file)) this.#checkpointLast(database);
    } finally {
      presence.close(isAlone);
      // As long as it is there, the next handle knows that the last sync may have failed.
      if (isAlone && !database.isPoisoned && !database.mayRewriteTail) removeIfAllowed(this.#platform.volume, this.#sidePath);
      published.file.unlock();
    }
  }

  #checkpointLast(database: Database): void {
    const { file } = database.input;
    if (!file.tryLock()) return;
    try {
      database.catchUp();
      database.checkpointForClose();
      if (this.#freshness !== undefined) anchorForClose(this.#freshness, database);
    } finally {
      file.unlock();
    }
  }

  // ---- Locks ---------------------------------------------------------------------------------------------------

  #live(): Database {
    if (this.#database === undefined) throw new StoreError("STORE_CLOSED", "the store has been closed");
    return this.#database;
  }

  #lockForWriting(database: Database, lockTimeoutMs?: number): void {
    if (this.isReadOnly) throw new StoreError("STORE_READ_ONLY", "the store was opened read-only");
    if (database.isPoisoned) throw new StoreError("COMMIT_UNKNOWN", "an earlier sync failed; close the file and open it again");
    if (this.#transaction !== undefined) throw new StoreError("TRANSACTION_OPEN", "this store has a write transaction already");
    this.#waitFor(database.input.file, lockTimeoutMs);
    if (this.#isInPlace(database.input.file)) return;
    database.input.file.unlock();
    throw new StoreError("FILE_REPLACED", `'${this.path}' was moved, deleted or replaced; close it and open it again`);
  }

  /** Gives the writer's lock back; the anchor is moved on before, so that no two handles do so at once. */
  #endWriting(database: Database): void {
    try {
      if (this.#freshness !== undefined) anchorIfDue(this.#freshness, database);
    } finally {
      database.input.file.unlock();
    }
  }

  /** True if the path still leads to the file that is open. */
  #isInPlace(file: StorageFile): boolean {
    return this.#platform.volume.stat(this.path)?.identity === file.identity();
  }

  #waitFor(file: StorageFile, timeoutMs: number = this.#options.lockTimeoutMs ?? 10_000): void {
    waitForLock(this.#platform.volume, file, this.path, timeoutMs);
  }

  // ---- Replacing the file --------------------------------------------------------------------------------------

  #replaceFile(key: SecretKey | undefined, doing: string): void {
    const database = this.#live();
    const { presence, published, file } = database.input;
    if (presence === undefined || published === undefined) throw new StoreError("STORE_READ_ONLY", "the store was opened read-only");
    if (database.hasSnapshots) throw new StoreError("STORE_IN_USE", `${doing} needs every snapshot closed`);
    this.#lockForWriting(database);
    try {
      this.#waitFor(published.file);
      try {
        if (presence.others().length > 0) throw new StoreError("STORE_IN_USE", `${doing} needs all other handles of '${this.path}' closed`);
        database.catchUp();
        const target = { path: this.path, key, platform: this.#platform };
        const copy = writeTemporaryCopy({ units: database.units, view: database.view }, target, { isNew: false });
        // The anchor must know the new file before it is in place: a crash in between would look like a replaced file.
        copy.replace(() => this.#freshness?.announce(identityPoint(database), identityOf(copy.file)));
        presence.close(true);
        this.#platform.volume.remove(this.#sidePath);
      } finally {
        published.file.unlock();
      }
    } catch (error) {
      file.unlock();
      if (key !== this.#key) key?.wipe();
      throw asStoreError(error, doing);
    }
    published.file.close();
    file.close();
    database.input.checked.seal.close();
    this.#database = undefined;
    if (key !== this.#key) this.#key?.wipe();
    this.#key = key;
    this.#unwatch?.();
    this.#unwatch = undefined;
    try {
      this.#open();
    } catch (error) {
      // The file is the new one, and this handle is closed.
      this.#key?.wipe();
      throw asStoreError(error, `opening the file again after ${doing}`);
    }
    const [first] = this.#listeners;
    if (first === undefined) return;
    this.onForeignCommit(first);
    // Others may have found the new file, and committed to it, before this handle did.
    queueMicrotask(() => this.#hear());
  }
}

function platformOf(volume: Volume | undefined): Platform {
  return volume === undefined ? currentPlatform() : { ...currentPlatform(), volume };
}
