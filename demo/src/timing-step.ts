/**
 * What encryption costs, for orientation: the same work on the plain and on the encrypted realm, in alternation.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { Files } from "./key-steps.ts";
import { type City, configure } from "./model.ts";
import { barChart, expect, say, step } from "./stage.ts";

const REPETITIONS = 5;
const POINT_READS = 20_000;
const COMMITS = 100;

/** Prints the chart; the import's times come from the import itself. */
export function timingStep(files: Files, imports: { readonly plainMs: number; readonly encryptedMs: number }): void {
  step("What encryption costs here (median of a few alternated runs; `npm run bench` measures properly)");
  const rows = [{ title: "import", ...imports }, ...WORKS.map(({ title, work }) => ({ title, ...alternate(files, work) }))];
  say(...barChart(rows));
}

type Work = (realm: Realm) => number;

const WORKS: readonly { readonly title: string; readonly work: Work }[] = [
  { title: `${POINT_READS / 1000}k reads by key`, work: readByKey },
  { title: "filter and sort", work: (realm) => iterate(realm.objects<City>("City").filtered("latitude > 60").sorted("name")) },
  { title: "iterate all", work: (realm) => iterate(realm.objects<City>("City")) },
  { title: `${COMMITS} durable commits`, work: commitOften },
];

function readByKey(realm: Realm): number {
  const count = realm.objects("City").length;
  let sum = 0;
  for (let index = 0; index < POINT_READS; index++) {
    // A fixed stride visits the keys far apart from each other.
    sum += realm.objectForPrimaryKey<City>("City", (index * 7919) % count)?.name.length ?? 0;
  }
  return sum;
}

function iterate(cities: Iterable<City>): number {
  let sum = 0;
  for (const city of cities) sum += city.name.length + city.latitude;
  return sum;
}

function commitOften(realm: Realm): number {
  const city = realm.objectForPrimaryKey<City>("City", 0);
  expect(city !== null, "the first city is there");
  for (let commit = 0; commit < COMMITS; commit++) {
    realm.write(() => {
      city.region = `region ${commit}`;
    });
  }
  return COMMITS;
}

function alternate(files: Files, work: Work): { plainMs: number; encryptedMs: number } {
  const times = { plain: [] as number[], encrypted: [] as number[] };
  const realms = { plain: new Realm(configure(files.plain)), encrypted: new Realm(configure(files.encrypted, files.key)) };
  try {
    // One turn more than is counted: the first warms up.
    for (let turn = 0; turn <= REPETITIONS; turn++) {
      const plain = time(realms.plain, work);
      const encrypted = time(realms.encrypted, work);
      expect(Math.abs(plain.answer - encrypted.answer) < 1, "the plain and the encrypted realm give one answer");
      if (turn === 0) continue;
      times.plain.push(plain.spentMs);
      times.encrypted.push(encrypted.spentMs);
    }
  } finally {
    realms.plain.close();
    realms.encrypted.close();
  }
  return { plainMs: medianOf(times.plain), encryptedMs: medianOf(times.encrypted) };
}

function time(realm: Realm, work: Work): { spentMs: number; answer: number } {
  const before = performance.now();
  const answer = work(realm);
  return { spentMs: performance.now() - before, answer };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
