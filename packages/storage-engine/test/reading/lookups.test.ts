/**
 * Look-ups of a snapshot start where the last one ended: whatever the order of the keys, they find what a Map has.
 *
 * @module
 */
import { expect, it } from "vitest";
import { MemoryVolume, Store } from "../../src/index.ts";
import type { ReadTree } from "../../src/index.ts";
import { SeededRandom } from "../../src/volume/seeded-random.ts";

const SEED = 20261121;
const KEY_COUNT = 4000;

/** Keys of one to four bytes of few values: many share their beginnings, and many are not there. */
function randomKey(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(4) }, () => random.below(12) * 20);
}

function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function fill(random: SeededRandom): { store: Store; entries: Map<string, Uint8Array> } {
  const store = Store.open({ path: "/lookups", volume: new MemoryVolume() });
  const entries = new Map<string, Uint8Array>();
  const write = store.beginWrite();
  for (let each = 0; each < KEY_COUNT; each++) {
    const key = randomKey(random);
    const value = Uint8Array.from({ length: each % 500 === 0 ? 9000 : random.below(40) }, () => each);
    write.tree("t").put(key, value);
    entries.set(textOf(key), value);
  }
  write.commit();
  return { store, entries };
}

/** The order of the keys' bytes is that of their texts. */
const ORDERS: Readonly<Record<string, (texts: string[], random: SeededRandom) => string[]>> = {
  "in order": (texts) => texts,
  backwards: (texts) => texts.toReversed(),
  "every third": (texts) => texts.filter((_, index) => index % 3 === 0),
  "each twice": (texts) => texts.flatMap((text) => [text, text]),
  "at random": (texts, random) => texts.map(() => texts[random.below(texts.length)] as string),
  "near each other, with leaps": (texts, random) => {
    let at = 0;
    return texts.map(() => {
      at = random.below(9) === 0 ? random.below(texts.length) : Math.min(texts.length - 1, Math.max(0, at + random.below(7) - 3));
      return texts[at] as string;
    });
  },
};

function expectAll(tree: ReadTree, wanted: readonly string[], entries: ReadonlyMap<string, Uint8Array>): void {
  const place = { valueBytes: new Uint8Array(0), valueStart: 0, valueEnd: 0 };
  for (const text of wanted) {
    const key = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const value = entries.get(text);
    const isThere = tree.locate(key, place);
    const found = isThere ? place.valueBytes.subarray(place.valueStart, place.valueEnd) : undefined;
    if (found?.toString() !== value?.toString()) throw new Error(`seed ${SEED}, key ${[...key].join(" ")}: ${found?.length} bytes instead of ${value?.length}`);
    if (tree.get(key)?.toString() !== value?.toString()) throw new Error(`seed ${SEED}, get of key ${[...key].join(" ")}`);
  }
}

for (const [order, arrange] of Object.entries(ORDERS)) {
  it(`finds what is there and nothing else: keys ${order}`, () => {
    const random = new SeededRandom(SEED);
    const { store, entries } = fill(random);
    const absent = Array.from({ length: 2000 }, () => textOf(randomKey(random)));
    const texts = [...new Set([...entries.keys(), ...absent, "\u00ff\u00ff"])].sort((left, right) => (left < right ? -1 : 1));
    const snapshot = store.snapshot();
    const tree = snapshot.tree("t") as ReadTree;
    expectAll(tree, arrange(texts, random), entries);
    const write = store.beginWrite();
    expectAll(write.tree("t"), arrange(texts, random), entries);
    write.tree("t").clear();
    expectAll(tree, arrange(texts, random), entries);
    write.abort();
    snapshot.close();
    expect(() => tree.locate(Uint8Array.of(1), { valueBytes: new Uint8Array(0), valueStart: 0, valueEnd: 0 })).toThrow(expect.objectContaining({ code: "SNAPSHOT_CLOSED" }));
    store.close();
  });
}

it.each([false, true])("a cursor that looks for entries passes over the same as one that goes by each (reverse: %s)", (reverse) => {
  const { store } = fill(new SeededRandom(SEED));
  const tree = store.snapshot().tree("t") as ReadTree;
  for (const divisor of [1, 2, 7, 5000]) {
    for (const range of [{}, { from: Uint8Array.of(40, 3) }, { from: Uint8Array.of(20), to: Uint8Array.of(200, 1) }]) {
      const wanted: string[] = [];
      const each = tree.cursor({ ...range, reverse });
      while (each.next()) if (each.keyStart % divisor === 0) wanted.push(textOf(each.key()));
      const found: string[] = [];
      const where = tree.cursor({ ...range, reverse });
      while (where.nextWhere((cursor) => cursor.keyStart % divisor === 0)) found.push(textOf(where.key()));
      expect(found).toEqual(wanted);
      expect(where.next()).toBe(false);
    }
  }
  store.close();
});
