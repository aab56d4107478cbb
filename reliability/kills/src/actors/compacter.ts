/**
 * Commits and compacts in turn; compaction is refused while another process has the file open, which is no failure.
 *
 * @module
 */
import { commitNext, SHAPES } from "../content.ts";
import type { Actor } from "../job.ts";

/** Says "compacted" after each compaction, and "refused" for one that others stood in the way of. */
export const compacter: Actor = async (context) => {
  const { job } = context;
  const realm = await context.patiently(() => new context.Realm(context.configuration));
  await context.start();
  while (!context.isStopped) {
    for (let count = 0; count < 2; count += 1) context.ack(`committed ${await context.patiently(() => commitNext(realm, SHAPES[job.shape], job.lane))}`);
    try {
      await context.patiently(() => realm.compact());
      context.ack("compacted");
    } catch (error) {
      if ((error as { code?: unknown }).code !== "STORE_IN_USE") throw error;
      context.say("refused");
    }
    await context.breathe(1);
  }
  realm.close();
};
