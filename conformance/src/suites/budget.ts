/**
 * The 10% budget: encrypted against plain on the same work, in pairs, one after the other in alternating order.
 *
 * The rule, for each workload: 11 pairs are measured. If the median of the paired wall-time ratios is at most 1.10, the
 * budget is kept. If not, 11 more pairs are measured and added, up to 33. If the median of them all is still above 1.10, the result is a
 * failure when the whole middle half of the ratios lies above 1.10, because noise does not explain that, and a
 * miss when the middle half reaches down to the budget. The main thread's processor time is measured in the same pairs and judged by the
 * same rule, but over the budget it is a miss: the promise is about time. Every figure is shown, kept or not.
 *
 * A workload of `KNOWN_MISSES` is over the budget today, and docs/conformance.md says why. It is a miss in every report
 * and fails beyond the ratio given there, so that it cannot become worse unseen. In the brief form all have such wider limits.
 *
 * Where the cipher is software (browsers) the rows that are judged are the warm ones: `software-budget.ts`.
 *
 * @module
 */
import { claim } from "../claims.ts";
import { createItems, itemValues } from "../content.ts";
import { configurationOf, folderOf, makeRealm } from "../opening.ts";
import { need } from "../platform.ts";
import type { RealmInstance } from "../realm-api.ts";
import { judge, spreadOf, type Spread } from "../statistics.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { runSoftwareBudget } from "./software-budget.ts";

/** The promise: encrypted / plain. */
export const BUDGET = 1.1;

/** How much is measured. Smaller figures serve the tests of the suite itself. */
export interface BudgetSize {
  readonly objectCount: number;
  readonly commitCount: number;
  readonly readCount: number;
  readonly updateCount: number;
  /** Only these workloads; all if absent. */
  readonly workloads?: readonly string[];
}

/** Work that is done once plain and once encrypted. */
interface Workload {
  readonly name: string;
  /** True if each run needs a file of its own without objects. */
  readonly isFresh: boolean;
  run(realm: RealmInstance, round: number): void;
}

/** Wall time and main-thread processor time of one run. */
interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Random updates seal every page they touch once more, on the main thread, for little work in between. */
const KNOWN_MISSES: Readonly<Record<string, number>> = { updates: 1.6 };

/** The brief form runs a few milliseconds at a time, beside others, in runtimes with slower ciphers (Deno's take twice Node's time): a miss up to here, then a failure. */
const BRIEF_LIMIT = 1.6;
const BRIEF_MISSES: Readonly<Record<string, number>> = { updates: 2.2 };

const PAIRS_AT_ONCE = 11;
const MEASUREMENTS = 3;

/** The suite at its usual size. */
export const budget: Suite = createBudgetSuite(
  { objectCount: 20_000, commitCount: 100, readCount: 40_000, updateCount: 2000 },
  { objectCount: 5000, commitCount: 40, readCount: 20_000, updateCount: 800 },
);

/**
 * The suite at any size.
 *
 * @param briefAmount - The size in the brief form; the same if absent.
 */
export function createBudgetSuite(usualAmount: BudgetSize, briefAmount: BudgetSize = usualAmount): Suite {
  return {
    name: "budget",
    title: "The 10% budget: encrypted against plain",
    forms: ["plain and encrypted"],
    needs: ["clocks"],
    async run(context) {
      if (context.platform.cipher !== undefined) return runSoftwareBudget(context);
      const amount = context.isBrief ? briefAmount : usualAmount;
      for (const workload of workloadsOf(amount)) {
        if (amount.workloads?.includes(workload.name) === false) continue;
        await context.check(`${workload.name}: encrypted / plain at most ${BUDGET.toFixed(2)}`, (path) => {
          measureWorkload(context, workload, folderOf(path), amount);
        });
      }
    },
  };
}

function workloadsOf({ objectCount, commitCount, readCount, updateCount }: BudgetSize): Workload[] {
  const step = 7919; // A prime: strides through all objects in an order that is not the tree's.
  return [
    { name: "bulk insert", isFresh: true, run: (realm) => createItems(realm, 0, objectCount) },
    {
      name: "durable commits",
      isFresh: true,
      run(realm) {
        for (let id = 0; id < commitCount; id += 1) realm.write(() => realm.create("Item", itemValues(id)));
      },
    },
    {
      name: "point reads",
      isFresh: false,
      run(realm) {
        let sum = 0;
        for (let index = 0; index < readCount; index += 1) {
          const item = realm.objectForPrimaryKey("Item", (index * step) % objectCount);
          sum += String(item?.["name"]).length + Number(item?.["age"]);
        }
        claim(sum > readCount, "the reads found nothing");
      },
    },
    {
      name: "iteration",
      isFresh: false,
      run(realm) {
        let length = 0;
        for (let pass = 0; pass < 3; pass += 1) {
          for (const item of realm.objects("Item").filtered("age > 50")) length += String(item["name"]).length + String(item["email"]).length;
        }
        claim(length > objectCount, "the iteration found too little");
      },
    },
    {
      name: "updates",
      isFresh: false,
      run(realm, round) {
        realm.write(() => {
          for (let index = 0; index < updateCount; index += 1) {
            const item = realm.objectForPrimaryKey("Item", (index * step) % objectCount);
            if (item !== null) item["balance"] = round + index;
          }
        });
      },
    },
  ];
}

