/**
 * Crash and reopen: a process that commits is killed at random moments; every commit that returned is there, none is half there.
 *
 * @module
 */
import { claim, claimEqual } from "../claims.ts";
import { itemDifference } from "../content.ts";
import { claimClean, configurationOf, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

/** How one kind of killed process works. */
interface Killing {
  readonly program: string;
  readonly what: string;
  readonly itemsPerCommit: number;
  readonly rounds: { readonly brief: number; readonly short: number; readonly long: number };
  readonly longestMs: number;
}

/** One kill: how many items there are before, and after how many commits the process rests; absent when it never does. */
interface Round {
  readonly head: number;
  readonly restAfter: number | undefined;
}

const KILLINGS: readonly Killing[] = [
  { program: "small-commits", what: "small commits", itemsPerCommit: 1, rounds: { brief: 4, short: 8, long: 100 }, longestMs: 150 },
  { program: "bulk-commits", what: "bulk commits of 3000 items", itemsPerCommit: 3000, rounds: { brief: 2, short: 6, long: 40 }, longestMs: 500 },
];

/** The suite. */
export const crashAndReopen: Suite = {
  name: "crash-and-reopen",
  title: "Crash and reopen",
  forms: ["plain", "encrypted"],
  needs: ["processes", "verify"],
  async run(context) {
    for (const killing of KILLINGS) await checkKilling(context, killing);
    await checkKilledFirstOpen(context);
  },
};

async function checkKilling(context: SuiteContext, killing: Killing): Promise<void> {
  const rounds = amountFor(context, killing.rounds);
  const title = `killed ${rounds} times during ${killing.what} (seed ${context.random.seed}): every commit that returned is there, none is half there`;
  await context.check(title, async (path) => {
    makeRealm(context.platform, path, context.key, 0);
    withRealm(context.platform, configurationOf(path, context.key), (realm) => {
      realm.write(() => realm.create("Counter", { _id: "head", value: 0 }));
    });
    let [head, killedInCommit] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      // Every other kill hits a process at rest: whatever it has said must be there, however the moments fall.
      const restAfter = round % 2 === 0 ? undefined : 1 + context.random.below(4);
      const acknowledged = await killOnce(context, path, killing, { head, restAfter });
      head = claimWhole(context, path, acknowledged, killing.itemsPerCommit);
      // The kill fell between a commit's sync and its return: the commit may be there, and here it was.
      if (head > acknowledged) killedInCommit += 1;
    }
    // Rounds that were killed before the first commit show nothing.
    claim(head > 0, "no commit returned before any of the kills");
    context.figure(`kills during ${killing.what}`, `${rounds} kills, ${head} items survived, ${killedInCommit} commits were on the disk before they returned`);
  });
}

/** @returns How many items the killed process had said to be committed. */
async function killOnce(context: SuiteContext, path: string, killing: Killing, { head, restAfter }: Round): Promise<number> {
  const { platform, random } = context;
  const child = need(platform, "processes").start(killing.program, {
    path,
    itemsPerCommit: killing.itemsPerCommit,
    ...(restAfter === undefined ? {} : { restAfter }),
    ...(context.key === undefined ? {} : { key: [...context.key] }),
  });
  claimEqual(await child.waitForLine("ready"), `ready ${head}`, "what the next process finds");
  child.send("go");
  // On a busy machine a kill might come before the first commit, and would show nothing.
  await child.waitForLine(restAfter === undefined ? "committed " : "resting");
  if (restAfter === undefined) await platform.sleep(random.fraction() * killing.longestMs);
  await child.kill();
  claim(child.complaints === "", `the process complained: ${child.complaints}`);
  const last = child.lines.findLast((line) => line.startsWith("committed "));
  return last === undefined ? head : Number(last.slice("committed ".length));
}

/** @returns How many items are there now. */
function claimWhole(context: SuiteContext, path: string, acknowledged: number, itemsPerCommit: number): number {
  // Opened first: this replays the log that the killed process left. Then checked from the outside.
  const head = withRealm(context.platform, configurationOf(path, context.key), (realm) => {
    const value = realm.objectForPrimaryKey("Counter", "head")?.["value"] as number;
    claim(value >= acknowledged, `${acknowledged} items were acknowledged, ${value} are there`);
    claim(value <= acknowledged + itemsPerCommit, `${value} items are there, more than one commit beyond the ${acknowledged} acknowledged`);
    const difference = itemDifference(realm, value);
    claim(difference === undefined, `a commit is half there: ${difference}`);
    return value;
  });
  claimClean(context.platform, path, context.key);
  return head;
}

/** A process killed while it makes the file leaves no file or a whole one. */
async function checkKilledFirstOpen(context: SuiteContext): Promise<void> {
  const { platform, random } = context;
  const rounds = amountFor(context, { brief: 2, short: 5, long: 40 });
  await context.check(`killed ${rounds} times while the file is made: the next open works`, async (path) => {
    for (let round = 0; round < rounds; round += 1) {
      const file = `${path}.${round}`;
      const values = { path: file, ...(context.key === undefined ? {} : { key: [...context.key] }) };
      const child = need(platform, "processes").start("hold-open", values);
      await child.waitForLine("starting");
      await platform.sleep(random.fraction() * 40);
      await child.kill();
      makeRealm(platform, file, context.key, 20);
      const difference = withRealm(platform, configurationOf(file, context.key), (realm) => itemDifference(realm, 20));
      claim(difference === undefined, `after the kill: ${difference}`);
      claimClean(platform, file, context.key);
    }
  });
}
