/**
 * The server runtimes that are run beside the Node that runs the suites: exact versions, as packages that hold a program and no install script.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { NotRun } from "../platform.ts";

/** One runtime and where its program is. */
export interface ServerRuntime {
  readonly name: string;
  /** As it stands in this package's optional dependencies. */
  readonly packageName: string;
  /** The program inside the package. */
  readonly program: string;
  /** What comes before the name of a script. */
  readonly options: readonly string[];
}

/** A command that runs a script, whose name and arguments are added. */
export type RuntimeCommand = readonly [program: string, ...options: string[]];

/** Every one of them, in the report's order. */
export const SERVER_RUNTIMES: readonly ServerRuntime[] = [
  { name: "Node 22", packageName: "node-22-linux-x64", program: "bin/node", options: [] },
  { name: "Node 26", packageName: "node-26-linux-x64", program: "bin/node", options: [] },
  { name: "Bun", packageName: "@oven/bun-linux-x64", program: "bin/bun", options: [] },
  { name: "Deno", packageName: "@deno/linux-x64-glibc", program: "deno", options: ["run", "--allow-all"] },
];

/** The command that runs a script in the runtime, or why this machine has none. */
export function findRuntime(runtime: ServerRuntime): RuntimeCommand | NotRun {
  if (process.platform !== "linux" || process.arch !== "x64") return { reason: "its packages are listed for Linux on x64 alone" };
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve(`${runtime.packageName}/package.json`);
  } catch {
    return { reason: `its package ${runtime.packageName} is not installed`, isMissing: true };
  }
  const program = join(dirname(manifest), runtime.program);
  if (!existsSync(program)) return { reason: `its package ${runtime.packageName} holds no program`, isMissing: true };
  return [program, ...runtime.options];
}

/** A child that warns of experiments has complained, to a suite. Handed on to children. */
export const QUIET = "--disable-warning=ExperimentalWarning";

/** The command that runs a script in the runtime of this very process. */
export function ownCommand(): RuntimeCommand {
  if (process.versions["deno"] !== undefined) return [process.execPath, "run", "--allow-all"];
  return [process.execPath, ...process.execArgv.filter((option) => option === QUIET)];
}

/** Runtime and version of this process. */
export function ownRuntime(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${node}` : `Deno ${deno}`;
}
