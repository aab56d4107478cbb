/**
 * Salvage: whatever is damaged, what is whole comes out with its right value, and nothing comes out that was never there.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { SeededRandom } from "../../src/simulation.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import type { SalvageReport } from "../../src/salvage.ts";
import type { FileVerifyReport } from "../../src/store-verify.ts";
import { Store } from "../../src/store.ts";
import { StoreError } from "../../src/errors.ts";
import type { KeyRange } from "../../src/verify.ts";
import { applyToModel, commitChanges, describeDifference, expectVerified, KINDS, openStore, PATH, randomChanges, readContent, SMALL_LOG_BYTES, TEST_KEY } from "../simulation/support.ts";
import type { Change, Content } from "../simulation/support.ts";
import { damage, damagePage, fillFile, flip, hasty, keyOf, newVolume, pagePlaces, slotOf } from "./support.ts";
import type { Key } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

/** `HOLDFAST_LONG=1`: many more. Each seed gives 16 damaged files. */
const SEEDS = Array.from({ length: process.env["HOLDFAST_LONG"] === undefined ? 4 : 100 }, (_, index) => 101 + index);
const TARGET = "/db/salvaged";
const text = new TextDecoder();

/** A file, what it holds, and every value that every key ever had. */
interface Sample {
  readonly volume: MemoryVolume;
  readonly content: Content;
  readonly past: ReadonlyMap<string, ReadonlySet<string>>;
}

function note(past: Map<string, Set<string>>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind !== "put") continue;
    const name = `${change.tree}\n${change.key}`;
    const values = past.get(name) ?? new Set();
    past.set(name, values.add(Buffer.from(change.value).toString("base64")));
  }
}

/** A random history; the file is closed, or left as a process that died leaves it. */
function randomSample(seed: number, key: Key, isClosed: boolean): Sample {
  const random = new SeededRandom(seed);
  const volume = newVolume();
  const past = new Map<string, Set<string>>();
  let content: Content = new Map();
  let store = openStore(volume, { ...key, dirtyBytes: 256 * 1024 });
  const commit = (changes: Change[]): void => {
    note(past, changes);
    content = applyToModel(content, changes);
    commitChanges(store, changes);
  };
  commit(Array.from({ length: 400 }, (_, index) => ({ kind: "put", tree: "one", key: `key-${String(index).padStart(6, "0")}`, value: random.bytes(200) })));
  for (let round = 0; round < 25; round += 1) {
    commit(randomChanges(random, { maxChanges: random.pick([3, 30, 150]), keys: 500 }));
    if (random.chance(0.08)) {
      store.close();
      store = openStore(volume, { ...key, dirtyBytes: 256 * 1024 });
    }
  }
  if (isClosed) store.close();
  const kept = volume.fork();
  if (!isClosed) store.close();
  for (const path of kept.paths()) if (path !== PATH) kept.remove(path);
  return { volume: kept, content, past };
}

async function salvage(volume: MemoryVolume, key: Key): Promise<{ report: SalvageReport; content: Content }> {
  const before = volume.readFile(PATH);
  const report = await Store.salvage({ from: PATH, path: TARGET, volume, ...key });
  expect(Buffer.compare(volume.readFile(PATH), before)).toBe(0);
  expect(volume.paths()).toEqual(report.state === "nothing" ? [PATH] : [TARGET, PATH].toSorted());
  if (report.state === "nothing") return { report, content: new Map() };
  const store = Store.open({ path: TARGET, volume, ...key });
  try {
    expectVerified(store);
    return { report, content: readContent(store) };
  } finally {
    store.close();
    volume.remove(TARGET);
  }
}

function isIn(range: KeyRange, name: string): boolean {
  return (range.from === undefined || Buffer.compare(Buffer.from(name), Buffer.from(range.from)) >= 0) && (range.to === undefined || Buffer.compare(Buffer.from(name), Buffer.from(range.to)) < 0);
}

/** Checks what came out against what was there, and what verify says is damaged. @returns How many entries were wrong to lose. */
function judge(sample: Sample, damaged: FileVerifyReport | undefined, found: { report: SalvageReport; content: Content }): void {
  const { report, content } = found;
  if (report.state === "complete") expect(describeDifference(content, sample.content)).toBeUndefined();
  const hasAllCommits = report.missingCommits === undefined && report.root !== "pages" && report.root !== "nowhere" && report.root !== "older slot";
  for (const tree of report.trees) {
    expect(tree.entries).toBe(content.get(tree.tree)?.size);
    if (!tree.isNamed) continue;
    const current = sample.content.get(tree.tree);
    for (const [name, value] of content.get(tree.tree) ?? []) {
      const bytes = Buffer.from(value).toString("base64");
      if (sample.past.get(`${tree.tree}\n${name}`)?.has(bytes) !== true) throw new Error(`${tree.tree}: a value came out that never was there`);
      if (!hasAllCommits || tree.olderRanges.some((range) => isIn(range, name))) continue;
      const expected = current?.get(name);
      if (expected === undefined || Buffer.compare(expected, value) !== 0) throw new Error(`${tree.tree}: ${name} is not the newest value, and not reported as older`);
    }
  }
  if (damaged === undefined || !hasAllCommits || damaged.lostTrees > 0) return;
  for (const [tree, entries] of sample.content) {
    const ranges = damaged.damagedTrees.find((each) => each.tree === tree)?.ranges ?? [];
    const values = new Set(damaged.problems.filter(({ unit, tree: of }) => unit === "extent" && of === tree).map(({ range }) => text.decode(range?.from)));
    for (const [name, value] of entries) {
      if (values.has(name) || ranges.some((range) => isIn(range, name))) continue;
      const out = content.get(tree)?.get(name);
      if (out === undefined || Buffer.compare(out, value) !== 0) throw new Error(`${tree}: ${name} has a whole path and did not come out right`);
    }
  }
}

