/**
 * Programs of the listener measurement: one writes ticks, others listen and note when they heard of each.
 *
 * @module
 */
import { configurationFor, numberOf, type Program } from "./program.ts";

/** Commits ticks at a pace and says when each commit had returned. Two counters change together, so a torn view shows. */
export const tick: Program = async (context) => {
  const realm = new context.Realm(configurationFor(context));
  context.say("ready");
  await context.hear();
  for (let number = 1; number <= numberOf(context, "count"); number += 1) {
    realm.write(() => {
      realm.create("Counter", { _id: "tick", value: number }, "all");
      realm.create("Counter", { _id: "mirror", value: -number }, "all");
    });
    context.say(`tick ${number} ${context.sharedClockMs()}`);
    await context.sleep(numberOf(context, "paceMs"));
  }
  context.say("done");
  await context.hear();
  realm.close();
};

/** Listens; says each value it hears with the time, and any view in which the two counters do not belong together. */
export const listen: Program = async (context) => {
  const realm = new context.Realm(configurationFor(context));
  const counters = realm.objects("Counter");
  let lastTick = 0;
  counters.addListener(() => {
    const heardMs = context.sharedClockMs();
    const value = Number(realm.objectForPrimaryKey("Counter", "tick")?.["value"] ?? 0);
    const mirror = Number(realm.objectForPrimaryKey("Counter", "mirror")?.["value"] ?? 0);
    if (value + mirror !== 0) context.say(`torn ${value} ${mirror}`);
    if (value < lastTick) context.say(`backwards ${lastTick} ${value}`);
    if (value > lastTick) context.say(`heard ${value} ${heardMs}`);
    lastTick = Math.max(lastTick, value);
  });
  context.say("ready");
  await context.hear();
  counters.removeAllListeners();
  realm.close();
  context.say("done");
};

/** Touches no realm: says how late its timers are, which is the machine's noise and nobody's fault. */
export const idleClock: Program = async (context) => {
  let isOver = false;
  void context.hear().then(() => {
    isOver = true;
  });
  const lateness: number[] = [];
  context.say("ready");
  while (!isOver) {
    const before = context.sharedClockMs();
    await context.sleep(5);
    lateness.push(context.sharedClockMs() - before - 5);
  }
  context.say(`lateness ${JSON.stringify(lateness)}`);
};
