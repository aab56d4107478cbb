/**
 * IVs: no two units are ever sealed under the same one.
 *
 * @module
 */
import { expect, it, vi } from "vitest";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { commitChanges, openStore, PATH, randomChanges, TEST_KEY } from "../simulation/support.ts";

const sealed = vi.hoisted((): { kind: number; iv: string }[] => []);

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));
vi.mock("../../src/node-platform.ts", async (importOriginal) => {
  const { nodePlatform } = await importOriginal<typeof import("../../src/node-platform.ts")>();
  const createSeal: typeof nodePlatform.createSeal = (key) => {
    const seal = nodePlatform.createSeal(key);
    return {
      ...seal,
      seal(identity, plaintext, iv, target, targetOffset) {
        sealed.push({ kind: identity.kind, iv: iv.join() });
        seal.seal(identity, plaintext, iv, target, targetOffset);
      },
    };
  };
  const platform = { ...nodePlatform, createSeal };
  return { nodePlatform: platform, defaultPlatform: platform };
});

it("no two units of a file, its copies and its successors are sealed under one IV", () => {
  const seed = 0x1551;
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  const random = new SeededRandom(seed);
  let store = openStore(volume, { encryptionKey: TEST_KEY });
  for (let round = 0; round < 40; round += 1) {
    commitChanges(store, randomChanges(random, { maxChanges: random.pick([3, 40, 120]), keys: 150 }));
    if (round === 20) {
      store.close();
      store = openStore(volume, { encryptionKey: TEST_KEY });
    }
  }
  store.writeCopyTo({ path: `${PATH}-copy`, encryptionKey: TEST_KEY });
  store.compact();
  store.rekey(new Uint8Array(64).fill(9));
  store.close();
  const kinds = new Set(sealed.map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual([1, 2, 3, 4, 5]);
  const seen = new Map<string, number>();
  const again = sealed.filter(({ kind, iv }) => {
    const before = seen.get(iv);
    seen.set(iv, kind);
    return before !== undefined;
  });
  expect(again.map(({ kind }) => `a unit of kind ${kind}`)).toEqual([]);
  expect(sealed.length).toBeGreaterThan(200);
});
