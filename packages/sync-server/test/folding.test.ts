/**
 * Folding: what is forgotten, when nobody can refer to it any more, changes nothing that anybody sees.
 *
 * @module
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { lastStampBefore, materialise, NEVER, operationsBetween, stampOf } from "@holdfast/sync-protocol";
import type { ObjectState } from "@holdfast/sync-protocol";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import type { MergedBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { commonBase, foldFloor } from "../src/store/fold-floor.ts";
import { objectName } from "../src/store/store.ts";
import type { Store, Upload } from "../src/store/store.ts";
import { FoldHistory, MARGIN_MS, PAGES, shownText } from "./support/fold-history.ts";
import { clientId, Pen, uploadOf } from "./support/operations.ts";
import { seededRandom } from "./support/random.ts";
import { STORE_KINDS } from "./support/stores.ts";

const layout = new SchemaLayout(PAGES);
const FIRST_SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const RUNS = Number(process.env["HOLDFAST_RUNS"] ?? 8);
const STEPS = 200;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`folding on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function fresh(): Promise<Store> {
      const place = await kind.makePlace();
      cleanups.push(() => place.remove());
      const store = await place.openStore();
      cleanups.push(() => store.close());
      await store.open();
      await store.applySchema(PAGES);
      return store;
    }

    const runs = kind.name === "sqlite" ? RUNS : Math.ceil(RUNS / 8);
    it(`at any time that is legal, devices and server end where they would have ended without it (seeds ${FIRST_SEED} to ${FIRST_SEED + runs - 1})`, async () => {
      let folds = 0;
      for (let seed = FIRST_SEED; seed < FIRST_SEED + runs; seed++) {
        const store = await fresh();
        const chance = seededRandom(seed);
        let timeMs = 1_700_000_000_000;
        // The embedded store takes the time from this process: there a seed repeats everything.
        if (kind.name === "sqlite") vi.spyOn(Date, "now").mockImplementation(() => timeMs);
        const history = new FoldHistory(store, chance, kind.name === "sqlite" ? () => timeMs : () => Date.now());
        for (let index = 0; index < 3; index++) await history.join();
        for (let step = 0; step < STEPS; step++) {
          timeMs += history.below(2 * MARGIN_MS);
          await history.step();
        }
        await history.quiesce();
        const expected = shownText(history.unfolded);
        expect(shownText((await history.server()).state), `seed ${seed}: the server`).toBe(expected);
        for (const device of history.devices) expect(shownText(device.state), `seed ${seed}: device ${device.client}`).toBe(expected);
        folds += history.folds;
        vi.restoreAllMocks();
      }
      expect(folds).toBeGreaterThan(0);
    });

    it("the state of an object that is changed for ever stays as small as what it shows", async () => {
      const store = await fresh();
      const pen = new Pen(clientId(1));
      const [ann, bob] = [clientId(1), clientId(2)];
      for (const client of [ann, bob]) await store.addClient(client, "ann");
      await flush(store, { ...uploadOf(ann, 1, pen.create("p", {}, "Page")), base: 0 });
      const sizes: number[] = [];
      let state: ObjectState | undefined;
      for (let round = 0; round < 30; round++) {
        for (let count = 0; count < 10; count++) {
          const tags = [...(materialise(state)?.["tags"] as readonly string[] | undefined ?? []), `t${String(round)}.${String(count)}`].slice(-5);
          const wanted = { hits: round * 10 + count + 1, tags, numbers: { $set: [count] }, notes: { $dict: { [`k${String(count)}`]: round } } };
          const ops = operationsBetween(state, wanted, { schema: PAGES, clock: pen.clock, type: "Page", pk: "p" });
          await flush(store, { ...uploadOf(ann, 2 + round * 10 + count, ops), base: (await store.position()).version });
          state = await stateOf(store);
        }
        const { version } = await store.position();
        await store.noteSeen(new Map([[ann, version], [bob, version]]));
        await store.compact(new Date(0), 0);
        sizes.push(JSON.stringify(state).length);
      }
      expect(materialise(state)).toMatchObject({ hits: 300, tags: ["t29.5", "t29.6", "t29.7", "t29.8", "t29.9"] });
      // Ten rounds and thirty leave the same behind: what is younger than the last floor.
      expect(Math.max(...sizes.slice(20))).toBeLessThan(1.2 * Math.max(...sizes.slice(0, 10)));
    });
  });
}

it("the floor stays behind the time at which all had seen a version, by as much as clocks may be wrong", () => {
  const question = { folded: NEVER, knownAbove: 0, seen: 5, seenAtMs: 100_000, leastBase: undefined, marginMs: 1000 };
  expect(foldFloor(question, undefined)).toBe(lastStampBefore(99_000));
  const oldest = stampOf({ ms: 50_000, counter: 3, replica: clientId(7) });
  expect(foldFloor(question, oldest)).toBe(lastStampBefore(50_000));
  expect(foldFloor({ ...question, folded: lastStampBefore(60_000) }, oldest)).toBe(lastStampBefore(60_000));
  expect([commonBase(question), commonBase({ ...question, leastBase: 3 }), commonBase({ ...question, leastBase: 3, knownAbove: 4 })]).toEqual([5, 3, undefined]);
  // Of versions that were written before there was such a column nothing is known.
  expect(foldFloor(question, NEVER)).toBe(NEVER);
});

async function flush(store: Store, upload: Upload): Promise<void> {
  let batch: MergedBatch | undefined;
  await store.flush({ uploads: [upload], foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => (batch = mergeBatch([upload], input, { layout, nowMs: Date.now(), authorize: () => undefined })) });
  expect(batch?.results).toMatchObject([{ kind: "done", answer: undefined }]);
}

async function stateOf(store: Store): Promise<ObjectState | undefined> {
  const snapshot = await store.snapshot();
  const states = await snapshot.states([{ type: "Page", pk: "p" }]);
  await snapshot.release();
  return states.get(objectName("Page", "p"));
}
