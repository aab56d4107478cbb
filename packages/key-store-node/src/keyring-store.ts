/**
 * The desktop's keyring: Secret Service on Linux, the login keychain on macOS, the Credential Manager on Windows.
 *
 * The backend is pinned. Left alone, the native library would fall back to the Linux kernel's keyring, which is memory that expires.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { KeyStoreError, StringKeyStore } from "@holdfast/key-store";
import type { EntryStore, KeyStoreCapabilities } from "@holdfast/key-store";
import { AsyncEntry, findCredentialsAsync } from "@napi-rs/keyring";
import { isRefusedSession, keyringError } from "./keyring-errors.ts";
import { withProcessLock } from "./process-lock.ts";

/** The backends, by what they are called in errors and reports. */
export type KeyringBackend = "secret-service" | "login-keychain" | "credential-manager" | "kernel-keyring";

/** Whose entries. */
export interface KeyringStoreOptions {
  /** Identifies the application: a reversed domain, say. Entries of others are neither seen nor deleted. */
  readonly application: string;
  /** Keeps several stores of one application apart. Default "default". */
  readonly namespace?: string;
  /**
   * Default: the system's. `"kernel-keyring"` (Linux) has to be asked for: its entries live in memory, expire, and are gone after a
   * restart, so that a database that was encrypted with a key from there is lost.
   */
  readonly backend?: "kernel-keyring";
}

/** How long a keyring may take for an answer that needs no user, in ms: without a display nobody can answer a prompt. */
const ANSWER_MS = 2000;
/** Calls of this process that the keyring has not answered in that time; from this many on no more are made, so that files and name look-ups go on. */
const MOST_UNANSWERED = 3;
let unanswered = 0;
/** Sessions that are tried. */
const MOST_SESSIONS = 4;
/** Handles that are kept for use again: an application has few databases. */
const MOST_HANDLES = 16;

/**
 * Opens the keyring, after it has shown that it keeps what is written.
 *
 * @throws {KeyStoreError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, ...; there is no fallback to another store.
 */
export async function openKeyringStore(options: KeyringStoreOptions): Promise<StringKeyStore> {
  const entries = new KeyringEntries(options);
  await entries.probe();
  return new StringKeyStore(entries);
}

class KeyringEntries implements EntryStore {
  readonly backend: KeyringBackend;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #service: string;
  /** Last used last. */
  readonly #handles = new Map<string, AsyncEntry>();

  constructor({ application, namespace = "default", backend }: KeyringStoreOptions) {
    if (!/^[\w.-]{1,100}$/u.test(application) || !/^[\w.-]{1,100}$/u.test(namespace)) {
      throw new KeyStoreError("NAME_INVALID", "application and namespace have 1 to 100 letters, digits, dots, dashes and underscores");
    }
    this.backend = backend ?? systemBackend();
    if (this.backend === "kernel-keyring" && process.platform !== "linux") throw new KeyStoreError("UNSUPPORTED_OPTION", "only Linux has a kernel keyring");
    this.#service = `${application}/${namespace}`;
    this.identity = `${this.backend}:${this.#service}`;
    this.capabilities = {
      persistent: this.backend !== "kernel-keyring",
      hardwareBacked: false,
      enumerable: this.backend !== "kernel-keyring",
      backupExcluded: "unknown",
      synchronizable: false,
      biometrics: false,
      crossProcessLock: true,
    };
  }

