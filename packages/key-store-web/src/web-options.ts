/**
 * The options of flutter_secure_storage's web part: what each means here, and which are refused.
 *
 * @module
 */
import { base64 } from "@scure/base";
import { KeyStoreError } from "@holdfast/key-store";

/** Where the entries are. The names are those of flutter_secure_storage's `WebOptions`, but for `persist`. */
export interface WebStoreOptions {
  /** Name of the IndexedDB database, which belongs to this library alone. Default "holdfast-keys". */
  readonly dbName?: string;
  /** Name of the wrapping key, and so of the entries that it wraps: keeps several stores in one database apart. It is no public key. Default "default". */
  readonly publicKey?: string;
  /**
   * A second key, 32 bytes or their base64, that never touches the browser's disk: from your server after a login, say. Values are
   * sealed under it first. Not for keys that stand in the page's source: whoever has the disk can get those, too.
   */
  readonly wrapKey?: string | Uint8Array;
  /** Asks the browser to keep this site's storage when space gets short. Some ask the user. In windows only. Default false. */
  readonly persist?: boolean;
}

/** Options as they are used. */
export interface CheckedWebOptions {
  readonly dbName: string;
  readonly publicKey: string;
  /** Belongs to whoever asked. */
  readonly wrapKeyBytes: Uint8Array<ArrayBuffer> | undefined;
  readonly persist: boolean;
}

const WRAP_KEY_BYTES = 32;
const LONGEST_NAME = 100;

/** Why options that flutter_secure_storage has, or that applications expect of a browser's storage, cannot be had. */
const REFUSED: Readonly<Record<string, string>> = {
  wrapKeyIv: "a fixed IV would make AES-GCM's tags forgeable; every write takes a fresh one",
  useSessionStorage: "an entry would be gone with its tab, and the database with its key",
};

/** @throws {KeyStoreError} `UNSUPPORTED_OPTION`, `NAME_INVALID` */
export function checkWebOptions(options: WebStoreOptions): CheckedWebOptions {
  const { dbName = "holdfast-keys", publicKey = "default", wrapKey, persist = false, ...others } = options;
  refuse(others);
  for (const [option, value] of Object.entries({ dbName, publicKey })) {
    if (typeof value !== "string" || value === "" || value.length > LONGEST_NAME) throw new KeyStoreError("NAME_INVALID", `${option} has 1 to ${LONGEST_NAME} characters`);
  }
  if (typeof persist !== "boolean") throw new KeyStoreError("UNSUPPORTED_OPTION", `persist is true or false, not ${typeof persist}`);
  return { dbName, publicKey, persist, wrapKeyBytes: wrapKey === undefined ? undefined : wrapKeyBytesOf(wrapKey) };
}

/** The web store takes its options when it is opened, none with an operation. @throws {KeyStoreError} `UNSUPPORTED_OPTION` */
export function refuse(options: object): void {
  for (const [option, value] of Object.entries(options)) {
    // flutter_secure_storage's default, which asks for nothing.
    if (value === undefined || (option === "useSessionStorage" && value === false)) continue;
    throw new KeyStoreError("UNSUPPORTED_OPTION", `the web store has no option "${option}"${REFUSED[option] === undefined ? "" : `: ${REFUSED[option]}`}`);
  }
}

function wrapKeyBytesOf(wrapKey: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof wrapKey === "string" ? decode(wrapKey) : wrapKey;
  if (!(bytes instanceof Uint8Array) || bytes.length !== WRAP_KEY_BYTES) throw new KeyStoreError("UNSUPPORTED_OPTION", `wrapKey has to be ${WRAP_KEY_BYTES} bytes, or their base64`);
  return Uint8Array.from(bytes);
}

function decode(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
