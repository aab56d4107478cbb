/**
 * Opens, commits and closes again and again: most kills fall into the first or the last breath of an open file.
 *
 * @module
 */
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import { commitNext, SHAPES } from "../content.ts";
import type { Actor } from "../job.ts";

/** Says "closed" after each close. */
export const cycler: Actor = async (context) => {
  const { job } = context;
  const random = new SeededRandom(job.seed);
  await context.start();
  while (!context.isStopped) {
    const realm = await context.patiently(() => new context.Realm(context.configuration));
    for (let count = random.below(4); count > 0; count -= 1) context.ack(`committed ${await context.patiently(() => commitNext(realm, SHAPES[job.shape], job.lane))}`);
    realm.close();
    context.ack("closed");
    // The others must find it closed now and then.
    await context.breathe(random.below(4));
  }
};
