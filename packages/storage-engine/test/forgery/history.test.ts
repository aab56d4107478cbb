/**
 * Parts of an older state put back without the key: slots alone, the log's middle, and all of it under an open handle.
 *
 * Putting back everything at once is another matter: that is an older copy of the whole file.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { writeU32, writeU64 } from "../../src/bytes.ts";
import { slotGeneration } from "../../src/slot.ts";
import { SeededRandom } from "../../src/simulation.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { commitChanges, describeDifference, openStore, PATH, readContent, SMALL_LOG_BYTES, TEST_KEY, valueOf } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";
import { judge, volumeWith, withBytes } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const SEED = 0x0bed;
const KEYED = { encryptionKey: TEST_KEY };
const RING_END = LOG_OFFSET + SMALL_LOG_BYTES;

function overwrite(volume: MemoryVolume, offset: number, bytes: Uint8Array): void {
  const file = volume.open(PATH, "write");
  file.write(offset, bytes);
  file.close();
}

describe("both slots put back, the log left as it is", () => {
  it("is the newest data or damage, however many laps the log has made since", () => {
    const volume = volumeWith(new Uint8Array());
    const random = new SeededRandom(SEED);
    const states: { bytes: Uint8Array; content: Content }[] = [];
    for (let round = 0; round < 12; round += 1) {
      const store = openStore(volume, KEYED);
      // Values of one length: pages are used again in the same order, and an old root may well be whole still.
      for (let index = 0; index < 12; index += 1) commitChanges(store, [{ kind: "put", tree: `tree ${index % 3}`, key: `k${round}.${index}`, value: valueOf(random, 900) }]);
      const content = readContent(store);
      store.close();
      states.push({ bytes: volume.readFile(PATH), content });
    }
    const newest = states.at(-1);
    if (newest === undefined) throw new Error("no states");
    const verdicts = new Map<string, number>();
    for (const older of states.slice(0, -1)) {
      const [first, second] = SLOT_OFFSETS;
      const forged = withBytes(withBytes(newest.bytes, first, older.bytes.slice(first, first + PAGE_BYTES)), second, older.bytes.slice(second, second + PAGE_BYTES));
      const verdict = judge(volumeWith(forged), newest.content);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    console.log([...verdicts].map(([name, count]) => `${count} ${name}`).join(", "));
    expect([...verdicts].filter(([name]) => name !== "intact").length).toBeGreaterThan(0);
  });

  it("does not turn a database into the empty one that it once was", () => {
    const volume = volumeWith(new Uint8Array());
    openStore(volume, KEYED).close();
    const born = volume.readFile(PATH);
    const store = openStore(volume, KEYED);
    for (let index = 0; index < 300; index += 1) commitChanges(store, [{ kind: "put", tree: "one", key: `k${index % 20}`, value: new Uint8Array(900).fill(index) }]);
    const content = readContent(store);
    store.close();
    overwrite(volume, PAGE_BYTES, born.slice(PAGE_BYTES, 3 * PAGE_BYTES));
    expect(judge(volume, content)).toBe("LOG_DAMAGED");
  });
});

describe("a log full of made-up records", () => {
  it("does not make the reader check each of them in full", () => {
    const volume = volumeWith(new Uint8Array());
    const store = openStore(volume, KEYED);
    commitChanges(store, [{ kind: "put", tree: "one", key: "a", value: new Uint8Array(10) }]);
    store.close();
    const bytes = volume.readFile(PATH);
    const ring = new Uint8Array(SMALL_LOG_BYTES);
    for (let offset = 0; offset < ring.length; offset += 64) {
      writeU32(ring, offset, 0x43455248);
      writeU32(ring, offset + 4, SMALL_LOG_BYTES / 4 - 256);
      writeU64(ring, offset + 8, 1000);
      // The first lap and the second: one of the two stands behind the head.
      writeU64(ring, offset + 16, offset < 1024 ? offset + SMALL_LOG_BYTES : offset);
    }
    const forged = volumeWith(withBytes(bytes, LOG_OFFSET, ring));
    let readBytes = 0;
    const open = forged.open.bind(forged);
    forged.open = (path, mode) => {
      const file = open(path, mode);
      const read = file.read.bind(file);
      file.read = (offset, target) => {
        readBytes += target.length;
        return read(offset, target);
      };
      return file;
    };
    expect(codeOf(() => openStore(forged, KEYED).close())).toBe("LOG_DAMAGED");
    expect(readBytes).toBeLessThan(10 * SMALL_LOG_BYTES);
  });
});

describe("under an open handle", () => {
  /** Two handles, both at the newest of some commits that stand in the log alone. */
  function opened(): { volume: MemoryVolume; before: Uint8Array; one: ReturnType<typeof openStore>; two: ReturnType<typeof openStore>; content: Content } {
    const volume = volumeWith(new Uint8Array());
    const one = openStore(volume, KEYED);
    commitChanges(one, [{ kind: "put", tree: "one", key: "first", value: new Uint8Array(100) }]);
    const before = volume.readFile(PATH);
    const two = openStore(volume, KEYED);
    for (let index = 0; index < 5; index += 1) commitChanges(one, [{ kind: "put", tree: "one", key: `k${index}`, value: new Uint8Array(100).fill(index) }]);
    return { volume, before, one, two, content: readContent(one) };
  }

  it("a published commit that the log does not show is damage, not a shorter history to build on", () => {
    const { volume, before, one, two } = opened();
    overwrite(volume, LOG_OFFSET, before.slice(LOG_OFFSET, RING_END));
    expect(codeOf(() => commitChanges(two, [{ kind: "put", tree: "one", key: "late", value: new Uint8Array(1) }]))).toBe("LOG_DAMAGED");
    one.close();
    expect(codeOf(() => two.close())).toBeOneOf([undefined, "LOG_DAMAGED"]);
  });

  it("slots and log put back never take back what the handle has shown", () => {
    const { volume, before, one, two, content } = opened();
    two.close();
    one.verify();
    for (let index = 0; index < 200; index += 1) commitChanges(one, [{ kind: "put", tree: "two", key: `k${index % 4}`, value: new Uint8Array(900).fill(index) }]);
    overwrite(volume, 0, before.slice(0, RING_END));
    const code = codeOf(() => commitChanges(one, [{ kind: "put", tree: "two", key: "late", value: new Uint8Array(1) }]));
    expect(code).toBeOneOf(["SLOT_DAMAGED", "LOG_DAMAGED", "PAGE_DAMAGED"]);
    expect(codeOf(() => commitChanges(one, [{ kind: "put", tree: "two", key: "late", value: new Uint8Array(1) }]))).toBe(code);
    expect(readContent(one).get("one")?.size).toBe(content.get("one")?.size);
    expect(codeOf(() => one.close())).toBeOneOf([undefined, code]);
  });

  it("a changed generation in a slot's clear part changes nothing", () => {
    const { volume, one, two, content } = opened();
    for (const offset of SLOT_OFFSETS) {
      const slot = volume.readFile(PATH).slice(offset, offset + 16);
      const generation = slotGeneration(slot);
      writeU64(slot, 8, generation + 100);
      overwrite(volume, offset, slot);
    }
    const code = codeOf(() => {
      two.refresh();
      commitChanges(two, []);
    });
    expect(code).toBeOneOf([undefined, "SLOT_DAMAGED"]);
    expect(describeDifference(readContent(one), content)).toBe(undefined);
    expect(codeOf(() => two.close())).toBeOneOf([undefined, "SLOT_DAMAGED"]);
    expect(codeOf(() => one.close())).toBeOneOf([undefined, "SLOT_DAMAGED"]);
  });
});
