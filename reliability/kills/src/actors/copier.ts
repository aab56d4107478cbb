/**
 * Copies the file again and again while others write to it.
 *
 * @module
 */
import { commitsOf, LANE_COUNT } from "../content.ts";
import { configurationOf, keyOfCopy, pathOfCopy, type Actor } from "../job.ts";

/** Says "copying" with the number and the commits of each lane before each copy, and "copied" after it. */
export const copier: Actor = async (context) => {
  const { job } = context;
  const realm = await context.patiently(() => new context.Realm(context.configuration));
  await context.start();
  for (let copy = job.number; !context.isStopped; copy += 1) {
    realm.refresh();
    const lanes = Array.from({ length: LANE_COUNT }, (_, lane) => commitsOf(realm, lane));
    context.say(`copying ${copy} ${lanes.join(" ")}`);
    realm.writeCopyTo(configurationOf(pathOfCopy(job.path, copy), keyOfCopy(copy), {}));
    context.ack(`copied ${copy}`);
    await context.breathe(1);
  }
  realm.close();
};
