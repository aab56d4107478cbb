/**
 * Plain files whose checksums were made to fit by somebody who knows the format: a checksum is not authentication, so
 * data may be what the forger likes, but reading it ends, stays small, and fails with a code.
 *
 * @module
 */
import { UNIT_KIND } from "@holdfast/core-cipher";
import { describe, expect, it, vi } from "vitest";
import { writeU16, writeU32 } from "../../src/bytes.ts";
import { StoreError } from "../../src/errors.ts";
import { firstPage, LOG_BYTES } from "../../src/layout.ts";
import type { PageRef } from "../../src/page-ref.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { openStore, readContent } from "../simulation/support.ts";
import { Craft, operation, payloadOf } from "./craft.ts";
import { DAMAGE_CODES } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const NOTHING = new Uint8Array(0);
const NO_TAG = new Uint8Array(16);

/** Opens, reads, verifies, and writes into every tree: the first code, or `intact`. Anything but a StoreError fails. */
function use(volume: MemoryVolume): string {
  try {
    const store = openStore(volume);
    try {
      const problem = store.verify().problems[0];
      readContent(store);
      const transaction = store.beginWrite();
      for (const name of transaction.treeNames()) {
        const tree = transaction.tree(name);
        for (let index = 0; index < 40; index++) tree.put(bytesOf(`new ${index}`), new Uint8Array(700).fill(index));
        for (let index = 0; index < 40; index++) tree.delete(bytesOf(`new ${index}`));
        tree.clear();
      }
      transaction.commit();
      return problem?.code ?? "intact";
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

/** A tree whose every branch has many children, all of them the same page: few pages, endlessly many entries. */
function bomb(craft: Craft, treeId: number, bottom: PageRef): PageRef {
  const [levels, width] = [6, 200];
  let ref = bottom;
  for (let level = 1; level <= levels; level++) {
    const child = ref;
    ref = craft.branch(treeId, level, Array.from({ length: width }, (_, index) => ({ key: index === 0 ? NOTHING : bytesOf(`k${String(index).padStart(4, "0")}`), ref: child })));
  }
  return ref;
}

describe("a tree that shares one page many times", () => {
  it("as the catalog ends the open", () => {
    const craft = new Craft();
    const leaf = craft.leaf(0, [craft.catalogCell("a", 1, 0, { place: 0, pages: 0, birth: 0, tag: NO_TAG })]);
    expect(use(craft.finish({ catalog: bomb(craft, 0, leaf) }))).toBe("PAGE_DAMAGED");
  });

  it("as the catalog with leaves that hold nothing ends the open", () => {
    const craft = new Craft();
    expect(use(craft.finish({ catalog: bomb(craft, 0, craft.leaf(0, [])) }))).toBe("PAGE_DAMAGED");
  });

  it("is damage to who reads it in either direction, verifies it, or clears it", () => {
    const make = (): MemoryVolume => {
      const craft = new Craft();
      const leaf = craft.leaf(1, [{ key: bytesOf("a"), value: bytesOf("1") }, { key: bytesOf("b"), value: bytesOf("2") }]);
      return craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 2, bomb(craft, 1, leaf))]) });
    };
    const store = openStore(make());
    const snapshot = store.snapshot();
    for (const reverse of [false, true]) {
      expect(codeOf(() => {
        const cursor = snapshot.tree("tree")?.cursor({ reverse });
        while (cursor?.next() === true);
      })).toBe("PAGE_DAMAGED");
    }
    snapshot.close();
    expect(store.verify().problems.length).toBeLessThan(5_000);
    expect(codeOf(() => store.beginWrite().tree("tree").clear())).toBe("PAGE_DAMAGED");
    store.close();
    expect(use(make())).toBe("PAGE_DAMAGED");
  });

  it("on two levels is damage on the wrong one, also when the page is in the cache already", () => {
    const craft = new Craft();
    const leaf = craft.leaf(1, [{ key: bytesOf("a"), value: bytesOf("1") }]);
    const low = craft.branch(1, 1, [{ key: NOTHING, ref: leaf }]);
    const root = craft.branch(1, 2, [{ key: NOTHING, ref: low }, { key: bytesOf("m"), ref: leaf }]);
    const store = openStore(craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 1, root)]) }));
    const snapshot = store.snapshot();
    expect(snapshot.tree("tree")?.get(bytesOf("a"))).toEqual(bytesOf("1"));
    expect(codeOf(() => snapshot.tree("tree")?.get(bytesOf("z")))).toBe("PAGE_DAMAGED");
    snapshot.close();
    store.close();
  });

  it("and repeats a large value is counted once by verify", () => {
    const craft = new Craft();
    const extent = craft.extent(UNIT_KIND.extent, new Uint8Array(500_000));
    const cells = Array.from({ length: 150 }, (_, index) => ({ key: bytesOf(`k${String(index).padStart(4, "0")}`), value: { ref: extent, lengthBytes: 500_000 } }));
    const store = openStore(craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 150, craft.leaf(1, cells))]) }));
    expect(store.verify().problems.length).toBeGreaterThan(0);
    store.close();
  });
});

