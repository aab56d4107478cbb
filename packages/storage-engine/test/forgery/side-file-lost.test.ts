/**
 * The side file taken away while handles have the database open: they must not give the same places to different pages.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { SeededRandom } from "../../src/simulation.ts";
import { applyToModel, commitChanges, describeDifference, openStore, PATH, randomChanges, readContent, TEST_KEY } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";
import { volumeWith } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

describe("a side file that is deleted again and again", () => {
  it.each([1, 2, 3])("loses nothing, whoever opens in between, seed %i", (seed) => {
    const random = new SeededRandom(seed);
    const volume = volumeWith(new Uint8Array());
    let content: Content = new Map();
    const stores = [openStore(volume, { encryptionKey: TEST_KEY }), openStore(volume, { encryptionKey: TEST_KEY })];
    for (let round = 0; round < 300; round += 1) {
      if (random.chance(0.04)) volume.remove(`${PATH}.lock`);
      if (random.chance(0.03) && stores.length < 5) stores.push(openStore(volume, { encryptionKey: TEST_KEY }));
      const store = random.pick(stores);
      const changes = randomChanges(random, { maxChanges: 12, keys: 200 });
      commitChanges(store, changes);
      content = applyToModel(content, changes);
    }
    for (const store of stores) store.close();
    const store = openStore(volume, { encryptionKey: TEST_KEY });
    expect(describeDifference(readContent(store), content)).toBe(undefined);
    expect(store.verify().problems).toEqual([]);
    store.close();
  });
});
