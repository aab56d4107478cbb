/**
 * Commits until it is told to stop.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { commitNext, SHAPES } from "../content.ts";
import type { Actor, ActorContext } from "../job.ts";

/** Opens a file that is there, then waits for the others, then commits. */
export const writer: Actor = async (context) => {
  const realm = await context.patiently(() => new context.Realm(context.configuration));
  await context.start();
  await commitUntilStopped(context, realm);
};

/** Opens a file that may not be there, at the same moment as the others do. */
export const creator: Actor = async (context) => {
  await context.start();
  const realm = await context.patiently(() => new context.Realm(context.configuration));
  context.ack("opened");
  await commitUntilStopped(context, realm);
};

async function commitUntilStopped(context: ActorContext, realm: Realm): Promise<void> {
  const { lane, shape } = context.job;
  const isLong = shape === "bulk" || shape === "spill";
  for (let count = 1; !context.isStopped; count += 1) {
    context.ack(`committed ${await context.patiently(() => commitNext(realm, SHAPES[shape], lane))}`);
    // Now and then longer than those who wait look away, since the lock has no queue: the others get their turn.
    await context.breathe(count % 4 === 0 || isLong ? 8 : undefined);
  }
  realm.close();
}
