/**
 * Encrypted SQLite files, through SQLite3 Multiple Ciphers (`better-sqlite3-multiple-ciphers`, an optional peer).
 *
 * Every page of the database, its log and its journals is encrypted and authenticated; temporary tables stay in memory.
 *
 * @module
 */
import { hkdfSync } from "node:crypto";
import { createRequire } from "node:module";
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { SyncServerError } from "../../errors.ts";
import type { SqliteConnection, SqliteDriver, SqliteOpenOptions, SqliteStatement } from "./connection.ts";
import { noteOpen, removeLeftovers } from "./file-state.ts";

/**
 * `sqlcipher`: SQLCipher 4's format, AES-256-CBC with HMAC-SHA-512 for each page.
 * `aegis-256`: an authenticated cipher built on AES rounds, with keys of 256 bits; several times as fast, and not a NIST standard.
 */
export type StoreCipher = "sqlcipher" | "aegis-256";

/** What opens one file: 32 bytes that encrypt, and the 16 bytes that the file begins with. */
export interface FileKey {
  readonly cipher: StoreCipher;
  readonly key: Buffer;
  /** Derived like the key: tells which key a file was written with, and nothing about it. */
  readonly salt: Buffer;
}

interface CipherStatement extends SqliteStatement {
  readonly reader: boolean;
}

/** The part of the package that is used. */
export interface CipherDatabase {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): CipherStatement;
  exec(sql: string): unknown;
  pragma(text: string, options?: { simple: boolean }): unknown;
  key(key: Buffer): unknown;
  rekey(key: Buffer): unknown;
  function(name: string, options: { deterministic: boolean }, call: (...values: SQLOutputValue[]) => SQLInputValue): unknown;
  close(): unknown;
}

/** Its class. */
export type CipherModule = new (path: string, options: { readonly readonly?: boolean; readonly timeout?: number; readonly fileMustExist?: boolean }) => CipherDatabase;

/** Loads the package. @throws {SyncServerError} `STORE_CIPHER_MISSING` */
export function loadCipherModule(): CipherModule {
  try {
    // CommonJS, and its types cannot be found through its exports.
    return createRequire(import.meta.url)("better-sqlite3-multiple-ciphers") as CipherModule;
  } catch (cause) {
    throw new SyncServerError("STORE_CIPHER_MISSING", 'encrypted SQLite files need the package better-sqlite3-multiple-ciphers: "npm install better-sqlite3-multiple-ciphers@13"', { cause });
  }
}

/** The keys of a file, out of the 64 bytes that the key provider wraps. */
export function fileKeyOf(storeKey: Uint8Array, cipher: StoreCipher): FileKey {
  const derive = (purpose: string, length: number): Buffer => Buffer.from(hkdfSync("sha256", storeKey, "", `holdfast store ${purpose} v1 ${cipher}`, length));
  return { cipher, key: derive("key", 32), salt: derive("salt", 16) };
}

/** A driver for the one file that `fileKey` belongs to. */
export function encryptedDriver(module: CipherModule, fileKey: FileKey): SqliteDriver {
  return {
    isEncrypted: true,
    open(path: string, { isReadOnly = false, timeoutMs = 0 }: SqliteOpenOptions = {}): SqliteConnection {
      const db = openKeyed(module, path, fileKey, { isReadOnly, timeoutMs });
      const connection = new EncryptedConnection(db, noteOpen(path, { kind: "sealed", salt: fileKey.salt }));
      if (!isReadOnly) removeLeftovers(path, () => undefined);
      return connection;
    },
  };
}

/** Opens, gives the key, and reads the first page with it. @throws {SyncServerError} `STORE_DAMAGED` */
export function openKeyed(module: CipherModule, path: string, fileKey: FileKey | undefined, { isReadOnly = false, timeoutMs = 0 }: SqliteOpenOptions): CipherDatabase {
  const db = new module(path, { readonly: isReadOnly, timeout: timeoutMs });
  try {
    if (fileKey !== undefined) useKey(db, fileKey, (key) => db.key(key));
    db.pragma("temp_store = MEMORY");
    db.prepare("SELECT count(*) FROM sqlite_master").get();
    return db;
  } catch (error) {
    db.close();
    throw translated(error);
  }
}

/** Names the cipher, and hands the key over in a buffer that is wiped. */
export function useKey(db: CipherDatabase, { cipher, key, salt }: FileKey, take: (key: Buffer) => unknown): void {
  if (cipher === "sqlcipher") {
    db.pragma("cipher = 'sqlcipher'");
    db.pragma("legacy = 4");
  } else {
    db.pragma("cipher = 'aegis'");
    db.pragma("algorithm = 'aegis-256'");
  }
  const text = Buffer.from(`x'${key.toString("hex")}${salt.toString("hex")}'`, "latin1");
  take(text);
  text.fill(0);
}

/** A page that does not authenticate is an error of ours; everything else stays SQLite's. */
export function translated(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string" || !/^SQLITE_(?:NOTADB|CORRUPT)/.test(code)) return error;
  return new SyncServerError("STORE_DAMAGED", "a page of the encrypted store is not what was written with its key: restore a backup", { cause: error });
}

class EncryptedConnection implements SqliteConnection {
  readonly #db: CipherDatabase;
  readonly #onClose: () => void;

  constructor(db: CipherDatabase, onClose: () => void) {
    this.#db = db;
    this.#onClose = onClose;
  }

  get isOpen(): boolean {
    return this.#db.open;
  }

  get isTransaction(): boolean {
    return this.#db.inTransaction;
  }

  prepare(sql: string): SqliteStatement {
    const statement = checked(() => this.#db.prepare(sql));
    // This package wants to know beforehand whether rows come; node:sqlite does not.
    return {
      get: (...values) => checked(() => (statement.reader ? statement.get(...values) : void statement.run(...values))),
      all: (...values) => checked(() => (statement.reader ? statement.all(...values) : (statement.run(...values), []))),
      run: (...values) => checked(() => (statement.reader ? statement.all(...values) : statement.run(...values))),
    };
  }

  exec(sql: string): void {
    checked(() => this.#db.exec(sql));
  }

  function(name: string, options: { readonly deterministic: boolean }, call: (...values: SQLOutputValue[]) => SQLInputValue): void {
    this.#db.function(name, options, call);
  }

  close(): void {
    this.#db.close();
    this.#onClose();
  }
}

function checked<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw translated(error);
  }
}
