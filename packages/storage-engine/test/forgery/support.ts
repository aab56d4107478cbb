/**
 * A small encrypted file, and the judgement on a forged copy of it.
 *
 * @module
 */
import { StoreError } from "../../src/errors.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { StorageFile } from "../../src/simulation.ts";
import { describeDifference, openStore, PATH, readContent, TEST_KEY, valueOf } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";

/** The codes that say "this file is damaged", and nothing else. */
export const DAMAGE_CODES: readonly string[] = ["HEADER_DAMAGED", "SLOT_DAMAGED", "LOG_DAMAGED", "PAGE_DAMAGED", "NOT_A_STORE", "FORMAT_UNSUPPORTED"];

export interface Original {
  readonly bytes: Uint8Array;
  readonly content: Content;
}

/** A volume whose one file is the database. */
export function volumeWith(bytes: Uint8Array): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  volume.writeFile(PATH, bytes);
  return volume;
}

/** A cleanly closed encrypted file of a few pages: two trees, one of them two levels high, and a large value. */
export function smallFile(seed: number): Original {
  const volume = volumeWith(new Uint8Array());
  const random = new SeededRandom(seed);
  const encoder = new TextEncoder();
  for (let round = 0; round < 2; round += 1) {
    const store = openStore(volume, { encryptionKey: TEST_KEY });
    const transaction = store.beginWrite();
    const one = transaction.tree("one");
    for (let index = 0; index < 12; index += 1) one.put(encoder.encode(`key ${index + round * 6}`), valueOf(random, 700));
    transaction.tree("two").put(encoder.encode(`large ${round}`), valueOf(random, 2500));
    transaction.commit();
    store.close();
  }
  const store = openStore(volume, { encryptionKey: TEST_KEY });
  const content = readContent(store);
  store.close();
  return { bytes: volume.readFile(PATH), content };
}

/**
 * Opens, reads everything and verifies a forged file.
 *
 * @returns The damage code, from an error or from verify; `intact` if all content is right and verify is clean.
 * @throws if the data is wrong, another kind of error comes, or a failed open changed the file.
 */
export function judge(volume: MemoryVolume, content: Content): string {
  const before = volume.fork();
  let isOpen = false;
  try {
    const store = openStore(volume, { encryptionKey: TEST_KEY });
    isOpen = true;
    try {
      const difference = describeDifference(readContent(store), content);
      if (difference !== undefined) throw new Error(`wrong data: ${difference}`);
      const code = store.verify().problems[0]?.code ?? "intact";
      if (code !== "intact" && !DAMAGE_CODES.includes(code)) throw new Error(`verify reports ${code}, which is no damage`);
      return code;
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (!DAMAGE_CODES.includes(error.code)) throw new Error(`not a damage code: ${error.code}`, { cause: error });
    if (!isOpen) assertUnchanged(before, volume);
    return error.code;
  }
}

/** Fails unless both volumes hold the same files; the empty-handed side file that locks go by does not count. */
export function assertUnchanged(before: MemoryVolume, after: MemoryVolume): void {
  const left = after.paths().filter((path) => path !== `${PATH}.lock`);
  if (before.paths().filter((path) => path !== `${PATH}.lock`).join() !== left.join()) throw new Error(`files appeared or went: ${left.join()}`);
  for (const path of before.paths()) {
    if (path !== `${PATH}.lock` && Buffer.compare(before.readFile(path), after.readFile(path)) !== 0) throw new Error(`${path} was changed by a failed open`);
  }
}

/** Which bytes of the database are read by opening, reading everything and verifying. */
export function readBytes(original: Original): boolean[] {
  const volume = volumeWith(original.bytes);
  const isRead = Array.from({ length: original.bytes.length }, () => false);
  const open = volume.open.bind(volume);
  volume.open = (path, mode) => {
    const file = open(path, mode);
    return path === PATH ? observed(file, (from, count) => isRead.fill(true, from, from + count)) : file;
  };
  if (judge(volume, original.content) !== "intact") throw new Error("the original is not intact");
  return isRead;
}

function observed(file: StorageFile, note: (from: number, count: number) => void): StorageFile {
  const read = file.read.bind(file);
  file.read = (offset, target) => {
    const count = read(offset, target);
    note(offset, count);
    return count;
  };
  return file;
}

/** A copy with the bytes at some offset replaced. */
export function withBytes(bytes: Uint8Array, offset: number, replacement: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(replacement, offset);
  return copy;
}

/** A copy with one bit turned. */
export function withFlip(bytes: Uint8Array, offset: number, mask = 1): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = (copy[offset] ?? 0) ^ mask;
  return copy;
}
