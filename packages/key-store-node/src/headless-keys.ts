/**
 * Keys on a machine without a desktop: from the first of the sources that the application lists.
 *
 * A key that is there is found wherever it stands in the list; a new one goes to the first source that this machine has and that can keep one. Nothing is tried that was not
 * listed, and a source that is there and refuses (locked, wrong passphrase, wrong PIN) ends the search: going on would look for the key where it is not.
 *
 * @module
 */
import { join } from "node:path";
import { DatabaseKeys, decodeKeyEntry, keyEntryName, KEY_BYTES, KeyStoreError, StringKeyStore, tryDecodeValue } from "@holdfast/key-store";
import type { Argon2idCost, KeyStore, KeyWrap } from "@holdfast/key-store";
import { FileEntries } from "./file-entries.ts";
import type { EntrySeal } from "./file-entries.ts";
import { openFileStore } from "./file-store.ts";
import { environmentVariable, openProvidedKeys, secretFile, systemdCredential } from "./provided-key.ts";
import type { KeySource } from "./provided-key.ts";

/** One place that a key may be in. */
export interface HeadlessSource {
  readonly kind: string;
  /** True if it can keep a new key. */
  readonly isWritable: boolean;
  /** @throws {KeyStoreError} `STORE_UNAVAILABLE` if this machine does not have it */
  open(place: { readonly name: string; readonly folder: string }): Promise<OpenedSource>;
}

/** A source that this machine has. */
export interface OpenedSource {
  readonly keys: DatabaseKeys;
  /** Before a new key is made: asks whether the source works now. @throws {KeyStoreError} `STORE_UNAVAILABLE` if it does not */
  probe?(): Promise<void>;
}

/** What is looked for, and where. */
export interface HeadlessKeysOptions {
  /** Name of the database, as `DatabaseKeys` is told it. */
  readonly name: string;
  /** Of this application alone, for the sources that keep files; made with mode 0700. */
  readonly folder: string;
  /** In the order in which a new key would go to them. */
  readonly sources: readonly HeadlessSource[];
}

/** The keys, and how they were found. */
export interface HeadlessKeys {
  readonly keys: DatabaseKeys;
  /** Kind of the source that was taken. */
  readonly source: string;
  /** One sentence for each source that this machine does not have. */
  readonly passedOver: readonly string[];
}

/** A credential of the systemd unit; read-only. */
export function fromSystemdCredential(credential: string): HeadlessSource {
  return provided(systemdCredential(credential));
}

/** A file that the platform mounts (Docker, Kubernetes); read-only. */
export function fromSecretFile(path: string): HeadlessSource {
  return provided(secretFile(path));
}

/** An environment variable, with a warning when it is read; read-only. The last resort. */
export function fromEnvironmentVariable(variable: string): HeadlessSource {
  return provided(environmentVariable(variable));
}

/** Files under a passphrase: argon2id, AES-256-GCM. */
export function underPassphrase({ passphrase, cost }: { readonly passphrase: string | (() => string | Promise<string>); readonly cost?: Argon2idCost }): HeadlessSource {
  return {
    kind: "passphrase-file",
    isWritable: true,
    async open({ folder }) {
      const words = typeof passphrase === "string" ? passphrase : await passphrase();
      return { keys: new DatabaseKeys({ store: await openFileStore({ folder: join(folder, "passphrase"), passphrase: words, ...(cost === undefined ? {} : { cost }) }) }) };
    },
  };
}

/**
 * Files whose keys stand under a wrap: a key management service, a PKCS#11 token, a TPM. More wraps open the key while the first is away.
 *
 * Whoever can write to the files can delete or exchange them; what is in them opens with the wrap alone.
 */
export function underWrap(wrap: KeyWrap, ...more: readonly KeyWrap[]): HeadlessSource {
  const wraps = [wrap, ...more];
  if (wraps.some(({ kind }) => kind === "raw")) throw new KeyStoreError("UNSUPPORTED_OPTION", "a raw wrap would leave the key readable in its file");
  return {
    kind: wrap.kind,
    isWritable: true,
    async open({ folder }) {
      const keys = new DatabaseKeys({ store: openWrappedFiles(join(folder, wrap.kind)), wraps });
      return { keys, probe: () => probe(wrap) };
    },
  };
}

/** @throws {KeyStoreError} `STORE_UNAVAILABLE` if this machine has none of the sources; what a source that is there refuses with */
export async function openHeadlessKeys({ name, folder, sources }: HeadlessKeysOptions): Promise<HeadlessKeys> {
  const passedOver: string[] = [];
  let writable: HeadlessKeys | undefined;
  for (const source of sources) {
    try {
      const { keys, probe: ask } = await source.open({ name, folder });
      const found = { keys, source: source.kind, passedOver };
      if (!source.isWritable || (await holdsKey(keys.store, name))) return found;
      if (writable !== undefined) continue;
      await ask?.();
      writable = found;
    } catch (error) {
      const { code, message } = error as KeyStoreError;
      if (code !== "STORE_UNAVAILABLE") throw error;
      passedOver.push(`${source.kind}: ${message}`);
    }
  }
  if (writable !== undefined) return writable;
  throw new KeyStoreError("STORE_UNAVAILABLE", `this machine has none of the ${sources.length} sources for the key of "${name}": ${passedOver.join("; ")}`);
}

function provided(source: KeySource): HeadlessSource {
  return { kind: source.kind, isWritable: false, open: async ({ name }) => ({ keys: new DatabaseKeys({ store: await openProvidedKeys({ databases: { [name]: source } }) }) }) };
}

async function holdsKey(store: KeyStore, name: string): Promise<boolean> {
  return (await store.containsKey(keyEntryName(name, 0))) || store.containsKey(keyEntryName(name, 1));
}

/** A key of zeros, which is nobody's, is wrapped and thrown away. */
async function probe(wrap: KeyWrap): Promise<void> {
  await wrap.wrap(new Uint8Array(KEY_BYTES), { databaseName: "probe", keyId: "AAAAAAAAAAAAAAAAAAAAAA" });
}

function openWrappedFiles(folder: string): StringKeyStore {
  return new StringKeyStore(new FileEntries({ backend: "wrapped-file", folder, seal: WRAPPED_ALONE, hardwareBacked: "unknown" }));
}

/** Lets through what needs no seal of its own: keys under a wrap, and freshness anchors, which are no secrets. */
const WRAPPED_ALONE: EntrySeal = {
  async seal(text) {
    const bytes = tryDecodeValue(text) ?? new Uint8Array();
    if (!isWithoutSecret(new TextDecoder().decode(bytes))) throw new KeyStoreError("UNSUPPORTED_OPTION", "these files are not sealed: they keep keys under a wrap and nothing else");
    return new TextEncoder().encode(text);
  },
  open: async (sealed) => Buffer.from(sealed).toString("latin1"),
  dispose: () => undefined,
};

/** A count, and the fields of an anchor: numbers, hexadecimal, colons. */
const ANCHOR = /^\d{1,15} \w{1,8}(?::[\da-z]*){8,12}$/u;

function isWithoutSecret(value: string): boolean {
  if (!value.startsWith("k1.")) return ANCHOR.test(value);
  return decodeKeyEntry(value).wraps.every(({ kind }) => kind !== "raw");
}
