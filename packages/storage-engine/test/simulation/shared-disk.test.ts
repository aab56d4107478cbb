/**
 * Several simulated processes on one disk: they write in turn, hold snapshots, die, and the power goes.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { Store } from "../../src/store.ts";
import { describeDifference, expectVerified, isSameContent, KINDS, ModelledHistory, openStore, randomChanges, readContent, readSnapshot } from "./support.ts";
import type { Content } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

interface Process {
  readonly volume: CrashVolume;
  readonly store: Store;
  readonly held: { readonly snapshot: ReturnType<Store["snapshot"]>; readonly content: Content }[];
}

describe.each(KINDS)("several processes on one disk, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it.each([101, 102, 103, 202])("see every commit once, keep their snapshots, and survive kills and power cuts, seed %i", (seed) => {
    const base = new MemoryVolume();
    base.makeDirectory("/db");
    const disk = new CrashDisk({ seed, from: base });
    const random = new SeededRandom(seed);
    const history = new ModelledHistory(disk);
    const start = (): Process => {
      const volume = new CrashVolume(disk);
      return { volume, store: openStore(volume, { ...key, cacheBytes: 200_000 }), held: [] };
    };
    const processes = [start(), start(), start()];
    for (let round = 0; round < 120; round += 1) {
      const index = random.below(processes.length);
      const { volume, store, held } = processes[index] as Process;
      const where = `seed ${seed}, round ${round}, process ${index}`;
      const draw = random.next();
      if (draw < 0.5) history.commit(store, randomChanges(random, { maxChanges: random.pick([1, 5, 40]), keys: 120 }));
      else if (draw < 0.7) {
        store.refresh();
        expect({ where, difference: describeDifference(readContent(store), history.content) }).toEqual({ where, difference: undefined });
        held.push({ snapshot: store.snapshot(), content: history.content });
      } else if (draw < 0.9) {
        for (const { snapshot, content } of held) expect({ where, difference: describeDifference(readSnapshot(snapshot), content) }).toEqual({ where, difference: undefined });
        for (const { snapshot } of held.splice(0, random.below(held.length + 1))) snapshot.close();
      } else if (draw < 0.95) {
        volume.kill();
        processes[index] = start();
      } else {
        for (const { snapshot } of held.splice(0)) snapshot.close();
        store.close();
        processes[index] = start();
      }
    }
    for (const image of disk.crashImages({ seed, step: 23, modes: ["synced", "all", "sectors512", "sectors4096"] })) {
      const where = `seed ${seed}, position ${image.position}, ${image.mode}`;
      const store = openStore(image.volume, key);
      const content = readContent(store);
      expect({ where, isAllowed: history.allowedAt(image.position).some((allowed) => isSameContent(content, allowed)) }).toEqual({ where, isAllowed: true });
      expectVerified(store);
      store.close();
    }
    for (const { store, held } of processes) {
      for (const { snapshot, content } of held) {
        expect(describeDifference(readSnapshot(snapshot), content)).toBeUndefined();
        snapshot.close();
      }
      expectVerified(store);
      store.close();
    }
    const last = openStore(new CrashVolume(disk), key);
    expect(describeDifference(readContent(last), history.content)).toBeUndefined();
    expectVerified(last);
    last.close();
  });
});
