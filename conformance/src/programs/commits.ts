/**
 * Programs that commit until they are killed, and say each commit after it has returned.
 *
 * @module
 */
import { itemValues } from "../content.ts";
import { configurationFor, numberOf, type Program, type ProgramContext } from "./program.ts";

/** One item a commit. */
export const smallCommits: Program = (context) => commitForever(context, 1);

/** Many items a commit. */
export const bulkCommits: Program = (context) => commitForever(context, numberOf(context, "itemsPerCommit"));

/**
 * Each commit adds the next items and moves the "head" counter: a half commit shows as a difference between the two.
 * A process that is handed "restAfter" stands still after so many commits, with nothing under way when it is killed.
 */
async function commitForever(context: ProgramContext, itemsPerCommit: number): Promise<void> {
  const realm = new context.Realm(configurationFor(context));
  const head = realm.objectForPrimaryKey("Counter", "head");
  if (head === null) throw new Error("the head counter is missing");
  context.say(`ready ${String(head["value"])}`);
  await context.hear();
  const restAfter = context.values["restAfter"] === undefined ? Infinity : numberOf(context, "restAfter");
  for (let commits = 0; commits < restAfter; commits += 1) {
    const from = head["value"] as number;
    realm.write(() => {
      for (let id = from; id < from + itemsPerCommit; id += 1) realm.create("Item", itemValues(id));
      head["value"] = from + itemsPerCommit;
    });
    context.say(`committed ${from + itemsPerCommit}`);
  }
  context.say("resting");
  await context.hear();
}
