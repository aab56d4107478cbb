/**
 * `npm run secrets`: looks for key bytes and plaintext where none may be.
 *
 *     npm run secrets -- [--only WORD] [--short]
 *
 * `--short` is what `npm test` runs.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Check } from "./check.ts";
import { coreChecks } from "./core-dump.ts";
import { errorChecks } from "./errors.ts";
import { fileChecks } from "./files.ts";
import { inspectChecks } from "./inspect.ts";
import { memoryChecks } from "./memory.ts";

const { values } = parseArgs({ options: { only: { type: "string" }, short: { type: "boolean", default: false } } });
const checks: readonly Check[] = [...fileChecks, ...errorChecks, ...inspectChecks, ...memoryChecks, ...coreChecks].filter(({ name, isShort }) => (values.only === undefined || name.includes(values.only)) && (!values.short || isShort === true));

let [passed, failed, missing] = [0, 0, 0];
for (const check of checks) {
  const reason = check.missing?.();
  if (reason !== undefined) {
    missing++;
    process.stdout.write(`not run  ${check.name}: ${reason}\n`);
    continue;
  }
  const figures: string[] = [];
  const failure = await failureOf(check, figures);
  if (failure === undefined) passed++;
  else failed++;
  process.stdout.write(`${failure === undefined ? "passed" : "FAILED"}   ${check.name}\n`);
  for (const figure of figures) process.stdout.write(`         ${figure}\n`);
  if (failure !== undefined) process.stdout.write(`         ${failure}\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed${missing === 0 ? "" : `, ${missing} not run`}\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function failureOf(check: Check, figures: string[]): Promise<string | undefined> {
  try {
    await check.run((figure) => void figures.push(figure));
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
