/**
 * No 16 bytes of ciphertext come twice, in any two files under one key, at any time; and no IV does.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { SLOT_BYTES, SLOT_CLEAR_BYTES } from "../../src/slot.ts";
import type { StorageFile } from "../../src/volume/volume.ts";
import { commitChanges, openStore, PATH, SMALL_LOG_BYTES, TEST_KEY, valueOf, type Change } from "../simulation/support.ts";
import { volumeWith } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const SEED = 0xb10c;
const KEYED = { encryptionKey: TEST_KEY };
const BLOCK_BYTES = 16;
const LOG_END = LOG_OFFSET + SMALL_LOG_BYTES;
/** Places in the clear that are the same by design: header, copies of it, magic numbers and lengths. */
const RECORD_CLEAR_BYTES = 48;

function filled(changes: readonly Change[][]): MemoryVolume {
  const volume = volumeWith(new Uint8Array());
  const store = openStore(volume, KEYED);
  for (const commit of changes) commitChanges(store, commit);
  store.close();
  return volume;
}

function changes(): Change[][] {
  const random = new SeededRandom(SEED);
  return Array.from({ length: 20 }, (_, commit) => Array.from({ length: 10 }, (_unused, index): Change => ({ kind: "put", tree: "one", key: `k${commit * 10 + index}`, value: valueOf(random, index === 0 ? 5000 : 700) })));
}

/** Every aligned block of the sealed parts: slots, records and pages, without what stands in the clear and without zeros. */
function blocksOf(bytes: Uint8Array): Set<string> {
  const isClear = new Uint8Array(bytes.length);
  isClear.fill(1, 0, PAGE_BYTES);
  for (const offset of SLOT_OFFSETS) isClear.fill(1, offset, offset + SLOT_CLEAR_BYTES).fill(1, offset + SLOT_BYTES, offset + PAGE_BYTES);
  for (let offset = LOG_OFFSET; offset < LOG_END; offset += 64) {
    if (bytes[offset] === 0x48 && bytes[offset + 1] === 0x52) isClear.fill(1, offset, offset + RECORD_CLEAR_BYTES);
  }
  for (let offset = LOG_END; offset < bytes.length; offset += PAGE_BYTES) isClear.fill(1, offset, offset + 8);
  const blocks = new Set<string>();
  for (let offset = 0; offset + BLOCK_BYTES <= bytes.length; offset += BLOCK_BYTES) {
    if (isClear.subarray(offset, offset + BLOCK_BYTES).includes(1)) continue;
    const block = bytes.subarray(offset, offset + BLOCK_BYTES);
    // Zeros are space that was never written, or the end of an extent's last page.
    if (block.some((byte) => byte !== 0)) blocks.add(Buffer.from(block).toString("latin1"));
  }
  return blocks;
}

function sharedBlocks(one: Uint8Array, two: Uint8Array): number {
  const blocks = blocksOf(one);
  expect(blocks.size).toBeGreaterThan(5000);
  return [...blocksOf(two)].filter((block) => blocks.has(block)).length;
}

