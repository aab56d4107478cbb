/**
 * The browsers' backend: the portable one, with SHA-256 in WebAssembly (hash-wasm), which is about four times as fast.
 *
 * A WebAssembly module is compiled asynchronously, and a page's content security policy may forbid it. Until it is there, and where
 * it cannot be, seals are the portable ones: the same bytes, slower (docs/decisions/0015-portable-cipher.md).
 *
 * @module
 */
import type { CipherBackend, KeyedCipher } from "./cipher-backend.ts";
import { createPortableCipher, portableBackend } from "./portable-backend.ts";
import { createSavedStateMac } from "./saved-state-mac.ts";
import type { SavedStateHash } from "./saved-state-mac.ts";
import { macHalf } from "./secret-key.ts";
import type { SecretKey } from "./secret-key.ts";
import { createUnitSeal } from "./unit-seal.ts";

const NOTHING = new Uint8Array(0);

/** A backend, and what makes it faster. */
export interface BrowserCipher {
  readonly backend: CipherBackend;
  /**
   * Loads the hash, once. Seals that are made afterwards use it.
   *
   * @returns False where WebAssembly is missing or forbidden. Never rejects.
   */
  loadHash(): Promise<boolean>;
}

/** AES-256-CTR of @noble, HMAC-SHA-256 over the hash once it is loaded, random bytes of `globalThis.crypto`. */
export function createBrowserCipher(createHash: () => Promise<SavedStateHash>): BrowserCipher {
  let loading: Promise<boolean> | undefined;
  let hash: SavedStateHash | undefined;
  const backend: CipherBackend = {
    ...portableBackend,
    name: "browser",
    hmacSha256: (key, message) => (hash === undefined ? portableBackend.hmacSha256(key, message) : macOnce(hash, key, message)),
    createUnitSeal: (key) => (hash === undefined ? portableBackend.createUnitSeal(key) : createUnitSeal(backend, key, createKeyedCipher(hash, key))),
  };
  const load = async (): Promise<boolean> => {
    hash = await createHash().then(checked, () => undefined);
    return hash !== undefined;
  };
  return { backend, loadHash: () => (loading ??= load()) };
}

/** What a broken engine computes must not reach a file: undefined unless it agrees with @noble. */
function checked(hash: SavedStateHash): SavedStateHash | undefined {
  const probe = new Uint8Array(200).fill(0x5a);
  return portableBackend.equals(macOnce(hash, probe, probe), portableBackend.hmacSha256(probe, probe)) ? hash : undefined;
}

function macOnce(hash: SavedStateHash, key: Uint8Array, message: Uint8Array): Uint8Array {
  const mac = createSavedStateMac(hash, key);
  const tag = mac.mac(message, NOTHING);
  mac.wipe();
  return tag;
}

function createKeyedCipher(hash: SavedStateHash, key: SecretKey): KeyedCipher {
  const portable = createPortableCipher(key);
  const mac = createSavedStateMac(hash, macHalf(key));
  return {
    block: portable.block,
    crypt: portable.crypt,
    tag: (ivAndCiphertext) => mac.mac(portable.block, ivAndCiphertext),
    wipe() {
      portable.wipe();
      mac.wipe();
    },
  };
}
