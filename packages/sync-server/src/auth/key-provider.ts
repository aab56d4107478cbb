/**
 * Who wraps users' keys: a key management service, a token, or a key of this server's own.
 *
 * The shape is that of the wraps in `@holdfast/key-store-wraps`, so that `awsKmsWrap`, `azureKeyVaultWrap`, `googleKmsWrap` and
 * `pkcs11Wrap` can be handed in as they are. This package imports none of them: it knows no service.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AuthError } from "./auth-error.ts";

/** What a wrapped key is bound to: a wrap moved to another user does not open. */
export interface KeyContext {
  /** Application and user. */
  readonly databaseName: string;
  readonly keyId: string;
}

/** Wraps and unwraps the 64 bytes of a user's key. */
export interface KeyProvider {
  /** `[a-z0-9-]+`; is stored before the payload. */
  readonly kind: string;
  /** @returns A payload of `[A-Za-z0-9_~-]`. */
  wrap(key: Uint8Array, context: KeyContext): Promise<string>;
  /** @returns 64 fresh bytes. @throws An error whose `code` is `WRAP_REFUSED` if this provider did not make the wrap. */
  unwrap(payload: string, context: KeyContext): Promise<Uint8Array>;
}

/** Where the wrapping key of `localKeyProvider` comes from: 32 bytes, or where their base64 stands. */
export type LocalKeySource = Uint8Array | { readonly file: string } | { readonly env: string };

const FORMAT = "1";
const WRAPPING_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A wrapping key of this server's own: AES-256-GCM with the context as additional data.
 *
 * Whoever has the server's disk and its configuration has both halves: a key management service keeps them apart.
 *
 * @param former - Wrapping keys of before: what they wrapped still opens, until `rewrapKeys` has wrapped it anew.
 * @throws {AuthError} `AUTH_CONFIGURATION_INVALID` for another length, or a file that others may read
 */
export function localKeyProvider({ key, former = [] }: { readonly key: LocalKeySource; readonly former?: readonly LocalKeySource[] }): KeyProvider {
  const keys = [key, ...former].map(readWrappingKey);
  const current = keys[0] as WrappingKey;
  return {
    kind: "local",
    async wrap(plain, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", current.bytes, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(contextBytes(context));
      const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return [FORMAT, current.name, sealed.toString("base64url")].join("~");
    },
    async unwrap(payload, context) {
      const [format, name, sealedText = ""] = payload.split("~");
      const sealed = Buffer.from(sealedText, "base64url");
      const wrapping = keys.find((candidate) => candidate.name === name);
      if (format !== FORMAT || wrapping === undefined || sealed.length <= IV_BYTES + TAG_BYTES) throw refused();
      const decipher = createDecipheriv("aes-256-gcm", wrapping.bytes, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(contextBytes(context));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
        const copy = Uint8Array.from(plain);
        plain.fill(0);
        return copy;
      } catch {
        throw refused();
      }
    },
  };
}

interface WrappingKey {
  readonly bytes: Uint8Array;
  /** Tells versions apart and says nothing about the key. */
  readonly name: string;
}

function readWrappingKey(source: LocalKeySource): WrappingKey {
  const bytes = source instanceof Uint8Array ? Uint8Array.from(source) : "file" in source ? fromFile(source.file) : fromText(process.env[source.env] ?? "");
  if (bytes.length !== WRAPPING_KEY_BYTES) {
    throw new AuthError("AUTH_CONFIGURATION_INVALID", `the wrapping key has to be ${WRAPPING_KEY_BYTES} random bytes (as text: base64), and ${bytes.length} were found; "openssl rand -base64 32" makes one`);
  }
  return { bytes, name: createHash("sha256").update("holdfast wrapping key name v1").update(bytes).digest("base64url").slice(0, 11) };
}

function fromFile(path: string): Uint8Array {
  if (process.platform !== "win32" && !isCredential(path) && (statSync(path).mode & 0o077) !== 0) throw new AuthError("AUTH_CONFIGURATION_INVALID", "the wrapping key's file may be read by others: chmod 600");
  const content = readFileSync(path);
  return content.length === WRAPPING_KEY_BYTES ? content : fromText(content.toString("utf8"));
}

/** One that systemd hands to this unit alone. An access list may give it to the unit's user, which then shows as a right of the group. */
function isCredential(path: string): boolean {
  const folder = process.env["CREDENTIALS_DIRECTORY"];
  return folder !== undefined && dirname(resolve(path)) === resolve(folder);
}

function fromText(text: string): Uint8Array {
  return Buffer.from(text.trim(), "base64");
}

/** Each part with its length before it, so that parts cannot be shifted. */
function contextBytes({ databaseName, keyId }: KeyContext): Uint8Array {
  const parts = ["holdfast user key v1", databaseName, keyId];
  return Buffer.from(parts.map((part) => `${part.length}:${part}`).join(","), "utf8");
}

function refused(): Error {
  return Object.assign(new Error("the wrap was made by another key, belongs to another user, or was altered"), { code: "WRAP_REFUSED" });
}