function measureWorkload(context: SuiteContext, workload: Workload, folder: string, amount: BudgetSize): void {
  const { platform, key } = context;
  const paths = { plain: platform.join(folder, "plain.realm"), encrypted: platform.join(folder, "encrypted.realm") };
  if (!workload.isFresh) {
    makeRealm(platform, paths.plain, undefined, amount.objectCount);
    makeRealm(platform, paths.encrypted, key, amount.objectCount);
  }
  const measure = (round: number, isEncrypted: boolean): Cost => {
    const path = isEncrypted ? paths.encrypted : paths.plain;
    const own = workload.isFresh ? `${path}.${round}` : path;
    return costOf(context, own, isEncrypted ? key : undefined, workload, round);
  };
  measure(-2, false);
  measure(-2, true);
  const [wall, cpu]: [number[], number[]] = [[], []];
  let spread: Spread | undefined;
  for (let measurement = 0; measurement < MEASUREMENTS; measurement += 1) {
    for (let pair = 0; pair < PAIRS_AT_ONCE; pair += 1) {
      const round = measurement * PAIRS_AT_ONCE + pair;
      const isPlainFirst = pair % 2 === 0;
      const first = measure(round, !isPlainFirst);
      const second = measure(round, isPlainFirst);
      const [plain, encrypted] = isPlainFirst ? [first, second] : [second, first];
      wall.push(encrypted.wallMs / plain.wallMs);
      // Systems count processor time in ticks: a run shorter than one says nothing.
      if (plain.cpuMs > 0 && encrypted.cpuMs > 0) cpu.push(encrypted.cpuMs / plain.cpuMs);
    }
    spread = spreadOf(wall);
    if (judge(spread, BUDGET) === "within") break;
  }
  claim(spread !== undefined, "nothing was measured");
  report(context, workload.name, spread, cpu.length < PAIRS_AT_ONCE / 2 ? undefined : spreadOf(cpu));
}

/** The checkpoint and the close are inside the measured time of work that writes, so nothing is put off past the clock. */
function costOf(context: SuiteContext, path: string, key: Uint8Array | undefined, workload: Workload, round: number): Cost {
  const clocks = need(context.platform, "clocks");
  const realm = new context.platform.Realm(configurationOf(path, key));
  try {
    const before = { wallMs: clocks.wallMs(), cpuMs: clocks.threadCpuMs() };
    workload.run(realm, round);
    realm.close();
    return { wallMs: clocks.wallMs() - before.wallMs, cpuMs: clocks.threadCpuMs() - before.cpuMs };
  } finally {
    if (!realm.isClosed) realm.close();
  }
}

function report(context: SuiteContext, name: string, wall: Spread, cpu: Spread | undefined): void {
  const cpuText = cpu === undefined ? "too short to measure" : textOf(cpu);
  context.figure(`encrypted / plain, ${name}`, `wall ${textOf(wall)}, main thread's processor ${cpuText}, ${wall.count} pairs`);
  const verdict = judge(wall, BUDGET);
  const limit = context.isBrief ? (BRIEF_MISSES[name] ?? BRIEF_LIMIT) : (KNOWN_MISSES[name] ?? BUDGET);
  claim(judge(wall, limit) !== "over", `${name}: the middle half of the ratios, ${textOf(wall)}, lies above ${limit.toFixed(2)}`);
  if (verdict === "over") context.miss(`${name}: wall time ${textOf(wall)}, above ${BUDGET.toFixed(2)}${context.isBrief ? ", in the brief form" : "; a known miss"}`);
  if (verdict === "unresolved") context.miss(`${name}: wall time ${textOf(wall)}, above ${BUDGET.toFixed(2)} but inside the noise`);
  if (cpu !== undefined && judge(cpu, BUDGET) !== "within") context.miss(`${name}: main thread's processor time ${textOf(cpu)}, above ${BUDGET.toFixed(2)}`);
}

function textOf({ median, lowerQuartile, upperQuartile }: Spread): string {
  return `${median.toFixed(2)} [${lowerQuartile.toFixed(2)} to ${upperQuartile.toFixed(2)}]`;
}