describe("blocks of ciphertext", () => {
  it("are shared by no two copies of one database, compacted or not", () => {
    const volume = filled(changes());
    const store = openStore(volume, KEYED);
    store.writeCopyTo({ path: "/db/one", ...KEYED });
    store.writeCopyTo({ path: "/db/two", ...KEYED });
    const original = volume.readFile(PATH);
    store.compact();
    store.close();
    const files = [original, volume.readFile("/db/one"), volume.readFile("/db/two"), volume.readFile(PATH)];
    for (let one = 0; one < files.length; one += 1) for (let two = one + 1; two < files.length; two += 1) expect(sharedBlocks(files[one] as Uint8Array, files[two] as Uint8Array)).toBe(0);
  });

  it("are shared by no two databases of the same key and the same content, made by the same steps", () => {
    expect(sharedBlocks(filled(changes()).readFile(PATH), filled(changes()).readFile(PATH))).toBe(0);
  });

  it("are new in every page that is written again, even with the same content", () => {
    const volume = filled(changes());
    const before = volume.readFile(PATH);
    const store = openStore(volume, KEYED);
    for (const commit of changes()) commitChanges(store, commit);
    store.close();
    const after = volume.readFile(PATH);
    // What stands where it stood was not written; what was written has nothing of before in it.
    const unchanged = new Set<string>();
    for (let offset = 0; offset + BLOCK_BYTES <= Math.min(before.length, after.length); offset += BLOCK_BYTES) {
      const block = before.subarray(offset, offset + BLOCK_BYTES);
      if (Buffer.compare(block, after.subarray(offset, offset + BLOCK_BYTES)) === 0) unchanged.add(Buffer.from(block).toString("latin1"));
    }
    const known = blocksOf(before);
    const fresh = [...blocksOf(after)].filter((block) => !unchanged.has(block));
    expect(fresh.length).toBeGreaterThan(3000);
    expect(fresh.filter((block) => known.has(block))).toEqual([]);
  });

  it("the same comparison finds that a file shares all of its blocks with itself", () => {
    const bytes = filled(changes()).readFile(PATH);
    expect(sharedBlocks(bytes, bytes)).toBe(blocksOf(bytes).size);
  });
});

/** Every IV that is written, with the number of counter blocks that it stands for. */
class IvRecorder extends MemoryVolume {
  readonly starts: { readonly iv: bigint; readonly blocks: number }[] = [];

  override open(path: string, mode: Parameters<MemoryVolume["open"]>[1]): StorageFile {
    const file = super.open(path, mode);
    if (path.includes(".lock") || path.includes("reader-")) return file;
    const write = file.write.bind(file);
    file.write = (offset, source) => {
      this.#note(offset, source);
      write(offset, source);
    };
    return file;
  }

  #note(offset: number, source: Uint8Array): void {
    if (source.every((byte) => byte === 0)) return;
    if (offset === SLOT_OFFSETS[0] || offset === SLOT_OFFSETS[1]) this.#add(source.subarray(SLOT_CLEAR_BYTES), 512);
    else if (offset >= LOG_END) this.#add(source.subarray(8), source.length);
    else if (offset >= LOG_OFFSET && source[0] === 0x48 && source[1] === 0x52 && source[2] === 0x45 && source[3] === 0x43) this.#add(source.subarray(RECORD_CLEAR_BYTES), source.length);
  }

  #add(iv: Uint8Array, bytes: number): void {
    this.starts.push({ iv: BigInt(`0x${Buffer.from(iv.subarray(0, 16)).toString("hex")}`), blocks: Math.ceil(bytes / 16) });
  }
}

describe("IVs over more than 100,000 sealed units", () => {
  it("never repeat, and no two streams of counters overlap", () => {
    const volume = new IvRecorder();
    volume.makeDirectory("/db");
    let store = openStore(volume, KEYED);
    const random = new SeededRandom(SEED);
    for (let commit = 0; volume.starts.length < 105_000; commit += 1) {
      commitChanges(store, [{ kind: "put", tree: "one", key: `k${random.below(300)}`, value: valueOf(random, commit % 50 === 0 ? 4000 : 30) }]);
      if (commit % 20_000 === 9_999) {
        store.close();
        store = openStore(volume, KEYED);
        store.compact();
      }
    }
    store.close();
    const sorted = volume.starts.toSorted((a, b) => (a.iv < b.iv ? -1 : a.iv > b.iv ? 1 : 0));
    let overlaps = 0;
    for (let index = 1; index < sorted.length; index += 1) {
      const [before, after] = [sorted[index - 1], sorted[index]];
      if (before !== undefined && after !== undefined && before.iv + BigInt(before.blocks) > after.iv) overlaps += 1;
    }
    console.log(`${sorted.length} sealed units, ${overlaps} IVs that repeat or overlap`);
    expect(overlaps).toBe(0);
  });
});