describe("a page whose bytes do not add up", () => {
  const cases: readonly { readonly name: string; readonly change: (payload: Uint8Array) => void }[] = [
    { name: "cells that overlap", change: (payload) => writeU16(payload, 12, (payload[14] as number) + (payload[15] as number) * 256) },
    { name: "more wasted than there is", change: (payload) => writeU16(payload, 6, 8000) },
    { name: "fewer wasted than there are", change: (payload) => writeU16(payload, 4, 100) },
  ];
  it.each(cases)("$name: damage", ({ change }) => {
    const craft = new Craft();
    const leaf = payloadOf(1, 0, [new Uint8Array([1, 0, 1, 0, 97, 1]), new Uint8Array([1, 0, 3, 0, 98, 1, 2, 3])]);
    change(leaf);
    expect(use(craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 2, craft.page(leaf))]) }))).toBe("PAGE_DAMAGED");
  });

  it("keys and values longer than any may be: damage", () => {
    for (const cell of [{ key: new Uint8Array(5000).fill(9), value: NOTHING }, { key: bytesOf("a"), value: new Uint8Array(6000) }, { key: NOTHING, value: NOTHING }]) {
      const craft = new Craft();
      expect(use(craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 1, craft.leaf(1, [cell]))]) }))).toBe("PAGE_DAMAGED");
    }
  });
});

