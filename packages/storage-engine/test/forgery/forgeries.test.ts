/**
 * Whole pages, slots and records put where they do not belong; files cut, extended and opened with a wrong key.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { commitChanges, openStore, PATH, readContent, SMALL_LOG_BYTES, TEST_KEY, valueOf } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";
import { assertUnchanged, DAMAGE_CODES, judge, readBytes, smallFile, volumeWith, withBytes, withFlip } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));


const SEED = 0xf0e6;
const FIRST_PAGE = LOG_OFFSET + SMALL_LOG_BYTES;
const WRONG_KEYS: readonly { readonly name: string; readonly key: Uint8Array }[] = [
  { name: "another key", key: new Uint8Array(64).fill(9) },
  { name: "only the encryption half wrong", key: withFlip(TEST_KEY, 0) },
  { name: "only the MAC half wrong", key: withFlip(TEST_KEY, 63) },
];

function pageAt(bytes: Uint8Array, offset: number): Uint8Array {
  return bytes.slice(offset, offset + PAGE_BYTES);
}

/** Copies of one file over its life: closed after each of several commits. */
function generations(): { bytes: Uint8Array; content: Content }[] {
  const volume = volumeWith(new Uint8Array());
  const random = new SeededRandom(SEED);
  return Array.from({ length: 6 }, (_unused, round) => {
    const store = openStore(volume, { encryptionKey: TEST_KEY });
    commitChanges(store, Array.from({ length: 10 }, (_, index) => ({ kind: "put", tree: "one", key: `k${(round * 3 + index) % 20}`, value: valueOf(random, 600) })));
    const content = readContent(store);
    store.close();
    return { bytes: volume.readFile(PATH), content };
  });
}

/** A file whose process died with records in the log. */
function uncleanFile(): { bytes: Uint8Array; before: Uint8Array; contents: Content[] } {
  const volume = volumeWith(new Uint8Array());
  openStore(volume, { encryptionKey: TEST_KEY }).close();
  const before = volume.readFile(PATH);
  const store = openStore(volume, { encryptionKey: TEST_KEY });
  const contents: Content[] = [readContent(store)];
  for (let round = 0; round < 6; round += 1) {
    commitChanges(store, [{ kind: "put", tree: "one", key: `k${round}`, value: new Uint8Array(200).fill(round) }]);
    contents.push(readContent(store));
  }
  const bytes = volume.readFile(PATH);
  store.close();
  return { bytes, before, contents };
}

