/**
 * The result: for the terminal, kept in results.json, and as a table in docs/reliability.md.
 *
 * A run over some of the faults replaces their results only; the table is written from all of them.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Mutant } from "./mutant.ts";

/** One fault and what came of it. */
export interface Row {
  readonly mutant: Mutant;
  /** The first test that failed; undefined if none did. */
  readonly caught: { readonly file: string; readonly test: string } | undefined;
  readonly seconds: number;
}

/** A kept result. A fault without `file` was not caught. */
interface Result {
  readonly file?: string;
  readonly test?: string;
  readonly seconds: number;
}

const RESULTS = resolve(import.meta.dirname, "../results.json");
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

/** Keeps one result. */
export function keepResult({ mutant, caught, seconds }: Row): void {
  const results = { ...readResults(), [mutant.name]: { ...caught, seconds: Math.round(seconds) } };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Writes the table into the page. @returns The faults that have no result yet. */
export function writeTable(mutants: readonly Mutant[]): string[] {
  const results = readResults();
  const kept = Object.fromEntries(mutants.flatMap(({ name }) => (results[name] === undefined ? [] : [[name, results[name]]])));
  writeFileSync(RESULTS, `${JSON.stringify(kept, undefined, 2)}\n`);
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("docs/reliability.md has lost the marks of the table");
  const lines = mutants.map(({ name, fault, file }) => `| ${fault} | \`${fileName(file)}\` | ${cell(kept[name])} | ${kept[name]?.seconds ?? ""} |`);
  const table = ["| fault | in | caught by | seconds |", "|---|---|---|---|", ...lines].join("\n");
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${table}\n\n${page.slice(end)}`);
  return mutants.map(({ name }) => name).filter((name) => kept[name] === undefined);
}

function readResults(): Record<string, Result> {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Record<string, Result>) : {};
}

function cell(result: Result | undefined): string {
  if (result === undefined) return "(not run)";
  if (result.file === undefined || result.test === undefined) return "**nothing**";
  return `*${fileName(result.file).replace(/\.test\.ts$/, "")}*: ${result.test.replaceAll("|", "\\|")}`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