describe("lengths and numbers that nothing stands behind", () => {
  it("an extent longer than the file is damage before memory is taken for it", () => {
    const craft = new Craft();
    const lengthBytes = 65_535 * 8192 - 56;
    const ref = { place: 40, pages: 65_535, birth: 3, tag: NO_TAG };
    const volume = craft.finish({ catalog: craft.leaf(0, [craft.catalogCell("tree", 1, 1, craft.leaf(1, [{ key: bytesOf("a"), value: { ref, lengthBytes } }]))]) });
    const store = openStore(volume);
    const before = process.memoryUsage().arrayBuffers;
    let largest = 0;
    const original = globalThis.Uint8Array;
    const snapshot = store.snapshot();
    vi.stubGlobal("Uint8Array", new Proxy(original, {
      construct(target, given, newTarget) {
        if (typeof given[0] === "number") largest = Math.max(largest, given[0]);
        return Reflect.construct(target, given, newTarget) as object;
      },
    }));
    try {
      expect(codeOf(() => snapshot.tree("tree")?.get(bytesOf("a")))).toBe("PAGE_DAMAGED");
    } finally {
      vi.unstubAllGlobals();
    }
    snapshot.close();
    store.close();
    expect(largest).toBeLessThan(1_000_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  it.each([
    ["a log position that is no number", { logPosition: 2 ** 53 - 64 }],
    ["a log position between two records", { logPosition: 33 }],
    ["a commit beyond counting", { commit: 2 ** 53 - 1 }],
    ["a generation beyond counting", { generation: 2 ** 53 - 1 }],
    ["more trees than there are numbers", { nextTreeId: 2 ** 40 }],
    ["a map of petabytes", { spaceBytes: 2 ** 50 }],
  ] as const)("%s: the slot is not whole, the other one stands or it is damage", (_name, slot) => {
    const craft = new Craft();
    craft.slot({ generation: 2, commit: 0, catalogCount: 0 });
    expect(use(craft.finish(slot))).toBeOneOf(["intact", ...DAMAGE_CODES]);
  });

  it("a map whose pending pages lie outside the file is damage", () => {
    for (const [place, pages] of [[30, 0xffff_ffff], [0xffff_fff0, 20], [1, 1]] as const) {
      const craft = new Craft();
      const map = new Uint8Array(16 + 260 + 24);
      writeU32(map, 0, 2080);
      writeU32(map, 8, 1);
      map.fill(0xff, 16, 276);
      writeU32(map, 276, place);
      writeU32(map, 280, pages);
      expect(use(craft.finish({ space: craft.extent(UNIT_KIND.space, map), spaceBytes: map.length, catalogCount: 0 }))).toBe("PAGE_DAMAGED");
    }
  });

  it("a map of more pages than the file has is damage", () => {
    const craft = new Craft();
    const map = new Uint8Array(16 + 1_000_000);
    writeU32(map, 0, 8_000_000);
    expect(use(craft.finish({ space: craft.extent(UNIT_KIND.space, map), spaceBytes: map.length, catalogCount: 0 }))).toBe("PAGE_DAMAGED");
  });

  it.each([0, 1, 5])("a map that gives away page %i, the file's head or log, is damage: the next write would go there", (page) => {
    const craft = new Craft();
    const pages = firstPage(LOG_BYTES) + 8;
    const map = new Uint8Array(16 + Math.ceil(pages / 8));
    writeU32(map, 0, pages);
    map.fill(0xff, 16);
    map[16 + Math.floor(page / 8)] = 0xff - 2 ** (page % 8);
    const store = openStore(craft.finish({ space: craft.extent(UNIT_KIND.space, map), spaceBytes: map.length, catalogCount: 0 }));
    expect(() => store.stats()).toThrow(expect.objectContaining({ code: "PAGE_DAMAGED" }));
    const transaction = store.beginWrite();
    transaction.tree("a").put(bytesOf("k"), bytesOf("v"));
    expect(codeOf(() => transaction.commit())).toBe("PAGE_DAMAGED");
    store.close();
  });

  it("a log longer than the file is refused", () => {
    const craft = new Craft();
    craft.truncate(60_000);
    craft.finish({});
    const volume = craft.volume;
    const file = volume.open(volume.paths()[0] as string, "write");
    file.truncate(60_000);
    file.close();
    expect(use(volume)).toBeOneOf(DAMAGE_CODES);
  });
});

describe("log records that no engine writes", () => {
  const PUT = 1;
  const CREATE = 3;
  it.each([
    ["a key of nothing", operation(PUT, 1, NOTHING, bytesOf("x"))],
    ["a key longer than a page", operation(PUT, 1, new Uint8Array(9_000).fill(7), bytesOf("x"))],
    ["a key longer than any may be", operation(PUT, 1, new Uint8Array(1025).fill(7), bytesOf("x"))],
    ["lengths beyond the record", operation(PUT, 1, bytesOf("a"), bytesOf("x"), { value: 0xffff_fff0 })],
    ["a tree that does not exist", operation(PUT, 77, bytesOf("a"), bytesOf("x"))],
    ["a tree without a name", operation(CREATE, 2, NOTHING, NOTHING)],
    ["a tree created with an id that is not the next", operation(CREATE, 3, bytesOf("late"), NOTHING)],
    ["a tree created with an id that is taken", operation(CREATE, 1, bytesOf("twin"), NOTHING)],
    ["a tree created with the last id of all, behind which no slot could be read", operation(CREATE, 0xffff_fffe, bytesOf("last"), NOTHING)],
    ["an operation of no kind", operation(99, 1, bytesOf("a"), bytesOf("x"))],
  ])("%s: LOG_DAMAGED", (_name, bytes) => {
    const craft = new Craft();
    const create = operation(CREATE, 1, bytesOf("tree"), NOTHING);
    const plaintext = new Uint8Array(create.length + bytes.length);
    plaintext.set(create);
    plaintext.set(bytes, create.length);
    craft.slot({ generation: 1, commit: 0, catalogCount: 0, nextTreeId: 1 });
    craft.slot({ generation: 2, commit: 0, catalogCount: 0, nextTreeId: 1 });
    craft.record(1, 0, NO_TAG, plaintext);
    expect(use(craft.volume)).toBe("LOG_DAMAGED");
  });
});

describe("a file whose ids of trees are used up", () => {
  it("is read, refuses a new tree by TREES_EXHAUSTED, and opens again", () => {
    const craft = new Craft();
    craft.slot({ generation: 2, commit: 0, catalogCount: 0, nextTreeId: 0xffff_fffe });
    const volume = craft.finish({ commit: 0, catalogCount: 0, nextTreeId: 0xffff_fffe });
    const store = openStore(volume);
    const last = store.beginWrite();
    last.tree("last").put(bytesOf("a"), bytesOf("b"));
    last.commit();
    const transaction = store.beginWrite();
    expect(codeOf(() => transaction.tree("one more"))).toBe("TREES_EXHAUSTED");
    transaction.abort();
    store.close();
    const again = openStore(volume);
    expect([...readContent(again).keys()]).toEqual(["last"]);
    again.close();
  });
});
