/**
 * Programs around the writer's lock.
 *
 * @module
 */
import { itemValues } from "../content.ts";
import { configurationFor, numberOf, textOf, type Program } from "./program.ts";

/** Takes the writer's lock, writes half of a transaction and never lets go. */
export const holdLock: Program = async (context) => {
  const realm = new context.Realm(configurationFor(context));
  realm.beginTransaction();
  for (let id = 0; id < 100; id += 1) realm.create("Item", itemValues(1_000_000 + id));
  context.say("holding");
  await context.hear();
};

/** Waits for the writer's lock with one write. */
export const waitForLock: Program = async (context) => {
  const realm = new context.Realm(configurationFor(context));
  context.say("waiting");
  realm.write(() => realm.create("Counter", { _id: "waited", value: 1 }, "all"));
  context.say("written");
  realm.close();
};

/** Adds one to the shared counter again and again, each time reading it first, and leaves an item of its own each time. */
export const increment: Program = async (context) => {
  const realm = new context.Realm(configurationFor(context));
  const firstId = numberOf(context, "firstId");
  context.say("ready");
  await context.hear();
  for (let round = 0; round < numberOf(context, "count"); round += 1) {
    realm.write(() => {
      const counter = realm.objectForPrimaryKey("Counter", textOf(context, "counter"));
      if (counter === null) throw new Error("the counter is missing");
      counter["value"] = (counter["value"] as number) + 1;
      realm.create("Item", itemValues(firstId + round));
    });
    // Gives the other writer its turn; without it one process may hold the lock nearly all the time.
    if (round % 8 === 0) await context.sleep(1);
  }
  realm.close();
  context.say("done");
};
