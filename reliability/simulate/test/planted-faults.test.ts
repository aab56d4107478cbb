/**
 * The simulation notices what it is there for: faults planted in the disk or in the engine make some seed fail, soon.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import type { CrashVolume } from "@holdfast/storage-engine/simulation";
import type { Store } from "../engine.ts";
import { runHistory } from "../history.ts";
import type { HistoryResult } from "../history.ts";
import type { PlantedFault } from "../world.ts";

const MOST_SEEDS = 12;

/** The first failure that the planted fault leads to. */
async function firstFailure(planted: PlantedFault): Promise<HistoryResult["failure"]> {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const { failure } = await runHistory({ seed, form: "plain", points: 40, planted });
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function onOpen(volume: CrashVolume, change: (file: ReturnType<CrashVolume["open"]>, path: string) => void): void {
  const open = volume.open.bind(volume);
  volume.open = (path, mode) => {
    const file = open(path, mode);
    change(file, path);
    return file;
  };
}

const FAULTS: readonly { readonly name: string; readonly planted: PlantedFault; readonly noticed: RegExp }[] = [
  {
    name: "a disk that reports every sync as done and does none",
    planted: { volume: (volume) => onOpen(volume, (file) => (file.sync = () => undefined)) },
    noticed: /is the newest, where|the database is gone|commit \d+: |DAMAGED|opening/u,
  },
  {
    name: "a folder whose sync does nothing",
    planted: { volume: (volume) => (volume.syncDirectory = () => undefined) },
    noticed: /the database is gone|should not be there|should be|copy .* is gone/u,
  },
  {
    name: "a commit that is acknowledged and never made",
    planted: {
      store: (store) =>
        change(store, "beginWrite", (begin) => {
          const transaction = begin();
          let calls = 0;
          transaction.commit = () => {
            calls += 1;
            transaction.abort();
            return transaction.commitBefore + calls;
          };
          return transaction;
        }),
    },
    noticed: /acknowledged|where|should be|nobody made it|was not told/u,
  },
  {
    name: "a snapshot that moves on",
    planted: {
      store: (store) =>
        change(store, "snapshot", (take) => {
          const snapshot = take();
          const fixed = snapshot.commit;
          const later = (): ReturnType<Store["snapshot"]> => (store.isClosed ? snapshot : take());
          Object.defineProperty(snapshot, "commit", { value: fixed });
          const tree = snapshot.tree.bind(snapshot);
          snapshot.tree = (name) => (snapshot.isClosed ? tree(name) : later().tree(name));
          snapshot.treeNames = () => later().treeNames();
          return snapshot;
        }),
    },
    noticed: /its snapshot of commit|has another value|keys of|instead of/u,
  },
  { name: "a listener that is never called", planted: { store: (store) => (store.onForeignCommit = () => () => undefined) }, noticed: /was not told of commit/u },
  { name: "a refresh that sees nothing", planted: { store: (store) => (store.refresh = () => false) }, noticed: /after a refresh commit/u },
  {
    name: "a change list that misses an entry",
    planted: { store: (store) => change(store, "changes", (list) => list().map(({ tree, entries }) => ({ tree, entries: entries.slice(1) }))) },
    noticed: /the change list from commit/u,
  },
  {
    name: "a temporary file that nobody takes away",
    planted: {
      volume: (volume) => {
        const remove = volume.remove.bind(volume);
        volume.remove = (path) => (path.includes(".new-") || path.includes("reader-") ? undefined : remove(path));
      },
    },
    noticed: /there are still|FILE_LINKED/u,
  },
];

/** Puts a wrapper around a method of one store. */
function change<Name extends "beginWrite" | "snapshot" | "changes">(store: Store, name: Name, wrap: (original: () => ReturnType<Store[Name]>) => ReturnType<Store[Name]>): void {
  const original = store[name].bind(store) as (...args: unknown[]) => ReturnType<Store[Name]>;
  Object.assign(store, { [name]: (...args: unknown[]) => wrap(() => original(...args)) });
}

describe("the simulation notices", () => {
  it.each(FAULTS)("$name", async ({ planted, noticed }) => {
    const failure = await firstFailure(planted);
    expect(failure?.message).toMatch(noticed);
  });

  it("nothing where nothing is wrong, and says the same each time", async () => {
    const once = await runHistory({ seed: 5, form: "encrypted", points: 30 });
    const again = await runHistory({ seed: 5, form: "encrypted", points: 30 });
    expect(once.failure).toBeUndefined();
    expect(again).toEqual(once);
  });
});
