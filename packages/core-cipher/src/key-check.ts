/**
 * The key check: 32 bytes in a file that tell a wrong key from damage, and tell nothing else.
 *
 * It covers both halves of the key, so that a file cannot be opened with the right MAC half and a
 * wrong encryption half, which would decrypt to noise under valid tags.
 *
 * @module
 */
import type { CipherBackend } from "./cipher-backend.ts";
import { UnitError } from "./errors.ts";
import { encryptionHalf, macHalf } from "./secret-key.ts";
import type { SecretKey } from "./secret-key.ts";
import { FILE_ID_BYTES } from "./unit-identity.ts";

/** What both HMACs of the key check begin with, in ASCII. */
export const KEY_CHECK_LABEL = "holdfast key check v1";

/** Length of a key check in bytes. */
export const KEY_CHECK_BYTES = 32;

/**
 * Computes HMAC(MAC half, label | file id | HMAC(encryption half, label | file id)).
 *
 * @param fileId - 16 bytes.
 * @returns Fresh `KEY_CHECK_BYTES`. They are not secret; compare them in constant time all the same.
 * @throws {UnitError} `UNIT_IDENTITY` if the file id is not 16 bytes long.
 */
export function computeKeyCheck(backend: CipherBackend, key: SecretKey, fileId: Uint8Array): Uint8Array {
  if (fileId.length !== FILE_ID_BYTES) {
    throw new UnitError("UNIT_IDENTITY", `expected a file id of ${FILE_ID_BYTES} bytes, got ${fileId.length}`);
  }
  const labelBytes = KEY_CHECK_LABEL.length;
  const message = new Uint8Array(labelBytes + FILE_ID_BYTES + KEY_CHECK_BYTES);
  for (let index = 0; index < labelBytes; index += 1) message[index] = KEY_CHECK_LABEL.charCodeAt(index);
  message.set(fileId, labelBytes);
  const inner = backend.hmacSha256(encryptionHalf(key), message.subarray(0, labelBytes + FILE_ID_BYTES));
  message.set(inner, labelBytes + FILE_ID_BYTES);
  return backend.hmacSha256(macHalf(key), message);
}
