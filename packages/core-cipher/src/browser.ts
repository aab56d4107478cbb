/**
 * Holdfast's cipher in browsers: AES of @noble, and SHA-256 in WebAssembly (hash-wasm) once it is loaded.
 *
 * @module
 */
import { createSHA256 } from "hash-wasm";
import { createBrowserCipher } from "./browser-backend.ts";
import type { CipherBackend } from "./cipher-backend.ts";
import type { SecretKey } from "./secret-key.ts";
import type { UnitSeal } from "./unit-seal.ts";

const { backend, loadHash } = /* @__PURE__ */ createBrowserCipher(() => createSHA256());

/** AES-256-CTR of @noble, HMAC-SHA-256 in WebAssembly once it is loaded, random bytes of `globalThis.crypto`. */
export const browserBackend: CipherBackend = backend;

/**
 * Loads the hash, once. Seals that are made afterwards use it; those made before go on as they are.
 *
 * @returns False where WebAssembly is missing or forbidden: then everything works as before, slower. Never rejects.
 */
export const loadBrowserHash: () => Promise<boolean> = loadHash;

/**
 * Makes a seal: with the loaded hash, or as `createPortableUnitSeal`.
 *
 * @param key - Copied: it may be wiped afterwards.
 * @throws {KeyError} `KEY_WIPED`.
 */
export function createBrowserUnitSeal(key: SecretKey): UnitSeal {
  return browserBackend.createUnitSeal(key);
}
