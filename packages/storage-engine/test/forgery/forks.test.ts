/**
 * Two histories of one file under one key: units of the same place, birth and commit whose tags are all right. Only the
 * references and the chain of the log tell them apart.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { commitChanges, openStore, PATH, readContent, SMALL_LOG_BYTES, TEST_KEY } from "../simulation/support.ts";
import type { Change, Content } from "../simulation/support.ts";
import { judge, volumeWith, withBytes } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

interface Fork {
  readonly bytes: Uint8Array;
  /** After each commit of the fork's own. */
  readonly contents: readonly Content[];
  /** Where each of its records stands. */
  readonly records: readonly { readonly offset: number; readonly length: number }[];
}

const COMMITS = 4;

function base(): Uint8Array {
  const volume = volumeWith(new Uint8Array());
  const store = openStore(volume, { encryptionKey: TEST_KEY });
  commitChanges(store, Array.from({ length: 30 }, (_, index) => ({ kind: "put", tree: "one", key: `k${String(index).padStart(2, "0")}`, value: new Uint8Array(700).fill(index) })));
  store.close();
  return volume.readFile(PATH);
}

/** Goes on with a copy of the file; `fill` is what its values are made of. */
function continued(bytes: Uint8Array, fill: number, isClosed: boolean): Fork {
  const volume = volumeWith(bytes);
  const store = openStore(volume, { encryptionKey: TEST_KEY });
  const contents: Content[] = [];
  const records: { offset: number; length: number }[] = [];
  let before = volume.readFile(PATH);
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const changes: Change[] = Array.from({ length: 4 }, (_, index) => ({ kind: "put", tree: "one", key: `k${String(commit * 7 + index).padStart(2, "0")}`, value: new Uint8Array(700).fill(fill + commit) }));
    commitChanges(store, changes);
    contents.push(readContent(store));
    const after = volume.readFile(PATH);
    const isChanged = (offset: number): boolean => Buffer.compare(before.subarray(offset, offset + 64), after.subarray(offset, offset + 64)) !== 0;
    const blocks = Array.from({ length: SMALL_LOG_BYTES / 64 }, (_, index) => LOG_OFFSET + index * 64).filter(isChanged);
    const [first = 0] = blocks;
    records.push({ offset: first, length: (blocks.at(-1) ?? 0) + 64 - first });
    before = after;
  }
  if (isClosed) store.close();
  return { bytes: volume.readFile(PATH), contents, records };
}

describe("units of another history of the same file", () => {
  it("a page of the same place and birth is damage", () => {
    const bytes = base();
    const [one, two] = [continued(bytes, 100, true), continued(bytes, 200, true)];
    const content = two.contents[COMMITS - 1] as Content;
    let damaged = 0;
    for (let offset = LOG_OFFSET + SMALL_LOG_BYTES; offset + PAGE_BYTES <= Math.min(one.bytes.length, two.bytes.length); offset += PAGE_BYTES) {
      const page = one.bytes.slice(offset, offset + PAGE_BYTES);
      const isSameBirth = Buffer.compare(page.subarray(0, 8), two.bytes.subarray(offset, offset + 8)) === 0;
      if (!isSameBirth || Buffer.compare(page, two.bytes.subarray(offset, offset + PAGE_BYTES)) === 0) continue;
      const verdict = judge(volumeWith(withBytes(two.bytes, offset, page)), content);
      expect(verdict).toBeOneOf(["PAGE_DAMAGED", "intact"]);
      if (verdict === "PAGE_DAMAGED") damaged += 1;
    }
    expect(damaged).toBeGreaterThan(2);
  });

  it("a slot of the same generation is damage", () => {
    const bytes = base();
    const [one, two] = [continued(bytes, 100, true), continued(bytes, 200, true)];
    let forged = two.bytes;
    for (const offset of SLOT_OFFSETS) forged = withBytes(forged, offset, one.bytes.slice(offset, offset + PAGE_BYTES));
    expect(judge(volumeWith(forged), two.contents[COMMITS - 1] as Content)).toBe("PAGE_DAMAGED");
  });

  it("a record of the same commit and position is never replayed", () => {
    const bytes = base();
    const [one, two] = [continued(bytes, 100, false), continued(bytes, 200, false)];
    expect(one.records).toEqual(two.records);
    for (const [commit, { offset, length }] of one.records.entries()) {
      const forged = withBytes(two.bytes, offset, one.bytes.slice(offset, offset + length));
      // Also the last one: it is whole, of a later commit, and not chained to what stands before it.
      expect({ commit, verdict: judge(volumeWith(forged), two.contents[COMMITS - 1] as Content) }).toEqual({ commit, verdict: "LOG_DAMAGED" });
    }
  });
});
