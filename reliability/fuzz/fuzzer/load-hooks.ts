/**
 * Loads the packages' sources instrumented: types stripped, counters put in, and, for tests of the fuzzer itself, faults
 * planted.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { instrument } from "./instrument.ts";
import { runtime } from "./runtime.ts";

/** A deliberate mistake: `from`, which must stand exactly once in the file, becomes `to`. */
export interface Fault {
  /** The end of the file's path. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What to instrument and what to break. */
export interface LoadOptions {
  readonly faults?: readonly Fault[];
  /** False loads the code as it is: then there is no coverage to be guided by. */
  readonly isInstrumented?: boolean;
}

/** What was learned while modules were loaded. */
export interface Loaded {
  /** Strings and numbers of the instrumented sources, by the package or folder they stand in. */
  readonly literals: Map<string, Set<string | number>>;
}

const SOURCES = /\/packages\/([^/]+)\/src\/.*\.ts$|\/fuzz\/test\/(planted)\/[^/]*(?<!-target)\.ts$/;

/** From now on, modules of the packages are loaded instrumented. */
export function registerLoadHooks({ faults = [], isInstrumented = true }: LoadOptions = {}): Loaded {
  const literals = new Map<string, Set<string | number>>();
  const counters = runtime();
  registerHooks({
    load(url, context, nextLoad) {
      const match = url.startsWith("file:") ? SOURCES.exec(url) : null;
      if (match === null) return nextLoad(url, context);
      const text = plant(url, readFileSync(fileURLToPath(url), "utf8"), faults);
      const source = stripTypeScriptTypes(text);
      if (!isInstrumented) return { format: "module", source, shortCircuit: true };
      const result = instrument(source, (count) => counters.reserve(count));
      const area = match[1] ?? match[2] ?? "";
      const known = literals.get(area) ?? new Set();
      for (const literal of result.literals) known.add(literal);
      literals.set(area, known);
      return { format: "module", source: result.code, shortCircuit: true };
    },
  });
  return { literals };
}

function plant(url: string, source: string, faults: readonly Fault[]): string {
  let text = source;
  for (const { file, from, to } of faults) {
    if (!url.endsWith(file)) continue;
    if (text.split(from).length !== 2) throw new Error(`the text to break must stand once in ${file}: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}
