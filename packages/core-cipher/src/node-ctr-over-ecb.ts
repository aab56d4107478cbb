/**
 * AES-256-CTR made of one AES-256-ECB cipher that is kept: for Deno, whose AES-CTR takes two to six times as long (a call of `createCipheriv` for each unit, and a slower CTR).
 *
 * As SP 800-38A 6.5 defines CTR: the counter blocks, encrypted one by one, are the key stream, and what is read is XORed with it. ECB is never used on data. Bit-equal to
 * `aes-256-ctr`; the tests hold them together.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";
import type { KeyObject } from "node:crypto";

const BLOCK_BYTES = 16;

/** Longer units are done in parts, so that the counters stay small. */
const PART_BYTES = 65_536;

/** The cipher of one key. */
export interface CtrCipher {
  /** Encrypts or decrypts `source` from the counter block `iv` on. Fresh bytes with a buffer of their own. */
  crypt(iv: Uint8Array, source: Uint8Array): Uint8Array;
  /** Gives the runtime its cipher back. */
  end(): void;
}

/** Makes the cipher of a key. */
export function createCtrOverEcb(key: KeyObject): CtrCipher {
  const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  let counters = new Uint8Array(0);
  // The next counter block: four words, the last of which counts.
  const words = new Uint32Array(4);

  function keyStream(lengthBytes: number): Uint8Array {
    const neededBytes = Math.ceil(lengthBytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (counters.length < neededBytes) counters = new Uint8Array(neededBytes);
    fillCounters(new DataView(counters.buffer, 0, neededBytes), words);
    return cipher.update(counters.subarray(0, neededBytes));
  }

  return {
    crypt(iv, source) {
      const view = new DataView(iv.buffer, iv.byteOffset, BLOCK_BYTES);
      for (let index = 0; index < words.length; index += 1) words[index] = view.getUint32(index * 4);
      const result = new Uint8Array(source.length);
      for (let offset = 0; offset < result.length; offset += PART_BYTES) {
        const part = source.subarray(offset, offset + PART_BYTES);
        writeXor(result.subarray(offset, offset + PART_BYTES), part, keyStream(part.length));
      }
      return result;
    },
    end: () => void cipher.final(),
  };
}

/** Writes one counter block after the other; `words` is the one behind the last then. A counter is one big-endian number of 128 bits and wraps. */
function fillCounters(target: DataView, words: Uint32Array): void {
  let [first, second, third, last] = words as unknown as [number, number, number, number];
  for (let offset = 0; offset < target.byteLength; offset += BLOCK_BYTES) {
    target.setUint32(offset, first);
    target.setUint32(offset + 4, second);
    target.setUint32(offset + 8, third);
    target.setUint32(offset + 12, last);
    last = (last + 1) >>> 0;
    if (last === 0) third = (third + 1) >>> 0;
    if (last === 0 && third === 0) second = (second + 1) >>> 0;
    if (last === 0 && third === 0 && second === 0) first = (first + 1) >>> 0;
  }
  words.set([first, second, third, last]);
}

/** @param target - Its buffer's offset is a multiple of 4. @param stream - At least as long. */
function writeXor(target: Uint8Array, source: Uint8Array, stream: Uint8Array): void {
  const [from, by] = [aligned(source), aligned(stream)];
  const wordCount = Math.floor(target.length / 4);
  const targetWords = new Uint32Array(target.buffer, target.byteOffset, wordCount);
  const sourceWords = new Uint32Array(from.buffer, from.byteOffset, wordCount);
  const streamWords = new Uint32Array(by.buffer, by.byteOffset, wordCount);
  for (let index = 0; index < wordCount; index += 1) targetWords[index] = (sourceWords[index] as number) ^ (streamWords[index] as number);
  for (let index = wordCount * 4; index < target.length; index += 1) target[index] = (from[index] as number) ^ (by[index] as number);
}

/** Words have to begin at a multiple of their length. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
}
