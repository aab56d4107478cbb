/**
 * Commits once under each key, then changes the key.
 *
 * @module
 */
import { commitNext, SCHEMA, SHAPES } from "../content.ts";
import { configurationOf, keyAfter, type Actor } from "../job.ts";

/** Says "rekeyed" with the number of the new key after each change. */
export const rekeyer: Actor = async (context) => {
  const { job, Realm } = context;
  await context.start();
  for (let number = job.number; !context.isStopped; number += 1) {
    const configuration = configurationOf(job.path, keyAfter(number, job.isEncrypted), { schema: SCHEMA });
    const realm = new Realm(configuration);
    context.ack(`committed ${commitNext(realm, SHAPES[job.shape], job.lane)}`);
    realm.close();
    const next = keyAfter(number + 1, job.isEncrypted);
    Realm.rekey(configuration, next === undefined ? undefined : Uint8Array.from(next));
    context.ack(`rekeyed ${number + 1}`);
    await context.breathe();
  }
};
