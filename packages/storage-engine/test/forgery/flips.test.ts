/**
 * Every single byte of a cleanly closed encrypted file, changed: damage is found, or nothing that is read has changed.
 *
 * The log's ring of a cleanly closed file holds dead records that opening only scans: every 17th byte is tried. Of the pages
 * every 7th. All of them are with HOLDFAST_EXHAUSTIVE, and by `npm run attacks`. Header and slots are always tried at every byte.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { HEADER_BYTES, LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { SLOT_BYTES } from "../../src/slot.ts";
import { SMALL_LOG_BYTES } from "../simulation/support.ts";
import { SeededRandom } from "../../src/simulation.ts";
import { judge, readBytes, smallFile, volumeWith } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));


const SEED = 0xf11b;
const isExhaustive = process.env["HOLDFAST_EXHAUSTIVE"] !== undefined;
const LOG_STRIDE = isExhaustive ? 1 : 17;
const PAGE_STRIDE = isExhaustive ? 1 : 7;
const LOG_END = LOG_OFFSET + SMALL_LOG_BYTES;

const original = smallFile(SEED);

/** Tries the bytes of a range. @returns How often each verdict came. */
function tryFlips(from: number, to: number, stride = 1): Map<string, number> {
  const random = new SeededRandom(SEED);
  const isRead = readBytes(original);
  const verdicts = new Map<string, number>();
  const pristine = volumeWith(original.bytes);
  for (let offset = from; offset < to; offset += stride) {
    if (isRead[offset] !== true) continue;
    const volume = pristine.fork();
    const file = volume.open(volume.paths()[0] ?? "", "write");
    file.write(offset, Uint8Array.of((original.bytes[offset] ?? 0) ^ (1 << random.below(8))));
    file.close();
    let verdict: string;
    try {
      verdict = judge(volume, original.content);
    } catch (error) {
      throw new Error(`seed ${SEED}, byte ${offset} of ${original.bytes.length}: ${(error as Error).message}`, { cause: error });
    }
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  return verdicts;
}

function report(what: string, verdicts: Map<string, number>): void {
  console.log(`${what}, seed ${SEED}: ${[...verdicts].map(([name, count]) => `${count} ${name}`).join(", ")}`);
}

describe("one changed byte", () => {
  it("in the header is damage", () => {
    const verdicts = tryFlips(0, HEADER_BYTES);
    report("header", verdicts);
    expect([...verdicts.values()].reduce((sum, count) => sum + count, 0)).toBe(HEADER_BYTES);
  });

  it("in a slot leaves the content whole by the other slot, or is damage", () => {
    for (const offset of SLOT_OFFSETS) {
      const verdicts = tryFlips(offset, offset + SLOT_BYTES);
      report(`slot at ${offset}`, verdicts);
      expect(verdicts.size).toBeGreaterThan(0);
    }
  });

  it("in the log of a cleanly closed file changes no data", () => {
    const verdicts = tryFlips(LOG_OFFSET, LOG_END, LOG_STRIDE);
    report("log", verdicts);
    expect([...verdicts.keys()].filter((verdict) => verdict !== "intact")).toEqual([]);
  });

  it("in a page in use is always damage", () => {
    const verdicts = tryFlips(LOG_END, original.bytes.length, PAGE_STRIDE);
    report("pages", verdicts);
    expect(verdicts.get("PAGE_DAMAGED")).toBeGreaterThan(PAGE_BYTES / PAGE_STRIDE);
  });

  it("is provably outside of what is read, wherever it was not tried", () => {
    const isRead = readBytes(original);
    const unread = isRead.filter((read) => !read).length;
    console.log(`${unread} of ${isRead.length} bytes are never read`);
    expect(isRead.slice(0, HEADER_BYTES).every(Boolean)).toBe(true);
  });
});
