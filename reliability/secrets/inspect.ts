/**
 * What a programmer can print: every public object with a recognisable key behind it, in every way of printing.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { serialize } from "node:v8";
import { Realm } from "@holdfast/realm";
import { SecretKey, Store } from "@holdfast/storage-engine";
import { createNodeUnitSeal } from "@holdfast/core-cipher/node";
import type { Check } from "./check.ts";
import { formsIn, keyForms, RECOGNISABLE_KEY, WORDS } from "./marks.ts";
import { fill, schemaOf } from "./workload.ts";

const FORMS = keyForms(RECOGNISABLE_KEY);

/** Every way in which an object becomes text. */
export function printed(subject: unknown): string {
  const ways = [
    () => inspect(subject, { showHidden: true, depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity }),
    () => inspect(subject, { showHidden: true, depth: Infinity, customInspect: false, showProxy: true, getters: true, maxArrayLength: Infinity }),
    () => JSON.stringify(subject),
    () => String(subject),
    () => `${Object.getOwnPropertyNames(subject).join()} ${Object.keys(subject as object).join()}`,
    () => new TextDecoder("latin1").decode(serialize(subject)),
    () => new TextDecoder("latin1").decode(serialize(structuredClone(subject))),
  ];
  return ways.map((way) => tryText(way)).join("\n");
}

/** What cannot be printed in one of the ways throws: its error is printed in its place. */
function tryText(way: () => string | undefined): string {
  try {
    return way() ?? "";
  } catch (error) {
    return inspect(error, { showHidden: true, depth: Infinity });
  }
}

/** The checks of printed objects. */
export const inspectChecks: readonly Check[] = [
  {
    name: "no public object shows a byte of the key when it is inspected, serialised or cloned",
    isShort: true,
    run(say) {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-inspect-"));
      try {
        const subjects = subjectsIn(folder);
        const leaks = subjects.flatMap(([name, subject]) => formsIn(printed(subject), FORMS).map((form) => `${name} shows the key as ${form}`));
        say(`${subjects.length} objects: ${subjects.map(([name]) => name).join(", ")}`);
        if (leaks.length > 0) throw new Error(leaks.join("; "));
      } finally {
        Realm.shutdown();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: "the same search finds a key that an object does hold, in each form",
    isShort: true,
    run() {
      const holder = { key: RECOGNISABLE_KEY, half: Buffer.from(RECOGNISABLE_KEY.subarray(32)), list: [...RECOGNISABLE_KEY], hex: Buffer.from(RECOGNISABLE_KEY).toString("hex"), base64: Buffer.from(RECOGNISABLE_KEY).toString("base64") };
      const found = formsIn(printed(holder), FORMS);
      for (const form of ["bytes 0.. as hex", "bytes 32.. as hex with spaces", "bytes 0.. as a decimal list", "bytes 32.. as base64", "raw bytes 0 to 15"]) {
        if (!found.includes(form)) throw new Error(`not found: ${form}; found ${found.join(", ")}`);
      }
    },
  },
  {
    name: "a diagnostic report of the process shows neither key nor data",
    run() {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-inspect-"));
      try {
        subjectsIn(folder);
        const report = JSON.stringify(process.report.getReport());
        const leaks = [...formsIn(report, FORMS), ...WORDS.filter((word) => report.includes(word))];
        if (leaks.length > 0) throw new Error(leaks.join("; "));
      } finally {
        Realm.shutdown();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];

function subjectsIn(folder: string): [string, unknown][] {
  const [, className, , , primaryKey] = WORDS as [string, string, string, string, string];
  const realm = new Realm({ path: join(folder, "a.realm"), schema: schemaOf(0), encryptionKey: RECOGNISABLE_KEY });
  fill(realm, 20);
  const results = realm.objects(className);
  const store = Store.open({ path: join(folder, "b.store"), encryptionKey: RECOGNISABLE_KEY });
  const transaction = store.beginWrite();
  const tree = transaction.tree("a");
  tree.put(Uint8Array.of(1), Uint8Array.of(2));
  const key = SecretKey.from(RECOGNISABLE_KEY);
  return [
    ["Realm", realm],
    ["Realm class", Realm],
    ["the schema", realm.schema],
    ["Results", results],
    ["filtered Results", results.filtered(`${primaryKey} != 'x'`)],
    ["object", results[0]],
    ["list", (results[0] as unknown as { list: unknown }).list],
    ["Store", store],
    ["WriteTransaction", transaction],
    ["WriteTree", tree],
    ["Cursor", tree.cursor()],
    ["Snapshot", store.snapshot()],
    ["statistics", store.stats()],
    ["SecretKey", key],
    ["UnitSeal", createNodeUnitSeal(key)],
    ["an opening", Realm.open({ path: join(folder, "a.realm"), schema: schemaOf(0), encryptionKey: RECOGNISABLE_KEY })],
    ["a list of all of them", [realm, store, key, results]],
  ];
}
