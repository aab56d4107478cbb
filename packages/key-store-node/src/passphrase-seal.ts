/**
 * Seals entries under a passphrase: argon2id once a store, then AES-256-GCM an entry.
 *
 * The parameters stand in the file `store` of the folder: `f1.<memory KiB>-<iterations>-<parallelism>.<salt>.<check>.<checksum>`. The check is
 * an HMAC under the derived key, so a wrong passphrase is told from a damaged entry.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { linkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_COST, isAcceptable, KeyStoreError, MIN_PASSPHRASE_LENGTH, openText, sealText } from "@holdfast/key-store";
import type { Argon2id, Argon2idCost } from "@holdfast/key-store";
import { hashRaw } from "@node-rs/argon2";
import { hasEntries, readPrivateFile, syncFolder, writeNewFile } from "./file-entries.ts";
import type { EntrySeal } from "./file-entries.ts";

const STORE_FILE = "store";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
/** `Algorithm.Argon2id` of @node-rs/argon2, a const enum that cannot be imported as a value. */
const ARGON2ID = 2;

/** argon2id in native code: about four times as fast as WebAssembly. */
export const nodeArgon2id: Argon2id = async (passphrase, salt, { memoryKib, iterations, parallelism }) =>
  new Uint8Array(await hashRaw(passphrase, { algorithm: ARGON2ID, memoryCost: memoryKib, timeCost: iterations, parallelism, outputLen: 32, salt }));

/** Where the parameters are, and the passphrase. */
export interface PassphraseSealOptions {
  readonly folder: string;
  readonly passphrase: string;
  /** For a folder that has no parameters yet. */
  readonly cost?: Argon2idCost | undefined;
}

/** @throws {KeyStoreError} `WRAP_REFUSED` for another passphrase, `KEY_CORRUPT` for damaged parameters */
export async function openPassphraseSeal({ folder, passphrase, cost = DEFAULT_COST }: PassphraseSealOptions): Promise<EntrySeal> {
  const bytes = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const path = join(folder, STORE_FILE);
  const found = readPrivateFile(path) ?? (await createParameters({ folder, path, passphrase: bytes, length: [...passphrase].length, cost }));
  const { cost: stored, salt, check } = parseParameters(new TextDecoder().decode(found));
  const key = await nodeArgon2id(bytes, salt, stored);
  if (!timingSafeEqual(checkOf(key), check)) {
    key.fill(0);
    throw new KeyStoreError("WRAP_REFUSED", "the passphrase is not the one of this store");
  }
  return sealUnder(key);
}

interface NewParameters {
  readonly folder: string;
  readonly path: string;
  readonly passphrase: Uint8Array;
  readonly length: number;
  readonly cost: Argon2idCost;
}

async function createParameters({ folder, path, passphrase, length, cost }: NewParameters): Promise<Uint8Array> {
  // New parameters would open none of the entries that are there, and stand in the way of the old ones from a backup.
  if (hasEntries(folder)) throw new KeyStoreError("KEY_CORRUPT", `${path} is gone, and there are entries that only it can open. Nothing was changed. Restore it from a backup, or the keys from a recovery export into another folder.`);
  if (length < MIN_PASSPHRASE_LENGTH) throw new KeyStoreError("WRAP_REFUSED", `a passphrase has at least ${MIN_PASSPHRASE_LENGTH} characters`);
  if (!isAcceptable(cost)) throw new KeyStoreError("UNSUPPORTED_OPTION", "the cost of argon2id lies outside of the limits (COST_LIMITS)");
  const salt = randomBytes(SALT_BYTES);
  const key = await nodeArgon2id(passphrase, salt, cost);
  const text = sealText(["f1", `${cost.memoryKib}-${cost.iterations}-${cost.parallelism}`, salt.toString("base64url"), checkOf(key).toString("base64url")]);
  key.fill(0);
  const temporary = join(folder, `${randomBytes(8).toString("hex")}.new`);
  writeNewFile(temporary, new TextEncoder().encode(text));
  try {
    linkSync(temporary, path);
    syncFolder(folder);
  } catch (error) {
    // Another process was first: its parameters count.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw new KeyStoreError("IO", `${path} cannot be made`, { cause: error });
  } finally {
    unlinkSync(temporary);
  }
  return readPrivateFile(path) as Uint8Array;
}

function parseParameters(text: string): { cost: Argon2idCost; salt: Uint8Array; check: Uint8Array } {
  const [tag, costText = "", saltText = "", checkText = "", ...rest] = openText(text) ?? [];
  const match = /^(?<memory>\d{1,8})-(?<iterations>\d{1,3})-(?<parallelism>\d{1,3})$/u.exec(costText);
  const cost = { memoryKib: Number(match?.groups?.["memory"]), iterations: Number(match?.groups?.["iterations"]), parallelism: Number(match?.groups?.["parallelism"]) };
  const [salt, check] = [Buffer.from(saltText, "base64url"), Buffer.from(checkText, "base64url")];
  if (tag !== "f1" || rest.length > 0 || salt.length !== SALT_BYTES || check.length !== 32 || !isAcceptable(cost)) {
    throw new KeyStoreError("KEY_CORRUPT", "the parameters of the file store are damaged, or ask for more than the limits allow; nothing was changed");
  }
  return { cost, salt, check };
}

function sealUnder(key: Uint8Array): EntrySeal {
  return {
    async seal(text, fileName) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(additionalData(fileName));
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    async open(sealed, fileName) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) throw damaged();
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(additionalData(fileName)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]).toString("utf8");
      } catch {
        throw damaged();
      }
    },
    dispose: () => void key.fill(0),
  };
}

function additionalData(fileName: string): Buffer {
  return Buffer.from(`holdfast file entry v1 ${fileName}`);
}

function checkOf(key: Uint8Array): Buffer {
  return createHmac("sha256", key).update("holdfast file store v1").digest();
}

function damaged(): KeyStoreError {
  return new KeyStoreError("KEY_CORRUPT", "an entry of the file store was altered, cut, or taken from another store. It was not changed. Restore it from a recovery export.");
}
