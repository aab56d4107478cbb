/**
 * New keys.
 *
 * @module
 */
import type { CipherBackend } from "./cipher-backend.ts";
import { KEY_BYTES } from "./key-validation.ts";

/**
 * Makes a new key: 64 bytes of the platform's CSPRNG.
 *
 * @returns Fresh bytes; the caller owns, stores and wipes them. Whoever loses them loses the database.
 * @throws {UnitError} `RANDOM_UNAVAILABLE` if the platform has no CSPRNG.
 */
export function generateKey(backend: Pick<CipherBackend, "randomBytes">): Uint8Array {
  return backend.randomBytes(KEY_BYTES);
}
