/**
 * What a deliberate fault is, as data.
 *
 * @module
 */

/** One fault, put into a copy of the sources. */
export interface Mutant {
  readonly name: string;
  /** The fault in one sentence. */
  readonly fault: string;
  /** Relative to `packages/`. */
  readonly file: string;
  /** Stands in the file exactly once; if it does not, the list has to follow the sources. */
  readonly find: string;
  readonly replace: string;
  /** Test files that are expected to catch it, relative to `packages/`. */
  readonly tests: readonly string[];
  /** Beginning of the full name of the test, in the first of the files, that catches it within seconds: then it is part of the short run. */
  readonly quickTest?: string;
}

/** Applies a fault to a source. @throws if its text is not there exactly once, or it changes nothing. */
export function mutate(source: string, mutant: Mutant): string {
  const count = source.split(mutant.find).length - 1;
  if (count !== 1) throw new Error(`${mutant.name}: its text stands ${count} times in packages/${mutant.file}, not once. The source has changed: write the fault anew`);
  const mutated = source.replace(mutant.find, () => mutant.replace);
  if (mutated === source) throw new Error(`${mutant.name}: changes nothing`);
  return mutated;
}
