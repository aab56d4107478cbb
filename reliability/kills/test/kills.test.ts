/**
 * The kills themselves are tried: on broken SDKs they must find what is broken, and on the real one nothing.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { ACTIVITIES, type Activity } from "../src/activities.ts";
import { run, type Row } from "../src/run.ts";
import { tableOf } from "../src/table.ts";

interface Broken {
  readonly implementation: string;
  readonly activity: string;
  readonly crew?: Activity["crews"][number];
  readonly failure: RegExp;
}

const CONFORMANCE = "../../../conformance/test/broken";
const SEED = 11;
/** Far more than are needed: the first failure ends a run. */
const KILLS = 40;

const BROKEN: readonly Broken[] = [
  { implementation: `${CONFORMANCE}/loses-last-commit.ts`, activity: "small commits", crew: ["writer"], failure: /were acknowledged, \d+ are there/ },
  { implementation: `${CONFORMANCE}/splits-commits.ts`, activity: "bulk loads", crew: ["writer"], failure: /a commit is half there|could have been made/ },
  { implementation: `${CONFORMANCE}/unsafe-rekey.ts`, activity: "rekey", failure: /the file is gone|0 of \d keys open the file|left beside the file: test\.realm\.new/ },
  { implementation: "./broken/copies-in-place.ts", activity: "writeCopyTo", crew: ["copier", "writer"], failure: /StoreError|RealmError|mnemonic|not what was copied/ },
  { implementation: "./broken/locks-with-a-file.ts", activity: "small commits", crew: ["writer", "writer"], failure: /another process is writing|left beside the file: test\.realm\.busy/ },
  { implementation: "./broken/leaves-scraps.ts", activity: "open and close", crew: ["cycler"], failure: /left beside the file: test\.realm\.scrap/ },
  { implementation: "./broken/migrates-in-steps.ts", activity: "migration", failure: /a migration is half there/ },
];

function activityOf(name: string, crew?: Activity["crews"][number]): Activity {
  const activity = ACTIVITIES.find((candidate) => candidate.name === name);
  if (activity === undefined) throw new Error(`there is no activity "${name}"`);
  return crew === undefined ? activity : { ...activity, crews: [crew] };
}

function failuresOf(rows: readonly Row[]): string {
  return rows.flatMap((row) => row.failures).join("\n");
}

describe("kills find", () => {
  it.each(BROKEN)("an SDK that is broken: $implementation", async ({ implementation, activity, crew, failure }) => {
    const rows = await run({
      kills: KILLS,
      seed: SEED,
      forms: ["encrypted"],
      activities: [activityOf(activity, crew)],
      implementation: new URL(implementation, import.meta.url).href,
      mostFailures: 1,
      keepsFailed: false,
    });
    expect(failuresOf(rows)).toMatch(failure);
  });
});

describe("the table", () => {
  it("sums up what the rows say", () => {
    const row = (kills: number): Row => ({ activity: "a", form: "plain", rounds: 1, kills, killsAtRest: 1, survived: 5, unreturned: 0, failures: [] });
    expect(tableOf([row(2), row(3)]).at(-1)).toMatch(/^sum +2 +5 +2 +10 +0 +0$/);
  });
});