describe.each(KINDS)("salvage, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it.each([true, false])("brings everything out of a whole file (closed: %s)", async (isClosed) => {
    const sample = randomSample(1, key, isClosed);
    const { report, content } = await salvage(sample.volume, key);
    expect(report).toMatchObject({ state: "complete", root: "newest slot", isHeaderWhole: true });
    expect(describeDifference(content, sample.content)).toBeUndefined();
    expect(report.trees.map(({ intact }) => intact)).toEqual(report.trees.map(({ entries }) => entries));
  });

  it.each(SEEDS)("of a file with random damage, everything whole comes out and nothing that never was, seed %i", async (seed) => {
    const random = new SeededRandom(seed);
    const states = new Map<string, number>();
    for (const isClosed of [true, false]) {
      const sample = randomSample(seed, key, isClosed);
      const places = pagePlaces(sample.volume, SMALL_LOG_BYTES);
      for (let round = 0; round < 8; round += 1) {
        const volume = sample.volume.fork();
        for (let count = random.pick([1, 2, 6, 20]); count > 0; count -= 1) {
          const place = random.pick(places);
          if (random.chance(0.5)) damagePage(volume, place);
          else damage(volume, place * PAGE_BYTES, random.bytes(PAGE_BYTES));
        }
        if (random.chance(0.25)) flip(volume, random.pick([...SLOT_OFFSETS]) + 300);
        if (random.chance(0.15)) damage(volume, random.below(200), random.bytes(50));
        if (random.chance(0.15)) damage(volume, LOG_OFFSET + random.below(SMALL_LOG_BYTES), random.bytes(64));
        let damaged: FileVerifyReport | undefined;
        let found: { report: SalvageReport; content: Content };
        try {
          damaged = await Store.verify({ path: PATH, volume, ...key });
          for (const path of volume.paths()) if (path !== PATH) volume.remove(path);
          found = await salvage(volume, key);
        } catch (error) {
          throw new Error(`seed ${seed}, round ${round}, closed ${isClosed}`, { cause: error });
        }
        states.set(found.report.state, (states.get(found.report.state) ?? 0) + 1);
        try {
          judge(sample, damaged, found);
        } catch (error) {
          throw new Error(`seed ${seed}, round ${round}, closed ${isClosed}: ${(error as Error).message}`, { cause: error });
        }
      }
    }
    console.log(`salvage, seed ${seed}: ${[...states].map(([state, count]) => `${count} ${state}`).join(", ")}`);
  });

  it("a damaged branch loses nothing: the pages below it name their tree", async () => {
    const volume = newVolume();
    const { content } = fillFile(volume, { seed: 12, key, rounds: 2 });
    const report = await Store.verify({ path: PATH, volume, ...key });
    expect(report.isClean).toBe(true);
    const branches = pagePlaces(volume, SMALL_LOG_BYTES).filter((place) => {
      const probe = volume.fork();
      damagePage(probe, place);
      return probe !== volume;
    });
    let scanned = 0;
    for (const place of branches) {
      const damaged = volume.fork();
      damagePage(damaged, place);
      const verdict = await Store.verify({ path: PATH, volume: damaged, ...key });
      const [tree] = verdict.damagedTrees;
      // Only branches: more than a leaf's worth of entries cannot be reached.
      if (tree === undefined || tree.entries - tree.reachable < 100) continue;
      for (const path of damaged.paths()) if (path !== PATH) damaged.remove(path);
      const found = await salvage(damaged, key);
      expect(found.report.state).toBe("complete");
      expect(describeDifference(found.content, content)).toBeUndefined();
      scanned += found.report.trees.reduce((sum, each) => sum + each.scanned, 0);
    }
    expect(scanned).toBeGreaterThan(100);
  });

  it("a page that only the newest slot has is made good by the older slot and the log", async () => {
    const volume = newVolume();
    const store = openStore(volume, key);
    const put = (index: number, fill: number, length: number): Change => ({ kind: "put", tree: "one", key: keyOf(index), value: new Uint8Array(length).fill(fill) });
    commitChanges(store, Array.from({ length: 600 }, (_, index) => put(index, 1, 300)));
    for (let round = 0; round < 60; round += 1) commitChanges(store, [put((round * 37) % 600, 2 + round, 900), { kind: "delete", tree: "one", key: keyOf(round * 7) }]);
    const dead = volume.fork();
    const content = readContent(store);
    store.close();
    for (const path of dead.paths()) if (path !== PATH) dead.remove(path);
    const { generation } = slotOf(dead, key);
    let mended = 0;
    for (const place of pagePlaces(dead, SMALL_LOG_BYTES)) {
      const birth = new DataView(dead.readFile(PATH).buffer, place * PAGE_BYTES).getUint32(0, true);
      if (birth !== generation) continue;
      const damaged = dead.fork();
      damagePage(damaged, place);
      if ((await Store.verify({ path: PATH, volume: damaged.fork(), ...key })).damagedTrees.length === 0) continue;
      const found = await salvage(damaged, key);
      expect(found.report.state).toBe("complete");
      expect(describeDifference(found.content, content)).toBeUndefined();
      mended += 1;
    }
    expect(mended).toBeGreaterThan(3);
  });

  it("both slots gone: the newest root is found among the pages, and the log behind it is replayed", async () => {
    const sample = randomSample(7, key, false);
    for (const offset of SLOT_OFFSETS) damage(sample.volume, offset, new Uint8Array(1000));
    const { report, content } = await salvage(sample.volume, key);
    expect(report).toMatchObject({ state: "partial", root: "pages" });
    expect(describeDifference(content, sample.content)).toBeUndefined();
  });

  it("header and slots gone: with the file id everything comes out, without it nothing", async () => {
    const sample = randomSample(7, key, true);
    const fileId = sample.volume.readFile(PATH).slice(40, 56);
    damage(sample.volume, 0, new Uint8Array(LOG_OFFSET));
    await expect(Store.salvage({ from: PATH, path: TARGET, volume: sample.volume, ...key })).rejects.toMatchObject({ code: "NOT_A_STORE" });
    // The log's length is told by the header too; here it is not the usual one, so only pages count.
    const report = await Store.salvage({ from: PATH, path: TARGET, volume: sample.volume, fileId, ...key });
    expect(report.root).toBe("pages");
    const store = Store.open({ path: TARGET, volume: sample.volume, ...key });
    expect(describeDifference(readContent(store), sample.content)).toBeUndefined();
    store.close();
  });

  it("a damaged newest slot loses nothing", async () => {
    const sample = randomSample(9, key, false);
    const { generation } = slotOf(sample.volume, key);
    flip(sample.volume, SLOT_OFFSETS[(generation % 2) as 0 | 1] + 500);
    const { report, content } = await salvage(sample.volume, key);
    expect(report.root).toBe("older slot");
    expect(describeDifference(content, sample.content)).toBeUndefined();
  });

  it("refuses a wrong key, an existing target, and can be given up: nothing is left", async () => {
    const { volume } = randomSample(3, key, true);
    const other = TEST_KEY.map((byte) => byte ^ 1);
    const code = encryptionKey === undefined ? "KEY_SUPERFLUOUS" : "KEY_WRONG";
    await expect(Store.salvage({ from: PATH, path: TARGET, volume, encryptionKey: other })).rejects.toMatchObject({ code });
    if (encryptionKey !== undefined) await expect(Store.salvage({ from: PATH, path: TARGET, volume })).rejects.toMatchObject({ code: "KEY_MISSING" });
    volume.writeFile(TARGET, Uint8Array.of(1));
    await expect(Store.salvage({ from: PATH, path: TARGET, volume, ...key })).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    volume.remove(TARGET);
    const fast = hasty(volume);
    const controller = new AbortController();
    const run = Store.salvage({ from: PATH, path: TARGET, volume: fast, ...key, signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) });
    await expect(run).rejects.toThrow("enough");
    expect(fast.paths()).toEqual([PATH]);
    // eslint-disable-next-line require-yield
    const repair = function* (): Generator<never, void> {
      throw new StoreError("IO_FAILED", "repair failed");
    };
    await expect(Store.salvage({ from: PATH, path: TARGET, volume: fast, ...key, repair })).rejects.toThrow("repair failed");
    expect(fast.paths()).toEqual([PATH]);
  });

  it("refuses a file that is written meanwhile", async () => {
    const { volume } = randomSample(3, key, true);
    const fast = hasty(volume);
    const store = openStore(fast, key);
    let round = 0;
    const run = Store.salvage({
      from: PATH,
      path: TARGET,
      volume: fast,
      ...key,
      onProgress: () => {
        round += 1;
        for (let index = 0; index < 30; index += 1) commitChanges(store, [{ kind: "put", tree: "one", key: keyOf(index), value: new Uint8Array(1500).fill(round) }]);
      },
    });
    await expect(run).rejects.toMatchObject({ code: "STORE_IN_USE" });
    store.close();
    expect(fast.paths()).toEqual([PATH]);
  });
});
