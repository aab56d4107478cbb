/**
 * Files with something in them, and damage done to them on purpose.
 *
 * @module
 */
import { newestSlot, readSlots, checkFile } from "../../src/file-opening.ts";
import { nodePlatform } from "../../src/node-platform.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { Volume } from "../../src/simulation.ts";
import { LOG_OFFSET, PAGE_BYTES } from "../../src/layout.ts";
import { Store } from "../../src/store.ts";
import type { Slot } from "../../src/slot.ts";
import { commitChanges, openStore, PATH, readContent, valueOf } from "../simulation/support.ts";
import type { Change, Content } from "../simulation/support.ts";
import { SecretKey } from "@holdfast/core-cipher";

export type Key = { readonly encryptionKey?: Uint8Array };

/** Names of entries that sort as numbers do. */
export function keyOf(index: number): string {
  return `k${String(index).padStart(6, "0")}`;
}

export function newVolume(): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  return volume;
}

/** A copy of a volume whose clock goes so fast that a slice of a long task is over after a few steps. */
export function hasty(volume: MemoryVolume): MemoryVolume {
  let ticks = 0;
  return MemoryVolume.fromTree(volume.toTree(), { clock: () => (ticks += 1) });
}

/** A file of some hundred pages with several trees and large values, written in many commits. */
export function fillFile(volume: Volume, options: { seed: number; key: Key; entries?: number; rounds?: number; isClosed?: boolean }): { content: Content; store: Store } {
  const { seed, key, entries = 1200, rounds = 12 } = options;
  const random = new SeededRandom(seed);
  let store = openStore(volume, { ...key });
  const put = (tree: string, index: number, length: number): Change => ({ kind: "put", tree, key: keyOf(index), value: valueOf(random, length) });
  commitChanges(store, Array.from({ length: entries }, (_, index) => put("one", index, 300)));
  commitChanges(store, Array.from({ length: entries / 2 }, (_, index) => put("two", index * 2, 120)));
  commitChanges(store, Array.from({ length: 6 }, (_, index) => put("large", index, 2500 + random.below(20_000))));
  for (let round = 0; round < rounds; round += 1) {
    if (round === Math.floor(rounds / 2)) {
      store.close();
      store = openStore(volume, { ...key });
    }
    const changes = Array.from({ length: 25 }, () => put(random.pick(["one", "two"]), random.below(entries), random.below(500)));
    commitChanges(store, [...changes, { kind: "delete", tree: "one", key: keyOf(random.below(entries)) }, put("large", random.below(8), 2100 + random.below(4000))]);
  }
  const content = readContent(store);
  if (options.isClosed !== false) store.close();
  return { content, store };
}

/** What the newest slot of a file says. */
export function slotOf(volume: Volume, key: Key, path: string = PATH): Slot {
  const file = volume.open(path, "read");
  const secret = key.encryptionKey === undefined ? undefined : SecretKey.from(key.encryptionKey);
  const checked = checkFile(file, path, secret, { ...nodePlatform, volume }, true);
  const slot = newestSlot(readSlots(file, checked));
  checked.seal.close();
  file.close();
  if (slot === undefined) throw new Error("no slot");
  return slot;
}

/** Overwrites bytes of the database file. */
export function damage(volume: Volume, fileOffset: number, bytes: Uint8Array, path: string = PATH): void {
  const file = volume.open(path, "write");
  file.write(fileOffset, bytes);
  file.close();
}

/** Turns one bit. */
export function flip(volume: MemoryVolume, fileOffset: number, path: string = PATH): void {
  const byte = volume.readFile(path)[fileOffset] ?? 0;
  damage(volume, fileOffset, Uint8Array.of(byte ^ 0x20), path);
}

/** Damages a page in the middle. */
export function damagePage(volume: MemoryVolume, place: number, path: string = PATH): void {
  flip(volume, place * PAGE_BYTES + 3000, path);
}

/** Places of pages behind the log. */
export function pagePlaces(volume: MemoryVolume, logBytes: number, path: string = PATH): number[] {
  const first = (LOG_OFFSET + logBytes) / PAGE_BYTES;
  const end = Math.floor(volume.readFile(path).length / PAGE_BYTES);
  return Array.from({ length: end - first }, (_, index) => first + index);
}
