/**
 * Size: many objects are imported, queried and updated, and opening takes as long for many as for a thousand.
 *
 * The opening rule: pairs of opens, alternated, each opens, reads one object and closes. The median of the paired
 * ratios "many / thousand" must stay within 3 in one of three measurements of 11 pairs; opening that reads
 * the objects would be off by the ratio of their numbers, 50 or 1000.
 *
 * @module
 */
import { claim, claimEqual } from "../claims.ts";
import { createItems, fingerprint, itemValues } from "../content.ts";
import { claimClean, configurationOf, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { percentile, spreadOf } from "../statistics.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

const OPEN_RATIO_LIMIT = 3;
const FEW = 1000;
const PAIR_COUNT = 11;
const UPDATE_COUNT = 10_000;

/** The suite. */
export const size: Suite = {
  name: "size",
  title: "Many objects (50,000; a million in the long form)",
  forms: ["plain", "encrypted"],
  needs: ["clocks", "verify"],
  async run(context) {
    const count = amountFor(context, { brief: 10_000, short: 50_000, long: 1_000_000 });
    await context.check(`${count} objects are imported, queried, updated and found again`, (path) => {
      importAll(context, path, count);
      const changed = updateSome(context, path, count);
      claimFound(context, path, count, changed);
      claimClean(context.platform, path, context.key);
    });
    await context.check(`opening ${count} objects takes at most ${OPEN_RATIO_LIMIT} times as long as opening ${FEW}`, (path) => {
      const few = `${path}.few`;
      makeRealm(context.platform, few, context.key, FEW);
      importAll(context, path, count);
      claimOpensAlike(context, few, path);
    });
  },
};

function importAll(context: SuiteContext, path: string, count: number): void {
  const step = 25_000;
  withRealm(context.platform, configurationOf(path, context.key), (realm) => {
    for (let from = 0; from < count; from += step) createItems(realm, from, Math.min(count, from + step));
  });
}

/** @returns The ids that were updated to generation 1. */
function updateSome(context: SuiteContext, path: string, count: number): Set<number> {
  const ids = new Set(Array.from({ length: UPDATE_COUNT }, () => context.random.below(count)));
  withRealm(context.platform, configurationOf(path, context.key), (realm) => {
    realm.write(() => {
      for (const id of ids) realm.create("Item", itemValues(id, 1), "all");
    });
  });
  return ids;
}

function claimFound(context: SuiteContext, path: string, count: number, changed: ReadonlySet<number>): void {
  const generationOf = (id: number): number => (changed.has(id) ? 1 : 0);
  let older = 0;
  for (let id = 0; id < count; id += 1) if (itemValues(id, generationOf(id)).age > 50) older += 1;
  withRealm(context.platform, configurationOf(path, context.key), (realm) => {
    claimEqual(realm.objects("Item").length, count, "items");
    claimEqual(realm.objects("Item").filtered("age > 50").length, older, "items with age > 50");
    for (let round = 0; round < 5000; round += 1) {
      const id = context.random.below(count);
      const item = realm.objectForPrimaryKey("Item", id);
      claim(item !== null, `item ${id} is missing`);
      claimEqual(fingerprint(item), fingerprint(itemValues(id, generationOf(id))), `item ${id}`);
    }
    claimEqual(realm.objectForPrimaryKey("Item", count), null, "an item that was never made");
  });
}

function claimOpensAlike(context: SuiteContext, few: string, many: string): void {
  let lowest = Number.POSITIVE_INFINITY;
  for (let measurement = 1; measurement <= 3; measurement += 1) {
    const [ratios, manyMs, fewMs]: number[][] = [[], [], []];
    for (let pair = 0; pair < PAIR_COUNT; pair += 1) {
      // Alternating the order takes a drift of the machine out of the ratio.
      const first = timeOpen(context, pair % 2 === 0 ? few : many);
      const second = timeOpen(context, pair % 2 === 0 ? many : few);
      const [small, large] = pair % 2 === 0 ? [first, second] : [second, first];
      fewMs?.push(small);
      manyMs?.push(large);
      ratios?.push(large / small);
    }
    const spread = spreadOf(ratios ?? []);
    lowest = Math.min(lowest, spread.median);
    context.figure(
      `open and read one, many / ${FEW} objects, measurement ${measurement}`,
      `${spread.median.toFixed(2)} [${spread.lowerQuartile.toFixed(2)} to ${spread.upperQuartile.toFixed(2)}], medians ${percentile(manyMs ?? [], 0.5).toFixed(2)} and ${percentile(fewMs ?? [], 0.5).toFixed(2)} ms`,
    );
    if (lowest <= OPEN_RATIO_LIMIT) return;
  }
  claim(false, `opening many objects takes ${lowest.toFixed(1)} times as long, allowed ${OPEN_RATIO_LIMIT}`);
}

function timeOpen(context: SuiteContext, path: string): number {
  const clocks = need(context.platform, "clocks");
  const before = clocks.wallMs();
  withRealm(context.platform, configurationOf(path, context.key), (realm) => {
    claim(realm.objectForPrimaryKey("Item", 7)?.["_id"] === 7, "item 7 is missing");
  });
  return clocks.wallMs() - before;
}
