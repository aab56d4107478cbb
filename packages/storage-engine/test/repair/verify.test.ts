/**
 * Verify says exactly what is damaged, of files that open and of files that do not, and changes nothing.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { LOG_OFFSET, PAGE_BYTES, SLOT_OFFSETS } from "../../src/layout.ts";
import { Store } from "../../src/store.ts";
import { commitChanges, KINDS, openStore, PATH, SMALL_LOG_BYTES, TEST_KEY } from "../simulation/support.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { damage, damagePage, fillFile, flip, hasty, keyOf, newVolume, pagePlaces, slotOf } from "./support.ts";
import type { FileVerifyReport } from "../../src/store-verify.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const text = new TextDecoder();

describe.each(KINDS)("verify, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  const base = newVolume();
  const { content } = fillFile(base, { seed: 5, key });

  /** Verifies without opening, and fails if that changed a file. */
  async function verify(volume: MemoryVolume): Promise<FileVerifyReport> {
    const before = volume.fork();
    const report = await Store.verify({ path: PATH, volume, ...key });
    expect(Buffer.compare(volume.readFile(PATH), before.readFile(PATH))).toBe(0);
    return report;
  }

  it("finds nothing in a whole file and counts what is there", async () => {
    const report = await verify(base.fork());
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ isClean: true, opens: true, trees: 3, lostTrees: 0, damagedTrees: [] });
    expect(report.entries).toBe([...content.values()].reduce((sum, entries) => sum + entries.size, 0));
  });

  it("names tree, place, range and loss for each damaged page, and everything else is reachable", async () => {
    const pristine = await verify(base.fork());
    let lost = 0;
    let whole = 0;
    for (const place of pagePlaces(base, SMALL_LOG_BYTES).filter((_, index) => index % 4 === 0)) {
      const volume = base.fork();
      damagePage(volume, place);
      const report = await verify(volume);
      if (report.isClean) {
        whole += 1;
        continue;
      }
      lost += 1;
      for (const problem of report.problems) {
        expect(["page", "extent", "catalog", "space map"]).toContain(problem.unit);
        expect(problem.fileOffset).toBe((problem.place ?? 0) * PAGE_BYTES);
        expect(problem.message).not.toContain("k000");
      }
      for (const tree of report.damagedTrees) {
        const keys = [...(content.get(tree.tree)?.keys() ?? [])];
        const missing = keys.filter((name) => tree.ranges.some(({ from, to }) => (from === undefined || name >= text.decode(from)) && (to === undefined || name < text.decode(to))));
        expect(tree.entries).toBe(keys.length);
        expect(tree.reachable).toBe(keys.length - missing.length);
      }
      const missing = report.damagedTrees.reduce((sum, tree) => sum + tree.entries - tree.reachable, 0);
      if (report.lostTrees === 0) expect(report.entries).toBe(pristine.entries - missing);
      else expect(report.lostTrees).toBe(3);
    }
    expect(lost).toBeGreaterThan(10);
    expect(whole).toBeGreaterThan(0);
  });

  it("reports a damaged slot and goes on with the other one", async () => {
    const volume = base.fork();
    flip(volume, SLOT_OFFSETS[slotOf(base, key).generation % 2 === 0 ? 0 : 1] + 400);
    const report = await verify(volume);
    expect(report.problems.map(({ unit }) => unit)).toEqual(["slot"]);
    expect(report.trees).toBe(3);
  });

  it("reports both slots, and that the file does not open", async () => {
    const volume = base.fork();
    for (const offset of SLOT_OFFSETS) flip(volume, offset + 400);
    const report = await verify(volume);
    expect(report).toMatchObject({ opens: false, openErrorCode: "SLOT_DAMAGED", isClean: false });
    expect(report.problems.map(({ unit }) => unit)).toEqual(["slot", "slot"]);
  });

  it("reads on with a copy of a damaged header, and says that the header is damaged", async () => {
    const volume = base.fork();
    damage(volume, 0, new Uint8Array(256));
    const report = await verify(volume);
    expect(report).toMatchObject({ opens: false, openErrorCode: "HEADER_DAMAGED", trees: 3 });
    expect(report.problems.map(({ unit }) => unit)).toEqual(["header"]);
  });

  it("finds the header inside a slot's sealed unit when all clear copies are damaged", async () => {
    const volume = base.fork();
    flip(volume, 60);
    for (const offset of SLOT_OFFSETS) flip(volume, offset + 16 + 60);
    const report = await verify(volume);
    expect(report.opens).toBe(false);
    expect(report.trees).toBe(3);
    expect(report.problems.map(({ unit }) => unit)).toEqual(["header", "slot", "slot"]);
  });

  it("reports a record that is damaged while whole ones follow", async () => {
    const volume = newVolume();
    const { store } = fillFile(volume, { seed: 9, key, isClosed: false });
    for (let index = 0; index < 4; index += 1) commitChanges(store, [{ kind: "put", tree: "one", key: keyOf(index), value: Uint8Array.of(index) }]);
    const dead = volume.fork();
    store.close();
    const { logPosition } = slotOf(dead, key);
    flip(dead, LOG_OFFSET + ((logPosition + 60) % SMALL_LOG_BYTES));
    const report = await verify(dead);
    expect(report.opens).toBe(false);
    expect(report.problems.map(({ unit }) => unit)).toEqual(["record"]);
    expect(report.problems[0]?.code).toBe("LOG_DAMAGED");
  });

  it("checks an open file while writers go on, without their lock", async () => {
    const volume = hasty(base);
    const writer = openStore(volume, { ...key, lockTimeoutMs: 0 });
    let commits = 0;
    const report = await Store.verify({
      path: PATH,
      volume,
      ...key,
      onProgress: () => {
        commits += 1;
        for (let index = 0; index < 20; index += 1) commitChanges(writer, [{ kind: "put", tree: "one", key: keyOf(commits * 20 + index), value: new Uint8Array(900).fill(commits) }]);
      },
    });
    expect(report.problems).toEqual([]);
    expect(commits).toBeGreaterThan(0);
    writer.close();
  });

  it("ends when it is told to, and says how far it came", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const run = Store.verify({ path: PATH, volume: base.fork(), ...key, signal: controller.signal, onProgress: ({ done }) => seen.push(done) });
    controller.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    await Store.verify({ path: PATH, volume: hasty(base), ...key, onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
  });
});

it("a wrong key is told from damage, also with all copies of the header damaged", async () => {
  const volume = newVolume();
  fillFile(volume, { seed: 5, key: { encryptionKey: TEST_KEY } });
  const wrong = TEST_KEY.slice().fill(7, 0, 32);
  await expect(Store.verify({ path: PATH, volume, encryptionKey: wrong })).rejects.toMatchObject({ code: "KEY_WRONG" });
  await expect(Store.verify({ path: PATH, volume })).rejects.toMatchObject({ code: "KEY_MISSING" });
  flip(volume, 60);
  await expect(Store.verify({ path: PATH, volume, encryptionKey: wrong })).rejects.toMatchObject({ code: "KEY_WRONG" });
});
