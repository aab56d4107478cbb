/**
 * Programs that leave files to other runtimes, and that open what others have left.
 *
 * @module
 */
import { createItems, itemDifference, itemValues } from "../content.ts";
import { configurationOf } from "../opening.ts";
import { keyOf, numberOf, textOf, type Program } from "./program.ts";

/** Leaves one file closed, and another open in the middle of a transaction: this process is to be killed. */
export const leaveFiles: Program = async (context) => {
  const key = keyOf(context, "key");
  const count = numberOf(context, "count");
  const closed = new context.Realm(configurationOf(textOf(context, "closed"), key));
  createItems(closed, 0, count);
  closed.close();
  const left = new context.Realm(configurationOf(textOf(context, "killed"), key));
  for (const part of [0, 1, 2]) createItems(left, Math.floor((part * count) / 3), Math.floor(((part + 1) * count) / 3));
  left.beginTransaction();
  left.create("Item", itemValues(count));
  context.say("left");
  await context.hear();
};

/** Opens each file, compares its content, adds an item and closes it; says "same" or what differs, file by file. */
export const openFiles: Program = (context) => {
  const paths = context.values["paths"] as readonly string[];
  const key = keyOf(context, "key");
  const count = numberOf(context, "count");
  for (const [index, path] of paths.entries()) {
    try {
      const realm = new context.Realm(configurationOf(path, key));
      const difference = itemDifference(realm, count);
      realm.write(() => realm.create("Item", itemValues(count)));
      realm.close();
      context.say(`file ${index} ${difference ?? "same"}`);
    } catch (error) {
      context.say(`file ${index} ${String(error).replaceAll("\n", " ")}`);
    }
  }
  context.say("done");
  return Promise.resolve();
};
