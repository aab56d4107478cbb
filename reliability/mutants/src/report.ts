/**
 * The result, for the terminal and for docs/reliability.md.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Mutant } from "./mutant.ts";

/** One fault and what came of it. */
export interface Row {
  readonly mutant: Mutant;
  /** The first test that failed; undefined if none did. */
  readonly caught: { readonly file: string; readonly test: string } | undefined;
  readonly seconds: number;
}

const PAGE = resolve(import.meta.dirname, "../../../docs/reliability.md");
const BEGIN = "<!-- The table is written by `npm run mutants -- --write`. -->";
const END = "<!-- End of the table. -->";

/** Prints what was caught, and what was not. */
export function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ mutant }) => mutant.name.length));
  process.stdout.write("\n");
  for (const { mutant, caught, seconds } of rows) {
    process.stdout.write(`${mutant.name.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s  ${caught === undefined ? "NOT CAUGHT" : `${caught.file}: ${caught.test}`}\n`);
  }
}

/** Puts the table into the page, between its two marks. */
export function writeSection(rows: readonly Row[]): void {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("docs/reliability.md has lost the marks of the table");
  const lines = rows.map(({ mutant, caught, seconds }) => `| ${mutant.fault} | \`${fileName(mutant.file)}\` | ${cell(caught)} | ${seconds.toFixed(0)} |`);
  const table = ["| fault | in | caught by | seconds |", "|---|---|---|---|", ...lines].join("\n");
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${table}\n\n${page.slice(end)}`);
}

function cell(caught: Row["caught"]): string {
  if (caught === undefined) return "nothing";
  return `*${fileName(caught.file).replace(/\.test\.ts$/, "")}*: ${caught.test.replaceAll("|", "\\|")}`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
