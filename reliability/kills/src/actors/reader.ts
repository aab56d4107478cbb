/**
 * Reads while others write and die: each view must be whole, must not change, and must not be older than the one before.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { commitsOf, contentDifference, LANE_COUNT, SHAPES, slotDifference, type Shape } from "../content.ts";
import type { Actor } from "../job.ts";

const SAMPLE = 200;
/** Every so often all is read. */
const FULL_EVERY = 12;

/** Says "read" with the commits of each lane after each view that it has read. */
export const reader: Actor = async (context) => {
  const realm = await context.patiently(() => new context.Realm(context.configuration));
  const shape = SHAPES[context.job.shape];
  const random = new SeededRandom(context.job.seed);
  let before = lanesOf(realm);
  await context.start();
  for (let round = 1; !context.isStopped; round += 1) {
    realm.refresh();
    const lanes = lanesOf(realm);
    for (const [lane, commits] of lanes.entries()) if (commits < (before[lane] ?? 0)) throw new Error(`lane ${lane} went back from ${before[lane]} to ${commits}`);
    before = lanes;
    const difference = round % FULL_EVERY === 0 ? contentDifference(realm, shape, lanes) : sampleDifference(realm, shape, { lanes, random });
    if (difference !== undefined) throw new Error(`a view is not whole: ${difference}`);
    if (lanesOf(realm).join() !== lanes.join()) throw new Error("a view changed while it was read");
    context.ack(`read ${lanes.join(" ")}`);
    // Keeps its view for a while: others must not use the pages of it.
    await context.breathe(random.below(20));
  }
  realm.close();
};

function lanesOf(realm: Realm): number[] {
  return Array.from({ length: LANE_COUNT }, (_, lane) => commitsOf(realm, lane));
}

function sampleDifference(realm: Realm, shape: Shape, { lanes, random }: { lanes: readonly number[]; random: SeededRandom }): string | undefined {
  const slotCount = shape.slotsPerCommit * shape.stride;
  for (let count = 0; count < SAMPLE; count += 1) {
    const lane = random.below(lanes.length);
    const difference = slotDifference(realm, shape, { lane, slot: random.below(slotCount), commits: lanes[lane] ?? 0 });
    if (difference !== undefined) return difference;
  }
  return undefined;
}
