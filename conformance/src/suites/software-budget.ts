/**
 * The budget where the cipher is software, as in browsers: warm rows are held to it, cold rows and writes are shown beside their floor.
 *
 * Warm: both databases are open and everything that is read has been read before, so no page has to be opened. The rule is the budget's
 * (`budget.ts`): 11 pairs in alternating order, up to 33; a median above 1.10 whose whole middle half lies above it is a failure.
 *
 * Cold rows and writes cannot be cheaper than the cipher. While an encrypted run is measured its units are noted, and afterwards the cipher
 * alone does the same sizes once more. The floor is (plain + cipher) / plain; what the run takes beyond it is the ratio that is ours.
 *
 * @module
 */
import { claim } from "../claims.ts";
import { createItems, itemValues } from "../content.ts";
import { configurationOf, folderOf, makeRealm } from "../opening.ts";
import { need } from "../platform.ts";
import type { RealmInstance } from "../realm-api.ts";
import { judge, spreadOf, type Spread } from "../statistics.ts";
import type { SuiteContext } from "../suite.ts";

/** How much is measured. */
export interface SoftwareBudgetSize {
  readonly objectCount: number;
  readonly readCount: number;
  readonly commitCount: number;
  readonly updateCount: number;
}

/** The usual size. */
export const SOFTWARE_BUDGET: SoftwareBudgetSize = { objectCount: 5000, readCount: 10_000, commitCount: 40, updateCount: 500 };

const BUDGET = 1.1;
const PAIRS_AT_ONCE = 11;
const MEASUREMENTS = 3;
/** A prime: strides through all objects in an order that is not the tree's. */
const STEP = 7919;

interface Workload {
  readonly name: string;
  run(realm: RealmInstance, round: number): void;
}

/** A run on a realm of its own: opened, worked on, closed, all of it inside the measured time. */
interface WholeWorkload extends Workload {
  /** True if it begins without objects. */
  readonly isFresh: boolean;
}

/** Runs both halves. */
export async function runSoftwareBudget(context: SuiteContext, amount: SoftwareBudgetSize = SOFTWARE_BUDGET): Promise<void> {
  for (const workload of warmWorkloads(amount)) {
    await context.check(`${workload.name}, warm: encrypted / plain at most ${BUDGET.toFixed(2)}`, (path) => measureWarm(context, workload, { folder: folderOf(path), amount }));
  }
  for (const workload of wholeWorkloads(amount)) {
    await context.check(`${workload.name}: shown beside the cipher's own cost`, (path) => measureWhole(context, workload, { folder: folderOf(path), amount }));
  }
}

function warmWorkloads({ objectCount, readCount }: SoftwareBudgetSize): Workload[] {
  return [
    {
      name: "point reads",
      run(realm) {
        let length = 0;
        for (let index = 0; index < readCount; index += 1) length += String(realm.objectForPrimaryKey("Item", (index * STEP) % objectCount)?.["name"]).length;
        claim(length > readCount, "the reads found nothing");
      },
    },
    {
      name: "iteration",
      run(realm) {
        let length = 0;
        for (const item of realm.objects("Item")) length += String(item["name"]).length + String(item["email"]).length;
        claim(length > objectCount, "the iteration found too little");
      },
    },
    {
      name: "queries",
      run(realm) {
        let found = 0;
        for (let age = 0; age < 5; age += 1) found += realm.objects("Item").filtered("age > $0 AND name CONTAINS 'a'", age * 10).length;
        claim(found > 0, "the queries found nothing");
      },
    },
    {
      name: "sorted queries",
      run(realm) {
        const [first] = realm.objects("Item").filtered("age > 50 SORT(balance ASC)");
        claim(String(first?.["name"]).length > 0, "the query found nothing");
      },
    },
  ];
}

function wholeWorkloads({ objectCount, commitCount, updateCount }: SoftwareBudgetSize): WholeWorkload[] {
  return [
    {
      name: "cold iteration",
      isFresh: false,
      run(realm) {
        let length = 0;
        for (const item of realm.objects("Item")) length += String(item["name"]).length;
        claim(length > objectCount, "the iteration found too little");
      },
    },
    { name: "bulk insert", isFresh: true, run: (realm) => createItems(realm, 0, objectCount) },
    {
      name: "durable commits",
      isFresh: true,
      run(realm) {
        for (let id = 0; id < commitCount; id += 1) realm.write(() => realm.create("Item", itemValues(id)));
      },
    },
    {
      name: "updates",
      isFresh: false,
      run(realm, round) {
        realm.write(() => {
          for (let index = 0; index < updateCount; index += 1) {
            const item = realm.objectForPrimaryKey("Item", (index * STEP) % objectCount);
            if (item !== null) item["balance"] = round + index;
          }
        });
      },
    },
  ];
}

