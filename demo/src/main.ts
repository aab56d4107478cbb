/**
 * `npm run demo`: a gazetteer of the world in an encrypted realm, from import to re-key.
 *
 * Exit code 0 only if every step went as it must; everything is in a temporary folder that is removed.
 *
 * @module
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import { keyStep } from "./demo-key.ts";
import type { DemoKey } from "./demo-key.ts";
import { copyStep, type Files, refusalStep } from "./key-steps.ts";
import { ATTRIBUTION, type City, type CityEntry, configure, importCities, loadCities, type Route, withRealm } from "./model.ts";
import { countFound, entropyPerBlock, holdsBytes } from "./raw-file.ts";
import { close, DemoFailure, expect, open, say, sparkline, startBar, step } from "./stage.ts";
import { timingStep } from "./timing-step.ts";
import { watchStep } from "./watch-step.ts";

const NAMES_SOUGHT = 100;
const BLOCKS_SHOWN = 60;
/** Random bytes reach about 7.95 bits in a block of 4 KiB. */
const RANDOM_BITS = 7.9;

/** In a keyring it outlives the process: removed whatever happens. */
let demoKey: DemoKey | undefined;

async function main(folder: string): Promise<void> {
  open("Holdfast: a database of the world's cities that nobody reads without the key");
  const cities = loadCities();
  expect(cities.length >= 100_000, "the data set has at least 100,000 cities");
  say(`${cities.length} cities. ${ATTRIBUTION}`);
  demoKey = await keyStep();
  const files: Files = {
    folder,
    plain: join(folder, "plain.realm"),
    encrypted: join(folder, "encrypted.realm"),
    key: demoKey.key,
    names: chooseNames(cities),
  };
  const imports = await importStep(files, cities);
  withRealm(files.encrypted, await demoKey.readAgain(true), (realm) => expect(realm.objects("City").length === cities.length, "the key that was read again opens the file"));
  unreadableStep(files);
  queryStep(files, cities);
  await watchStep(files.encrypted, files.key);
  refusalStep(files);
  copyStep(files);
  timingStep(files, imports);
}

async function importStep(files: Files, cities: readonly CityEntry[]): Promise<{ plainMs: number; encryptedMs: number }> {
  step("Import");
  const encryptedMs = await importInto("encrypted", files.encrypted, { cities, key: files.key });
  const plainMs = await importInto("plain, for comparison", files.plain, { cities });
  return { plainMs, encryptedMs };
}

async function importInto(
  title: string,
  path: string,
  source: { readonly cities: readonly CityEntry[]; readonly key?: Uint8Array },
): Promise<number> {
  const bar = startBar(title, source.cities.length);
  const realm = new Realm(configure(path, source.key));
  let spentMs: number;
  try {
    spentMs = await importCities(realm, source.cities, (count) => bar.advance(count));
    expect(realm.objects("City").length === source.cities.length, "every city is in the realm");
  } finally {
    realm.close();
  }
  const megabytes = (statSync(path).size / 1e6).toFixed(1);
  bar.finish(`${title}: ${source.cities.length} cities in ${(spentMs / 1000).toFixed(2)} s, ${megabytes} MB`);
  return spentMs;
}

function unreadableStep({ plain, encrypted, key, names }: Files): void {
  step("The files without the key");
  const inPlain = countFound(plain, names);
  const inEncrypted = countFound(encrypted, names);
  expect(inPlain >= names.length * 0.9, `most of the names stand in the plain file (${inPlain} of ${names.length} found)`);
  expect(inEncrypted === 0, `no name stands in the encrypted file (${inEncrypted} found)`);
  const halves = [key.subarray(0, 32), key.subarray(32)];
  for (const half of halves) expect(!holdsBytes([encrypted, `${encrypted}.lock`], half), "the key is not in the files");
  const range = { low: 4, high: 8 };
  const plainBits = entropyPerBlock(plain, BLOCKS_SHOWN);
  const encryptedBits = entropyPerBlock(encrypted, BLOCKS_SHOWN);
  expect(medianOf(encryptedBits) > RANDOM_BITS, "the encrypted file looks like random bytes");
  expect(medianOf(plainBits) < RANDOM_BITS, "the plain file does not");
  say(
    `searching the raw bytes for ${names.length} city names ("${names[0] ?? ""}", "${names[1] ?? ""}" …):`,
    `  plain file ${inPlain} found, encrypted file ${inEncrypted} found`,
    `entropy of ${BLOCKS_SHOWN} blocks over the file, ▁ 4 and less to █ 8 bits a byte:`,
    `  plain     ${sparkline(plainBits, range)}  median ${medianOf(plainBits).toFixed(2)}`,
    `  encrypted ${sparkline(encryptedBits, range)}  median ${medianOf(encryptedBits).toFixed(2)}`,
  );
}

