/**
 * `npm run kills -- --kills N [--seed S] [--form plain|encrypted|both] [--only WORD,...] [--parallel N] [--json]`: `kill -9` of real processes on
 * real files, one or several at once, and what must hold afterwards.
 *
 * The seed chooses crews, victims and moments. The machine's scheduler has a say in what a moment hits, so a seed makes a run
 * like the one before, not the same one.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { progress } from "@clack/prompts";
import { ACTIVITIES } from "./src/activities.ts";
import { run } from "./src/run.ts";
import type { Form } from "./src/session.ts";
import { countsOf, tableOf } from "./src/table.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    form: { type: "string", default: "both" },
    parallel: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});

const FORMS: Readonly<Record<string, readonly Form[]>> = { plain: ["plain"], encrypted: ["encrypted"], both: ["plain", "encrypted"] };

function numberOf(name: "kills" | "seed" | "parallel"): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name}: expected a whole number from 1 on, got "${values[name]}"`);
  return number;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const [kills, seed] = [numberOf("kills"), numberOf("seed")];
const forms = FORMS[values.form];
if (forms === undefined) throw new RangeError(`--form: expected plain, encrypted or both, got "${values.form}"`);
const activities = ACTIVITIES.filter(({ name }) => values.only.split(",").some((word) => name.includes(word)));
if (activities.length === 0) throw new RangeError(`--only: no activity has "${values.only}" in its name: ${ACTIVITIES.map(({ name }) => name).join(", ")}`);

const bar = process.stdout.isTTY && !values.json ? progress({ max: kills, size: 40 }) : undefined;
bar?.start(`${kills} kills, seed ${seed}`);
const startedAt = performance.now();
// Stopped by hand, it says what it has found so far.
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());
const rows = await run({ kills, seed, forms, activities, parallel: numberOf("parallel"), signal: stop.signal, onKills: (count) => bar?.advance(count) });
const seconds = Math.round((performance.now() - startedAt) / 1000);
bar?.stop(`${seconds} s`);

const { passed, failed } = countsOf(rows);
if (values.json) print(JSON.stringify({ kills: passed, seed, forms, seconds, rows }, undefined, 2));
else {
  print(`seed ${seed}, ${seconds} s, Node ${process.versions.node}, ${process.platform} ${process.arch}`);
  for (const line of tableOf(rows)) print(line);
  for (const row of rows) for (const failure of row.failures) print(`FAILED ${row.activity}, ${row.form}: ${failure}`);
}
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
