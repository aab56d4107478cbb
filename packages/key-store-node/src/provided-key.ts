/**
 * Keys that the machine is given from outside: a systemd credential, a secret file of Docker or Kubernetes, an environment variable.
 *
 * They can be read and not written: making and changing them is the operator's.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { constants, closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { encodeKeyEntry, encodeName, encodeValue, KEY_BYTES, keyEntryName, KeyStoreError, StringKeyStore } from "@holdfast/key-store";
import type { EntryStore } from "@holdfast/key-store";

/** Where a key comes from. */
export interface KeySource {
  readonly kind: string;
  /** The 64 bytes as raw bytes, hex or base64. @throws {KeyStoreError} `STORE_UNAVAILABLE` if this machine has no such source */
  read(): Uint8Array;
}

/** `LoadCredential=` or `LoadCredentialEncrypted=` of a systemd unit. */
export function systemdCredential(name: string): KeySource {
  return {
    kind: "systemd-credential",
    read() {
      const folder = process.env["CREDENTIALS_DIRECTORY"];
      if (folder === undefined || !isAbsolute(folder)) throw new KeyStoreError("STORE_UNAVAILABLE", "this process was not started by a systemd unit with credentials (no $CREDENTIALS_DIRECTORY)");
      if (!/^[\w.@-]{1,255}$/u.test(name)) throw new KeyStoreError("NAME_INVALID", "a credential's name has letters, digits, dots, dashes, underscores and @");
      return readSource(join(folder, name));
    },
  };
}

/** A file that the platform mounts, such as `/run/secrets/clinic-key`. */
export function secretFile(path: string): KeySource {
  return { kind: "secret-file", read: () => readSource(path) };
}

/** An environment variable. Visible to every process of the user, in crash dumps and to children: the last resort, with a warning. */
export function environmentVariable(variable: string): KeySource {
  return {
    kind: "environment-variable",
    read() {
      const text = process.env[variable];
      if (text === undefined || text === "") throw new KeyStoreError("STORE_UNAVAILABLE", `the environment variable ${variable} is not set`);
      process.emitWarning(`the database key comes from the environment variable ${variable}: it can be read in /proc, by child processes and in crash dumps`, { type: "HoldfastKeyWarning" });
      return new TextEncoder().encode(text);
    },
  };
}

/** Which key belongs to which database. */
export interface ProvidedKeysOptions {
  /** From the database's name, as `DatabaseKeys` is told it, to its source. */
  readonly databases: Readonly<Record<string, KeySource>>;
}

/** Opens a read-only store over keys from outside. @throws {KeyStoreError} `STORE_UNAVAILABLE` if one is missing, `KEY_CORRUPT` if it is no key */
export async function openProvidedKeys({ databases }: ProvidedKeysOptions): Promise<StringKeyStore> {
  for (const source of Object.values(databases)) parseKey(source).fill(0);
  return new StringKeyStore(new ProvidedEntries(databases));
}

class ProvidedEntries implements EntryStore {
  readonly backend: string;
  readonly identity: string;
  readonly capabilities = { persistent: true, hardwareBacked: "unknown", enumerable: true, backupExcluded: "unknown", synchronizable: false, biometrics: false, crossProcessLock: false } as const;
  readonly #sources: ReadonlyMap<string, KeySource>;

  constructor(databases: Readonly<Record<string, KeySource>>) {
    this.#sources = new Map(Object.entries(databases).map(([name, source]) => [encodeName(keyEntryName(name)), source]));
    this.backend = [...new Set(Object.values(databases).map(({ kind }) => kind))].join("+");
    this.identity = `provided:${this.backend}`;
  }

  checkOptions(options: object): void {
    const [first] = Object.keys(options);
    if (first !== undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", `a provided key has no option "${first}"`);
  }

  async get(name: string): Promise<string | null> {
    const source = this.#sources.get(name);
    if (source === undefined) return null;
    const key = parseKey(source);
    const keyId = createHmac("sha256", key).update("holdfast provided key id v1").digest().subarray(0, 16).toString("base64url");
    const entry = encodeKeyEntry({ keyId, wraps: [{ kind: "raw", payload: Buffer.from(key).toString("base64url") }] });
    key.fill(0);
    return encodeValue(new TextEncoder().encode(entry));
  }

  async set(): Promise<void> {
    throw this.#readOnly();
  }

  async create(): Promise<boolean> {
    throw this.#readOnly();
  }

  async remove(name: string): Promise<void> {
    if (this.#sources.get(name) !== undefined) throw this.#readOnly();
  }

  async has(name: string): Promise<boolean> {
    return this.#sources.get(name) !== undefined;
  }

  async names(): Promise<string[]> {
    return [...this.#sources.keys()];
  }

  #readOnly(): KeyStoreError {
    return new KeyStoreError("UNSUPPORTED_OPTION", `keys from ${this.backend} are provided from outside: whoever runs this program makes and changes them`);
  }
}

/** Raw bytes, hex, base64 or base64url, a line end allowed. @throws {KeyStoreError} `KEY_CORRUPT` */
function parseKey(source: KeySource): Uint8Array {
  const bytes = source.read();
  if (bytes.length === KEY_BYTES) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString("latin1").trim();
  if (/^[0-9a-f]{128}$/iu.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  if (/^[\w+/-]{86}(?:==)?$/u.test(text)) return Uint8Array.from(Buffer.from(text, "base64url"));
  throw new KeyStoreError("KEY_CORRUPT", `the key from ${source.kind} has another form: expected ${KEY_BYTES} raw bytes, 128 hex digits or 86 characters of base64, found ${bytes.length} bytes`);
}

function readSource(path: string): Uint8Array {
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      if (fstatSync(descriptor).size > 4096) throw new KeyStoreError("KEY_CORRUPT", `${path} is too large for a key`);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof KeyStoreError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new KeyStoreError("STORE_UNAVAILABLE", `there is no ${path}`);
    throw new KeyStoreError("IO", `${path} cannot be read`, { cause: error });
  }
}
