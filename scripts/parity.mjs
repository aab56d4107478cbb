// Writes docs/parity.md and docs/parity-sync.md: each row of Realm's API, what we do with it, and the tests that name it by its id, as in
// "[R-6.9] lists change like arrays". Fails for a row without a test that is not marked as missing, for a mark that a test has
// overtaken, and for a test that names no row; of sync also what is missing has a test, which shows its error. With --check it only compares.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** @typedef {{ id: string, section: string, title: string, differs?: string, notYet?: string }} Row */

const root = resolve(import.meta.dirname, "..");
const pages = [
  {
    file: "docs/parity.md",
    rows: "packages/realm/test/parity/rows.json",
    letter: "R",
    testsAbsent: false,
    heading: ["# Parity with realm-js", "", "Each row of the local API of realm-js 12 and 20: what Holdfast does with it, and the tests that show it. Test titles carry the row's id.", "Written by `node scripts/parity.mjs`, which fails when a row has neither a test nor a reason. Sync has [a page of its own](parity-sync.md)."],
  },
  {
    file: "docs/parity-sync.md",
    rows: "packages/sync-client/test/parity/rows.json",
    letter: "S",
    testsAbsent: true,
    heading: ["# Parity with realm-js: sync", "", "Each row of the sync side of realm-js 12 and of @realm/react 0.11: what Holdfast does with it, and the tests that show it; what is not there", "throws an error with a stable code, which a test shows too. No option is accepted and ignored. [Moving from Atlas](guides/from-atlas.md) says how to port.", "Written by `node scripts/parity.mjs`, which fails when a row has no test."],
  },
];
for (const page of pages) write(page);

/** @param {(typeof pages)[number]} page */
function write({ file, rows: rowsFile, letter, testsAbsent, heading }) {
  /** @type {Row[]} */
  const rows = JSON.parse(readFileSync(join(root, rowsFile), "utf8"));
  const tests = testsByRow(letter);
  const faults = findFaults(rows, tests, testsAbsent);
  if (faults.length > 0) {
    process.stderr.write(`${faults.join("\n")}\n`);
    process.exit(1);
  }
  const text = render(rows, tests, heading);
  if (!process.argv.includes("--check")) writeFileSync(join(root, file), text);
  else if (readFileSync(join(root, file), "utf8") !== text) {
    process.stderr.write(`${file} is not what the tests say: run node scripts/parity.mjs\n`);
    process.exit(1);
  }
  const counts = ["same", "differs on purpose", "not yet"].map((status) => `${rows.filter((row) => statusOf(row) === status).length} ${status}`);
  process.stdout.write(`${file}: ${rows.length} rows: ${counts.join(", ")}\n`);
}

/** Files of tests by the rows that their titles name. @param {string} letter @returns {Map<string, Set<string>>} */
function testsByRow(letter) {
  const found = new Map();
  const folders = ["packages", "docs/examples"].flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name, "test")));
  for (const folder of folders) {
    for (const file of filesIn(folder)) {
      for (const title of readFileSync(file, "utf8").matchAll(/\bit(?:\.\w+)?\(\s*(["'`])(.*?)\1\s*,/gs)) {
        for (const [, id] of (title[2] ?? "").matchAll(new RegExp(`\\[(${letter}-[\\d.]+)\\]`, "g"))) found.set(id, (found.get(id) ?? new Set()).add(relative(root, file)));
      }
    }
  }
  return found;
}

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.test\.tsx?$/.test(name) && !name.includes("node_modules")).sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** @param {Row[]} rows @param {Map<string, Set<string>>} tests @param {boolean} testsAbsent @returns {string[]} */
function findFaults(rows, tests, testsAbsent) {
  const ids = new Set(rows.map((row) => row.id));
  return [
    ...(ids.size < rows.length ? ["an id stands twice in rows.json"] : []),
    ...[...tests].filter(([id]) => !ids.has(id)).map(([id, files]) => `${id} is no row: ${[...files].join(", ")}`),
    ...rows.filter((row) => !tests.has(row.id) && (testsAbsent || row.notYet === undefined)).map((row) => `${row.id} (${row.title}) has no test and is not marked "notYet"`),
    ...rows.filter((row) => !testsAbsent && tests.has(row.id) && row.notYet !== undefined).map((row) => `${row.id} (${row.title}) is marked "notYet" and has a test`),
  ];
}

/** @param {Row} row */
function statusOf(row) {
  return row.notYet !== undefined ? "not yet" : row.differs === undefined ? "same" : "differs on purpose";
}

/** @param {Row[]} rows @param {Map<string, Set<string>>} tests @param {string[]} heading @returns {string} */
function render(rows, tests, heading) {
  const lines = [...heading];
  for (const section of new Set(rows.map((row) => row.section))) {
    lines.push("", `## ${section}`, "", "| Row | | Status | Tests |", "|---|---|---|---|");
    for (const row of rows.filter((each) => each.section === section)) {
      const why = row.notYet ?? row.differs;
      const files = [...(tests.get(row.id) ?? [])].map((file) => `[${file.split("/").at(-1)}](../${file})`);
      lines.push(`| ${row.id} | ${row.title} | ${statusOf(row)}${why === undefined ? "" : `: ${why}`} | ${files.join(", ")} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}