  checkOptions(options: object): void {
    const [first] = Object.keys(options);
    if (first !== undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", `the keyring (${this.backend}) has no option "${first}"`);
  }

  /** An absent entry means nothing until the keyring has kept one: without a collection some answer "none" to every question. */
  async probe(): Promise<void> {
    const name = `probe-${randomBytes(6).toString("hex")}`;
    await this.set(name, "probe");
    const found = await this.get(name);
    await this.remove(name);
    if (found !== "probe") throw new KeyStoreError("STORE_UNAVAILABLE", `the keyring (${this.backend}) does not keep what is written to it`);
  }

  get(name: string): Promise<string | null> {
    return this.#ask(name, async (entry, signal) => {
      if (this.backend !== "credential-manager") return entry.getPassword(signal);
      const bytes = await entry.getSecret(signal);
      return bytes === null ? null : Buffer.from(bytes).toString("latin1");
    });
  }

  /**
   * Bytes on Windows, where a text takes two bytes a character and 2,560 bytes are the most.
   *
   * Read back in the same session: KWallet and the library disagree on the session's key once in 256 times, and what was written then is garbage.
   */
  set(name: string, text: string): Promise<void> {
    return this.#ask(name, async (entry, signal) => {
      if (this.backend === "credential-manager") return entry.setSecret(Buffer.from(text, "latin1"), signal);
      await entry.setPassword(text, signal);
      // Another text of ours, or none, is not the session's doing: the caller's own check tells.
      const found = await entry.getPassword(signal);
      if (found !== null && !/^[\x20-\x7e]*$/u.test(found)) throw new Error("the keyring's session garbles what is written");
    });
  }

  async remove(name: string): Promise<void> {
    await this.#ask(name, (entry, signal) => entry.deleteCredential(signal));
  }

  async names(): Promise<string[]> {
    if (!this.capabilities.enumerable) throw new KeyStoreError("UNSUPPORTED_OPTION", `the ${this.backend} cannot list its entries`);
    const found = await this.#guard((signal) => findCredentialsAsync(this.#service, undefined, signal));
    return found.map(({ account }) => account);
  }

  lock<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    return withProcessLock({ name: `${this.identity}\0${name}` }, action);
  }

  async #ask<Result>(name: string, question: (entry: AsyncEntry, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const isKept = this.#handles.has(name);
    try {
      return await this.#guard((signal) => question(this.#handleOf(name), signal));
    } catch (error) {
      this.#handles.delete(name);
      // A kept handle may speak to a service that is no more; a fresh one tells whether there is another. A locked one is asked no second time: it may prompt.
      const { code } = error as KeyStoreError;
      if (!isKept || (code !== "IO" && code !== "STORE_UNAVAILABLE")) throw error;
      return this.#guard((signal) => question(this.#handleOf(name), signal));
    }
  }

  /** Every native handle is a connection of its own until it is collected, so a few are kept and used again. */
  #handleOf(name: string): AsyncEntry {
    const handle = this.#handles.get(name) ?? new AsyncEntry(this.#service, accountOf(name), this.#pinned());
    this.#handles.delete(name);
    this.#handles.set(name, handle);
    for (const oldest of this.#handles.keys()) {
      if (this.#handles.size <= MOST_HANDLES) break;
      this.#handles.delete(oldest);
    }
    return handle;
  }

  #pinned(): ConstructorParameters<typeof AsyncEntry>[2] {
    if (process.platform !== "linux") return undefined;
    return { linux: { store: this.backend === "kernel-keyring" ? "keyutils" : "secret-service" } };
  }

  /** A session with the keyring begins with an exchange of keys. KWallet refuses or misreads it once in 128 times, when a number begins with a zero byte: a new session is made. */
  async #guard<Result>(question: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#askOnce(question);
      } catch (error) {
        if (tries === MOST_SESSIONS || !isRefusedSession(error)) throw keyringError(this.backend, error);
        this.#handles.clear();
      }
    }
  }

  async #askOnce<Result>(question: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (unanswered >= MOST_UNANSWERED) throw this.#silent();
    const aborter = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = question(aborter.signal);
      countWhilePending(answer);
      return hasDisplay() ? await answer : await Promise.race([answer, new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(this.#silent()), ANSWER_MS)))]);
    } catch (error) {
      aborter.abort();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #silent(): KeyStoreError {
    return new KeyStoreError("STORE_LOCKED", `the keyring (${this.backend}) has not answered for ${ANSWER_MS / 1000} seconds, and there is no display for a prompt: unlock it first`);
  }
}

/** A native call cannot be taken back. One that waits for a prompt keeps its thread, of which Node has four. */
function countWhilePending(answer: Promise<unknown>): void {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    unanswered += 1;
  }, ANSWER_MS);
  timer.unref();
  const end = (): void => {
    clearTimeout(timer);
    if (isLate) unanswered -= 1;
  };
  answer.then(end, end);
}

function systemBackend(): KeyringBackend {
  if (process.platform === "linux") return "secret-service";
  if (process.platform === "darwin") return "login-keychain";
  if (process.platform === "win32") return "credential-manager";
  throw new KeyStoreError("STORE_UNAVAILABLE", `there is no keyring for ${process.platform}: use openFileStore`);
}

function hasDisplay(): boolean {
  return process.platform !== "linux" || process.env["DISPLAY"] !== undefined || process.env["WAYLAND_DISPLAY"] !== undefined;
}

/** The kernel's keyring takes no long names; a long one goes under its hash, where it need not be listed. */
function accountOf(name: string): string {
  return name.length <= 1300 ? name : createHash("sha256").update(name).digest("hex");
}