interface Place {
  readonly folder: string;
  readonly amount: SoftwareBudgetSize;
}

function pathsIn(context: SuiteContext, folder: string): { readonly plain: string; readonly encrypted: string } {
  return { plain: context.platform.join(folder, "plain.realm"), encrypted: context.platform.join(folder, "encrypted.realm") };
}

function measureWarm(context: SuiteContext, workload: Workload, { folder, amount }: Place): void {
  const { platform, key } = context;
  const paths = pathsIn(context, folder);
  const clocks = need(platform, "clocks");
  const plain = new platform.Realm(configurationOf(paths.plain, undefined));
  const encrypted = new platform.Realm(configurationOf(paths.encrypted, key));
  const cost = (realm: RealmInstance, round: number): number => {
    const before = clocks.wallMs();
    workload.run(realm, round);
    return clocks.wallMs() - before;
  };
  try {
    for (const realm of [plain, encrypted]) createItems(realm, 0, amount.objectCount);
    for (const realm of [plain, encrypted, plain, encrypted]) cost(realm, -1);
    const cipher = need(platform, "cipher");
    cipher.start();
    const ratios: number[] = [];
    let spread: Spread | undefined;
    for (let measurement = 0; measurement < MEASUREMENTS; measurement += 1) {
      ratios.push(...pairs(measurement, (round, isEncrypted) => cost(isEncrypted ? encrypted : plain, round)).map(([one, other]) => other / one));
      spread = spreadOf(ratios);
      if (judge(spread, BUDGET) === "within") break;
    }
    claim(spread !== undefined, "nothing was measured");
    context.figure(`encrypted / plain, ${workload.name}, warm`, `${textOf(spread)}, ${spread.count} pairs, ${cipher.unitCount()} units opened or sealed`);
    claim(judge(spread, BUDGET) !== "over", `${workload.name}, warm: the middle half of the ratios, ${textOf(spread)}, lies above ${BUDGET.toFixed(2)}`);
    if (judge(spread, BUDGET) === "unresolved") context.miss(`${workload.name}, warm: ${textOf(spread)}, above ${BUDGET.toFixed(2)} but inside the noise`);
  } finally {
    plain.close();
    encrypted.close();
  }
}

/** A pair's two costs: plain, encrypted. */
function pairs(measurement: number, measure: (round: number, isEncrypted: boolean) => number): (readonly [number, number])[] {
  return Array.from({ length: PAIRS_AT_ONCE }, (_, pair) => {
    const round = measurement * PAIRS_AT_ONCE + pair;
    const isPlainFirst = pair % 2 === 0;
    const first = measure(round, !isPlainFirst);
    const second = measure(round, isPlainFirst);
    return isPlainFirst ? [first, second] : [second, first];
  });
}

function measureWhole(context: SuiteContext, workload: WholeWorkload, { folder, amount }: Place): void {
  const { platform, key } = context;
  const paths = pathsIn(context, folder);
  const [clocks, cipher] = [need(platform, "clocks"), need(platform, "cipher")];
  if (!workload.isFresh) {
    makeRealm(platform, paths.plain, undefined, amount.objectCount);
    makeRealm(platform, paths.encrypted, key, amount.objectCount);
  }
  /** By round: what the cipher alone takes for the units of the encrypted run. */
  const alone = new Map<number, number>();
  const measure = (round: number, isEncrypted: boolean): number => {
    const path = isEncrypted ? paths.encrypted : paths.plain;
    const before = clocks.wallMs();
    cipher.start();
    const realm = new platform.Realm(configurationOf(workload.isFresh ? `${path}.${round}` : path, isEncrypted ? key : undefined));
    workload.run(realm, round);
    realm.close();
    const wallMs = clocks.wallMs() - before;
    if (isEncrypted) alone.set(round, cipher.replayMs());
    return wallMs;
  };
  measure(-2, false);
  measure(-2, true);
  const costs = pairs(0, measure);
  const units = cipher.unitCount();
  const overall = spreadOf(costs.map(([plain, encrypted]) => encrypted / plain));
  const floor = spreadOf(costs.map(([plain], round) => (plain + (alone.get(round) ?? 0)) / plain));
  const ours = spreadOf(costs.map(([plain, encrypted], round) => encrypted / (plain + (alone.get(round) ?? 0))));
  context.figure(`encrypted / plain, ${workload.name}`, `${textOf(overall)}, floor ${textOf(floor)}, beyond the floor ${textOf(ours)}, ${overall.count} pairs of ${units} units or fewer`);
  claim(units > 0, `${workload.name}: no unit was opened or sealed: that is no cold row`);
}

function textOf({ median, lowerQuartile, upperQuartile }: Spread): string {
  return `${median.toFixed(2)} [${lowerQuartile.toFixed(2)} to ${upperQuartile.toFixed(2)}]`;
}
