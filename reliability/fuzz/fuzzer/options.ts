/**
 * The command line.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What to run. */
export interface FuzzOptions {
  readonly targets: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  readonly jobs: number;
  readonly isKept: boolean;
  readonly isJson: boolean;
}

/** Reads the arguments. @throws {RangeError} For a target or a number that is none. */
export function readOptions(args: readonly string[], known: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", multiple: true },
      seconds: { type: "string", default: "60" },
      seed: { type: "string" },
      jobs: { type: "string", default: "1" },
      keep: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const targets = (values.target ?? known).flatMap((names) => names.split(","));
  for (const name of targets) if (!known.includes(name)) throw new RangeError(`there is no target ${name}; there are ${known.join(", ")}`);
  return {
    targets,
    seconds: numberOf("seconds", values.seconds),
    seed: values.seed === undefined ? Date.now() % 1_000_000_000 : numberOf("seed", values.seed),
    jobs: numberOf("jobs", values.jobs),
    isKept: values.keep,
    isJson: values.json,
  };
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`--${name} needs a positive number, got ${text}`);
  return value;
}
