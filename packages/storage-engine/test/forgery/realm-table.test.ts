/**
 * The attacks that MongoDB Realm 20.2.0 was found to let through, one by one, on our file.
 *
 * The file has over a hundred pages in use and an earlier life: what is put back is real. The counts are in docs/reliability.md.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES } from "../../src/layout.ts";
import { SeededRandom, type MemoryVolume } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { commitChanges, openStore, PATH, readContent, SMALL_LOG_BYTES, TEST_KEY, valueOf, type Change, type Content } from "../simulation/support.ts";
import { judge, readBytes, volumeWith, withBytes, type Original } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const SEED = 0x20_02;
const FIRST_PAGE = LOG_OFFSET + SMALL_LOG_BYTES;
const KEYED = { encryptionKey: TEST_KEY };

interface History extends Original {
  readonly older: readonly Uint8Array[];
  /** Pages that are read when everything is. */
  readonly live: readonly number[];
}

let made: History | undefined;

function history(): History {
  made ??= makeHistory();
  return made;
}

function makeHistory(): History {
  const volume = volumeWith(new Uint8Array());
  const random = new SeededRandom(SEED);
  const older: Uint8Array[] = [];
  let content: Content = new Map();
  for (let round = 0; round < 8; round += 1) {
    const store = openStore(volume, KEYED);
    const keys = Array.from({ length: round === 0 ? 1000 : 150 }, (_, index) => (round === 0 ? index : random.below(1000)));
    const changes = keys.map((key): Change => ({ kind: "put", tree: "one", key: `key ${String(key).padStart(4, "0")}`, value: valueOf(random, 900) }));
    for (let from = 0; from < changes.length; from += 15) commitChanges(store, changes.slice(from, from + 15));
    content = readContent(store);
    store.close();
    older.push(volume.readFile(PATH));
  }
  const original = { bytes: older.pop() ?? new Uint8Array(), content };
  const isRead = readBytes(original);
  const live = pagesOf(original.bytes).filter((offset) => isRead[offset] === true);
  return { ...original, older, live };
}

function pagesOf(bytes: Uint8Array): number[] {
  return Array.from({ length: Math.floor((bytes.length - FIRST_PAGE) / PAGE_BYTES) }, (_, index) => FIRST_PAGE + index * PAGE_BYTES);
}

const pageAt = (bytes: Uint8Array, offset: number): Uint8Array => bytes.slice(offset, offset + PAGE_BYTES);

/** Judges each forgery. @returns How often each verdict came; wrong data throws. */
function judgeAll(forgeries: readonly Uint8Array[]): Record<string, number> {
  const { content } = history();
  const counts: Record<string, number> = {};
  for (const forged of forgeries) {
    const verdict = judge(volumeWith(forged), content);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

/** All of them found: not one opened as if nothing were. */
function expectFound(forgeries: readonly Uint8Array[]): void {
  const counts = judgeAll(forgeries);
  console.log(`${expect.getState().currentTestName}: ${JSON.stringify(counts)}`);
  expect(counts).toEqual({ PAGE_DAMAGED: forgeries.length });
}

describe("what Realm's encryption does not stop", () => {
  it("one bit of a page's IV flipped, 60 pages: all found", () => {
    const { bytes, live } = history();
    const random = new SeededRandom(SEED);
    expectFound(live.slice(0, 60).map((offset) => {
      const forged = bytes.slice();
      const at = offset + 8 + random.below(16);
      forged[at] = (forged[at] ?? 0) ^ (1 << random.below(8));
      return forged;
    }));
    expect(live.length).toBeGreaterThanOrEqual(60);
  });

  it("a page in use replaced by zeros, 50 pages: all found", () => {
    const { bytes, live } = history();
    expectFound(live.slice(0, 50).map((offset) => withBytes(bytes, offset, new Uint8Array(PAGE_BYTES))));
  });

  it("a page in use put back to an older state, 50 times: all found", () => {
    const { bytes, live, older } = history();
    const forgeries = live.flatMap((offset) =>
      older
        .map((state) => pageAt(state, offset))
        .filter((page) => page.length === PAGE_BYTES && Buffer.compare(page, pageAt(bytes, offset)) !== 0 && page.some((byte) => byte !== 0))
        .map((page) => withBytes(bytes, offset, page)),
    );
    expect(forgeries.length).toBeGreaterThanOrEqual(50);
    expectFound(forgeries.slice(0, 50));
  });

  it("two pages in use exchanged, 40 pairs: all found", () => {
    const { bytes, live } = history();
    const random = new SeededRandom(SEED);
    expectFound(Array.from({ length: 40 }, () => {
      const one = random.pick(live);
      const two = random.pick(live.filter((offset) => offset !== one));
      return withBytes(withBytes(bytes, one, pageAt(bytes, two)), two, pageAt(bytes, one));
    }));
  });

  it("a byte flipped in a page in use, 60 pages: an error that can be caught, and the next file opens", () => {
    const { bytes, live, content } = history();
    const random = new SeededRandom(SEED);
    for (const offset of live.slice(0, 60)) {
      const at = offset + random.below(PAGE_BYTES);
      expect(judge(volumeWith(withBytes(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ 0x40))), content)).toBe("PAGE_DAMAGED");
    }
    expect(judge(volumeWith(bytes), content)).toBe("intact");
  });

  it("the whole file put back to an older state: opens without an anchor, and holds exactly that state", () => {
    const { older } = history();
    const store = openStore(volumeWith(older[3] ?? new Uint8Array()), KEYED);
    expect(readContent(store).get("one")?.size).toBe(1000);
    expect(store.verify().problems).toEqual([]);
    store.close();
  });

  it("two copies under one key: no block of ciphertext is equal, and equal content cannot be seen", () => {
    const volume = volumeWith(history().bytes);
    const store = openStore(volume, KEYED);
    for (const path of ["/db/one", "/db/two"]) store.writeCopyTo({ path, ...KEYED });
    store.close();
    expect(sharedPages(volume.readFile("/db/one"), volume.readFile("/db/two"))).toBe(0);
  });

  it("a key of 0 bytes: refused before any file is touched", () => {
    const volume = volumeWith(new Uint8Array());
    const before = volume.fork();
    for (const encryptionKey of [new Uint8Array(0), new ArrayBuffer(0), [], ""]) expect(() => openStore(volume, { encryptionKey })).toThrow(expect.objectContaining({ name: "KeyError" }));
    expect(volume.paths()).toEqual(before.paths());
  });

  it("writeCopyTo onto a file that exists: refused, and the file is what it was", () => {
    const volume = volumeWith(history().bytes);
    volume.writeFile("/db/target", history().older[0] ?? new Uint8Array());
    const store = openStore(volume, KEYED);
    for (const path of [PATH, "/db/target"]) expect(codeOf(() => store.writeCopyTo({ path, ...KEYED }))).toBe("TARGET_EXISTS");
    store.close();
    expectSame(volume, "/db/target", history().older[0]);
  });
});

function expectSame(volume: MemoryVolume, path: string, bytes: Uint8Array | undefined): void {
  expect(Buffer.compare(volume.readFile(path), bytes ?? new Uint8Array())).toBe(0);
}

function sharedPages(one: Uint8Array, two: Uint8Array): number {
  const seen = new Set(pagesOf(one).map((offset) => Buffer.from(pageAt(one, offset)).toString("latin1")));
  return pagesOf(two).filter((offset) => seen.has(Buffer.from(pageAt(two, offset)).toString("latin1"))).length;
}