function queryStep({ encrypted, key }: Files, cities: readonly CityEntry[]): void {
  step("Queries on the encrypted realm");
  withRealm(encrypted, key, (realm) => {
    const all = realm.objects<City>("City");
    const north = all.filtered("latitude > $0", 66.5).sorted("latitude", true);
    const expectedNorth = cities.filter((city) => Number(city.lat) > 66.5);
    expect(north.length === expectedNorth.length, "the query finds as many cities beyond the Arctic circle as a loop");
    expect(north[0]?.latitude === Math.max(...expectedNorth.map((city) => Number(city.lat))), "the northernmost comes first");
    const saints = all.filtered("country.code == 'FR' AND name BEGINSWITH $0 SORT(name ASC) LIMIT(3)", "Saint-");
    expect(saints.length === 3, "a limit of three gives three");
    const route = createRoute(realm);
    const onRoute = [...route.stops].map((city) => `${city.name} (${city.country?.code ?? "?"})`);
    const southern = [...route.stops].filter((city) => city.latitude < 0);
    expect(onRoute.length === 4 && southern.length === 1, "the list gives its four cities, one of them in the south");
    say(
      `latitude > 66.5, northernmost first: ${north.length} cities, ${[...north.slice(0, 3)].map((city) => city.name).join(", ")} …`,
      `France, "Saint-…", by name: ${[...saints].map((city) => city.name).join(", ")} …`,
      `a list of links: ${onRoute.join(" → ")}`,
    );
  });
}

function createRoute(realm: Realm): Route {
  const find = (name: string, code: string): City => {
    const city = realm.objects<City>("City").filtered("name == $0 AND country.code == $1", name, code)[0];
    expect(city !== undefined, `the gazetteer has ${name}`);
    return city;
  };
  const stops = [find("Reykjavík", "IS"), find("Ljubljana", "SI"), find("Kathmandu", "NP"), find("Antananarivo", "MG")];
  return realm.write(() => realm.create<Route>("Route", { name: "Around half the world", stops }));
}

/** Names long enough that no file of random bytes holds one by chance: the route's, then some from all over the list. */
function chooseNames(cities: readonly CityEntry[]): string[] {
  const isUsable = (name: string): boolean => /^[A-Za-z ]{9,}$/.test(name);
  const usable = cities.map((city) => city.name).filter(isUsable);
  const stride = Math.floor(usable.length / NAMES_SOUGHT);
  const spread = usable.filter((_name, index) => index % stride === 0);
  return [...new Set(["Antananarivo", "Ljubljana", "Kathmandu", ...spread])].slice(0, NAMES_SOUGHT);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-demo-"));
const remove = async (): Promise<void> => {
  rmSync(folder, { recursive: true, force: true });
  await demoKey?.remove();
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void remove().finally(() => process.exit(1)));
}
try {
  await main(folder);
  await remove();
  close(`Everything was as it must be. ${Math.round(performance.now() / 1000)} s; the files are removed.`);
} catch (error) {
  await remove().catch(() => undefined);
  const isExpected = error instanceof DemoFailure;
  console.error(`\nThe demo failed. ${isExpected ? error.message : ((error as Error).stack ?? String(error))}`);
  process.exitCode = 1;
}
// A keyring that still waits for its prompt would keep the process.
process.exit();
