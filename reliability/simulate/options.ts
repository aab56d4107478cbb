/**
 * What `npm run simulate` understands.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** Shown for `--help` and after a mistake. */
export const USAGE = `npm run simulate -- [options]

  --seeds N        histories to run, each once per form (default 20)
  --from SEED      the first seed (default 1)
  --points N       stop when this many crash points have been checked, however many seeds that takes
  --seed S         run this one seed only and say what happens, step by step
  --without LIST   leave steps out of it: 0.3,1.12 (what a failure prints)
  --form FORM      plain, encrypted or both (default both)
  --jobs N         processors to use (default 1)
  --short          the short form of the tests: a fixed range of seeds, at most a minute on two cores
  --json           print the result as JSON`;

/** A mistake in the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type Form = "plain" | "encrypted";

export interface SimulateOptions {
  readonly seeds: number;
  readonly from: number;
  readonly points: number | undefined;
  readonly seed: number | undefined;
  readonly without: ReadonlySet<string>;
  readonly forms: readonly Form[];
  readonly jobs: number;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): SimulateOptions {
  const { values } = parse(args);
  const seed = values.seed === undefined ? undefined : whole("--seed", values.seed);
  const isShort = values.short === true;
  const form = values.form ?? "both";
  if (form !== "plain" && form !== "encrypted" && form !== "both") throw new UsageError(`--form is plain, encrypted or both, not ${form}`);
  return {
    seeds: isShort ? SHORT_SEEDS : whole("--seeds", values.seeds ?? (values.points === undefined ? "20" : "1000000000")),
    from: whole("--from", values.from ?? "1"),
    points: values.points === undefined ? undefined : whole("--points", values.points),
    seed,
    without: new Set((values.without ?? "").split(",").filter((part) => part !== "")),
    forms: form === "both" ? ["plain", "encrypted"] : [form],
    jobs: isShort && values.jobs === undefined ? 2 : Math.max(1, whole("--jobs", values.jobs ?? "1")),
    isJson: values.json === true,
    isHelp: values.help === true,
  };
}

/** About 20,000 crash points. */
const SHORT_SEEDS = 40;

type Values = Partial<Record<"seeds" | "from" | "points" | "seed" | "without" | "form" | "jobs", string>> & Partial<Record<"short" | "json" | "help", boolean>>;

function parse(args: readonly string[]): { values: Values } {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({ args: [...args], options: { seeds: text, from: text, points: text, seed: text, without: text, form: text, jobs: text, short: flag, json: flag, help: flag } });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function whole(name: string, text: string): number {
  if (!/^\d{1,15}$/u.test(text)) throw new UsageError(`${name} is a whole number, not ${text}`);
  return Number(text);
}
