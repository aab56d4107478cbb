/**
 * HMAC-SHA-256 over a hash whose state can be saved: the key's two blocks are hashed once, not again for each unit.
 *
 * As its definition says: H(opad, H(ipad, message)), RFC 2104 2.
 *
 * @module
 */
import { secretArray } from "./secret-array.ts";

/** SHA-256 as hash-wasm has it. One instance may serve many keys: it holds nothing between two calls. */
export interface SavedStateHash {
  init(): SavedStateHash;
  update(message: Uint8Array): SavedStateHash;
  digest(outputType: "binary"): Uint8Array;
  /** The state so far, which `load` goes on from. */
  save(): Uint8Array;
  load(state: Uint8Array): SavedStateHash;
}

/** One key's HMAC. */
export interface SavedStateMac {
  /** @returns Fresh 32 bytes. */
  mac(first: Uint8Array, second: Uint8Array): Uint8Array;
  wipe(): void;
}

/** Block length of SHA-256 in bytes, to which HMAC pads its key. */
const HASH_BLOCK_BYTES = 64;
const ZEROS = new Uint8Array(HASH_BLOCK_BYTES);

/** @param key - Of any length. Read, not kept. */
export function createSavedStateMac(hash: SavedStateHash, key: Uint8Array): SavedStateMac {
  const shortKey = key.length > HASH_BLOCK_BYTES ? hash.init().update(key).digest("binary") : key;
  const inner = stateAfterPad(hash, shortKey, 0x36);
  const outer = stateAfterPad(hash, shortKey, 0x5c);
  overwrite(hash);
  return {
    mac(first, second) {
      const innerHash = hash.load(inner).update(first).update(second).digest("binary");
      return hash.load(outer).update(innerHash).digest("binary");
    },
    wipe() {
      inner.fill(0);
      outer.fill(0);
      overwrite(hash);
    },
  };
}

function stateAfterPad(hash: SavedStateHash, key: Uint8Array, pad: number): Uint8Array {
  const padded = secretArray(HASH_BLOCK_BYTES).fill(pad);
  for (let index = 0; index < key.length; index += 1) padded[index] = pad ^ (key[index] as number);
  const state = hash.init().update(padded).save();
  padded.fill(0);
  return state;
}

/** What the hash was given last still lies in its memory, and a state that it has loaded. */
function overwrite(hash: SavedStateHash): void {
  hash.init().update(ZEROS).digest("binary");
}