describe("forged pages", () => {
  it("an older version of a page, put back, is damage or out of reach", () => {
    const copies = generations();
    const newest = copies.at(-1);
    if (newest === undefined) throw new Error("no copies");
    const isRead = readBytes(newest);
    let damaged = 0;
    for (const older of copies.slice(0, -1)) {
      for (let offset = FIRST_PAGE; offset < Math.min(older.bytes.length, newest.bytes.length); offset += PAGE_BYTES) {
        const page = pageAt(older.bytes, offset);
        if (Buffer.compare(page, pageAt(newest.bytes, offset)) === 0) continue;
        const verdict = judge(volumeWith(withBytes(newest.bytes, offset, page)), newest.content);
        expect({ offset, verdict }).toEqual({ offset, verdict: isRead[offset] === true ? "PAGE_DAMAGED" : "intact" });
        if (verdict !== "intact") damaged += 1;
      }
    }
    expect(damaged).toBeGreaterThan(3);
  });

  it("two pages exchanged are damage", () => {
    const original = smallFile(SEED);
    const isRead = readBytes(original);
    let tried = 0;
    for (let one = FIRST_PAGE; one < original.bytes.length; one += PAGE_BYTES) {
      for (let two = one + PAGE_BYTES; two < original.bytes.length; two += PAGE_BYTES) {
        if (isRead[one] !== true || isRead[two] !== true) continue;
        const swapped = withBytes(withBytes(original.bytes, one, pageAt(original.bytes, two)), two, pageAt(original.bytes, one));
        expect(judge(volumeWith(swapped), original.content)).toBe("PAGE_DAMAGED");
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(2);
  });

  it("a page of another file under the same key is damage", () => {
    const original = smallFile(SEED);
    const other = smallFile(SEED);
    const isRead = readBytes(original);
    let tried = 0;
    for (let offset = FIRST_PAGE; offset < original.bytes.length; offset += PAGE_BYTES) {
      if (isRead[offset] !== true) continue;
      expect(judge(volumeWith(withBytes(original.bytes, offset, pageAt(other.bytes, offset))), original.content)).toBe("PAGE_DAMAGED");
      tried += 1;
    }
    expect(tried).toBeGreaterThan(2);
  });
});

describe("forged slots", () => {
  it("an older slot put back never gives older or wrong data silently", () => {
    const copies = generations();
    const newest = copies.at(-1);
    if (newest === undefined) throw new Error("no copies");
    for (const older of copies.slice(0, -1)) {
      for (const offset of SLOT_OFFSETS) {
        const verdict = judge(volumeWith(withBytes(newest.bytes, offset, pageAt(older.bytes, offset))), newest.content);
        expect(["intact", ...DAMAGE_CODES]).toContain(verdict);
      }
    }
  });

  it("both slots wiped are damage, one alone never gives older data", () => {
    const { bytes, content } = smallFile(SEED);
    const zeros = new Uint8Array(PAGE_BYTES);
    const [first, second] = SLOT_OFFSETS;
    expect(DAMAGE_CODES).toContain(judge(volumeWith(withBytes(withBytes(bytes, first, zeros), second, zeros)), content));
    for (const offset of SLOT_OFFSETS) expect(["intact", ...DAMAGE_CODES]).toContain(judge(volumeWith(withBytes(bytes, offset, zeros)), content));
  });

  it("exchanged slots are damage", () => {
    const { bytes, content } = smallFile(SEED);
    const [first, second] = SLOT_OFFSETS;
    expect(DAMAGE_CODES).toContain(judge(volumeWith(withBytes(withBytes(bytes, first, pageAt(bytes, second)), second, pageAt(bytes, first))), content));
  });
});

describe("forged log of a file that was not closed", () => {
  it("a changed byte before the last record is LOG_DAMAGED; in the last record it is that or a torn end, never wrong data", () => {
    const { bytes, before, contents } = uncleanFile();
    const newest = contents.at(-1);
    if (newest === undefined) throw new Error("no contents");
    const written: number[] = [];
    for (let offset = LOG_OFFSET; offset < FIRST_PAGE; offset += 1) if (bytes[offset] !== before[offset]) written.push(offset);
    const lastStart = (written.at(-1) ?? 0) - 360;
    const seen = new Map<string, number>();
    for (const offset of written) {
      if (offset % 3 !== 0) continue;
      const volume = volumeWith(withFlip(bytes, offset, 16));
      const untouched = volume.fork();
      let content: Content | undefined;
      const code = codeOf(() => {
        const store = openStore(volume, { encryptionKey: TEST_KEY });
        content = readContent(store);
        store.close();
      });
      if (code !== undefined) assertUnchanged(untouched, volume);
      const commits = content?.get("one")?.size ?? 0;
      seen.set(code ?? `${commits} commits`, (seen.get(code ?? `${commits} commits`) ?? 0) + 1);
      expect(code ?? commits).toBeOneOf(offset < lastStart ? ["LOG_DAMAGED"] : ["LOG_DAMAGED", 5, 6]);
    }
    console.log(`log flips: ${[...seen].map(([name, count]) => `${count} ${name}`).join(", ")}`);
    expect(seen.get("LOG_DAMAGED")).toBeGreaterThan(100);
  });

  it("a record put back from an earlier lap or removed from the middle is found", () => {
    const { bytes, before } = uncleanFile();
    const first = bytes.findIndex((byte, index) => index >= LOG_OFFSET && index < FIRST_PAGE && byte !== before[index]);
    const wiped = withBytes(bytes, first, before.slice(first, first + 64));
    expect(codeOf(() => openStore(volumeWith(wiped), { encryptionKey: TEST_KEY }))).toBe("LOG_DAMAGED");
  });
});

describe("other files", () => {
  it("a cut file is damage at every length, an extended one is intact or damage", () => {
    const { bytes, content } = smallFile(SEED);
    const isRead = readBytes({ bytes, content });
    const readEnd = isRead.lastIndexOf(true) + 1;
    for (let length = 1; length < readEnd; length += length < 3 * PAGE_BYTES ? 211 : 2003) {
      expect(DAMAGE_CODES).toContain(judge(volumeWith(bytes.slice(0, length)), content));
    }
    for (const extra of [1, 512, PAGE_BYTES, 100_000]) {
      const extended = new Uint8Array(bytes.length + extra).fill(7);
      extended.set(bytes);
      expect(["intact", ...DAMAGE_CODES]).toContain(judge(volumeWith(extended), content));
    }
  });

  it("files that never were databases are refused and unchanged", () => {
    const random = new SeededRandom(SEED);
    for (const length of [1, 15, 100, 256, 8192, 100_000]) {
      for (const bytes of [random.bytes(length), new Uint8Array(length), new TextEncoder().encode("SQLite format 3\0".padEnd(length, "x")).slice(0, length)]) {
        const volume = volumeWith(bytes);
        const untouched = volume.fork();
        expect(DAMAGE_CODES).toContain(codeOf(() => openStore(volume, { encryptionKey: TEST_KEY })));
        expect(DAMAGE_CODES).toContain(codeOf(() => openStore(volume)));
        assertUnchanged(untouched, volume);
      }
    }
  });
});

describe("wrong keys", () => {
  it.each(WRONG_KEYS)("$name: KEY_WRONG, on whole files, with damaged pages, slot or log", ({ key }) => {
    const { bytes } = smallFile(SEED);
    const damaged = [
      bytes,
      withFlip(bytes, SLOT_OFFSETS[0] + 500),
      withFlip(bytes, SLOT_OFFSETS[1] + 500),
      withFlip(bytes, FIRST_PAGE + 100),
      uncleanFile().bytes,
    ];
    for (const forged of damaged) {
      const volume = volumeWith(forged);
      const untouched = volume.fork();
      expect(codeOf(() => openStore(volume, { encryptionKey: key }))).toBe("KEY_WRONG");
      assertUnchanged(untouched, volume);
    }
  });

  it("the right key on a file whose header's key check is damaged is not KEY_WRONG", () => {
    const { bytes, content } = smallFile(SEED);
    for (let offset = 56; offset < 88; offset += 1) {
      expect(judge(volumeWith(withFlip(bytes, offset)), content)).not.toBe("KEY_WRONG");
    }
  });

  it("no error message holds a key byte's text", () => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    volume.writeFile(PATH, smallFile(SEED).bytes);
    const key = new Uint8Array(64).fill(0xab);
    let message = "";
    try {
      openStore(volume, { encryptionKey: key });
    } catch (error) {
      message = JSON.stringify([String(error), (error as Error).stack, error]);
    }
    expect(message).toContain("KEY_WRONG");
    expect(message).not.toMatch(/abab|171,|q6ur/u);
  });
});
