/**
 * Entries in files of their own, in a private folder; what stands in a file is sealed by whoever is asked to.
 *
 * A file is written under a temporary name, synced and then put in place: renamed over the old one, or linked where there must be none.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, fsyncSync, linkSync, openSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyStoreError } from "@holdfast/key-store";
import type { EntryStore, KeyStoreCapabilities } from "@holdfast/key-store";
import { assertPrivate, ensurePrivateFolder } from "./private-folder.ts";
import { withProcessLock } from "./process-lock.ts";

/** Seals the text of an entry, bound to its file's name. */
export interface EntrySeal {
  seal(text: string, fileName: string): Promise<Uint8Array>;
  /** @throws {KeyStoreError} `KEY_CORRUPT`, `WRAP_REFUSED`, ... */
  open(sealed: Uint8Array, fileName: string): Promise<string>;
  dispose(): void;
}

/** What makes the entries. */
export interface FileEntriesOptions {
  readonly backend: string;
  readonly folder: string;
  readonly seal: EntrySeal;
  readonly hardwareBacked: boolean | "unknown";
}

const ENTRY_SUFFIX = ".entry";
const LINE_END = 10;

/** One file an entry, named after a hash of the entry's name: names have no limit that a file system has. */
export class FileEntries implements EntryStore {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #folder: string;
  readonly #seal: EntrySeal;

  constructor({ backend, folder, seal, hardwareBacked }: FileEntriesOptions) {
    ensurePrivateFolder(folder);
    this.backend = backend;
    this.identity = `${backend}:${folder}`;
    this.#folder = folder;
    this.#seal = seal;
    this.capabilities = { persistent: true, hardwareBacked, enumerable: true, backupExcluded: false, synchronizable: false, biometrics: false, crossProcessLock: true };
  }

  checkOptions(options: object): void {
    const [first] = Object.keys(options);
    if (first !== undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", `the store "${this.backend}" has no option "${first}"`);
  }

  async get(name: string): Promise<string | null> {
    const fileName = fileNameOf(name);
    const found = this.#readFile(fileName);
    if (found === undefined) return null;
    if (found.name !== name) throw new KeyStoreError("KEY_CORRUPT", "an entry's file holds an entry of another name");
    return this.#seal.open(found.sealed, fileName);
  }

  async set(name: string, text: string): Promise<void> {
    const temporary = await this.#writeTemporary(name, text);
    this.#place(() => renameSync(temporary, this.#pathOf(fileNameOf(name))));
  }

  async create(name: string, text: string): Promise<boolean> {
    const temporary = await this.#writeTemporary(name, text);
    try {
      this.#place(() => linkSync(temporary, this.#pathOf(fileNameOf(name))));
      return true;
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "EEXIST") return false;
      throw error;
    } finally {
      unlinkSync(temporary);
    }
  }

  async remove(name: string): Promise<void> {
    this.#place(() => {
      try {
        unlinkSync(this.#pathOf(fileNameOf(name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    });
  }

  async has(name: string): Promise<boolean> {
    return this.#readFile(fileNameOf(name)) !== undefined;
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for (const fileName of readdirSync(this.#folder)) {
      if (!fileName.endsWith(ENTRY_SUFFIX)) continue;
      const found = this.#readFile(fileName);
      if (found !== undefined) names.push(found.name);
    }
    return names;
  }

  lock<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    return withProcessLock({ name, folder: join(this.#folder, "locks") }, action);
  }

  async dispose(): Promise<void> {
    this.#seal.dispose();
  }

  /** The entry's name stands in the clear before what is sealed, as in every keyring; the seal binds it through the file's name. */
  #readFile(fileName: string): { name: string; sealed: Uint8Array } | undefined {
    const bytes = readPrivateFile(this.#pathOf(fileName));
    if (bytes === undefined) return undefined;
    const end = Math.max(bytes.indexOf(LINE_END), 0);
    return { name: Buffer.from(bytes.subarray(0, end)).toString("latin1"), sealed: bytes.subarray(end + 1) };
  }

  async #writeTemporary(name: string, text: string): Promise<string> {
    const path = join(this.#folder, `${randomBytes(8).toString("hex")}.new`);
    const sealed = await this.#seal.seal(text, fileNameOf(name));
    writeNewFile(path, Buffer.concat([Buffer.from(`${name}\n`, "latin1"), sealed]));
    return path;
  }

  #place(change: () => void): void {
    try {
      change();
      syncFolder(this.#folder);
    } catch (error) {
      throw new KeyStoreError("IO", `the folder of the store "${this.backend}" cannot be written`, { cause: error });
    }
  }

  #pathOf(fileName: string): string {
    return join(this.#folder, fileName);
  }
}

/** True if a folder holds entries. */
export function hasEntries(folder: string): boolean {
  return readdirSync(folder).some((name) => name.endsWith(ENTRY_SUFFIX));
}

/** The bytes of a file that only its owner may read; undefined if there is none. Links are refused. @throws {KeyStoreError} `IO` */
export function readPrivateFile(path: string): Uint8Array | undefined {
  try {
    assertPrivate(path, "file");
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof KeyStoreError) throw error;
    throw new KeyStoreError("IO", `${path} cannot be read`, { cause: error });
  }
}

/** Writes a file that must not be there, mode 0600, and syncs it. @throws {KeyStoreError} `IO` */
export function writeNewFile(path: string, bytes: Uint8Array): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
    try {
      writeFileSync(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new KeyStoreError("IO", `${path} cannot be written`, { cause: error });
  }
}

/** Makes names durable. Windows has no such call, and needs none. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function fileNameOf(name: string): string {
  return `${createHash("sha256").update(name).digest("hex").slice(0, 40)}${ENTRY_SUFFIX}`;
}
