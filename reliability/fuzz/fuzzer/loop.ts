/**
 * The search: change an input, run it, keep it if it went somewhere new.
 *
 * @module
 */
import type { FuzzTarget } from "../target.ts";
import { Corpus } from "./corpus.ts";
import { signatureOf, tryInput } from "./failure.ts";
import type { Failure } from "./failure.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { runtime } from "./runtime.ts";
import { shrink } from "./shrink.ts";

/** How to search. */
export interface SearchOptions {
  readonly target: FuzzTarget;
  readonly seed: number;
  readonly inputs: readonly Uint8Array[];
  readonly dictionary: readonly Uint8Array[];
  /** Ends the search, whichever comes first. */
  readonly seconds: number;
  readonly executions: number;
  /** Ends the search too. */
  readonly maxFailures: number;
  /** False: every input is a change of one of `inputs`, whatever it reached. To show what guidance is worth. */
  readonly isGuided: boolean;
  /** Told before each input, so that it is known if the process dies of it. */
  readonly onInput?: (input: Uint8Array) => void;
  readonly onFailure?: (failure: Failure) => void;
}

/** What a search found. */
export interface SearchReport {
  readonly executions: number;
  readonly seconds: number;
  readonly edges: number;
  readonly features: number;
  readonly branches: number;
  readonly failures: readonly Failure[];
  /** Inputs that together reach all that was reached. */
  readonly corpus: readonly Uint8Array[];
  /** The execution in which the first failure came; 0 without one. */
  readonly firstFailureAt: number;
}

/** More resident memory than this between inputs is a leak. */
const MAX_RESIDENT_BYTES = 2 * 1024 ** 3;

/** Searches. */
export function search(options: SearchOptions): Promise<SearchReport> {
  return new Search(options).run();
}

class Search {
  readonly #options: SearchOptions;
  readonly #random: Random;
  readonly #corpus: Corpus;
  readonly #failures = new Map<string, Failure>();
  #executions = 0;
  #firstFailureAt = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#corpus = new Corpus(runtime().hits.length);
  }

  async run(): Promise<SearchReport> {
    const { target, inputs, seconds, executions } = this.#options;
    const start = performance.now();
    const end = start + seconds * 1000;
    for (const input of [...target.seeds(), ...inputs]) this.#try(input.slice(0, target.maxBytes), true);
    if (this.#corpus.entries.length === 0) this.#corpus.entries.push({ input: new Uint8Array(0), features: new Uint32Array(0), picks: 0 });
    while (this.#executions < executions && performance.now() < end && this.#failures.size < this.#options.maxFailures) {
      this.#try(this.#nextInput(), this.#options.isGuided);
      if (this.#executions % 512 !== 0) continue;
      // What a weak reference has seen is kept until the turn of the event loop ends (ECMAScript, 9.10.3 ClearKeptObjects).
      await new Promise(setImmediate);
      this.#checkMemory();
    }
    return {
      executions: this.#executions,
      seconds: (performance.now() - start) / 1000,
      edges: this.#corpus.branches,
      features: this.#corpus.features,
      branches: runtime().branches,
      failures: [...this.#failures.values()],
      corpus: this.#corpus.minimised().map((entry) => entry.input),
      firstFailureAt: this.#firstFailureAt,
    };
  }

  #nextInput(): Uint8Array {
    const { target, dictionary } = this.#options;
    const random = this.#random;
    const { input } = this.#corpus.pick(random);
    const isGrammatical = target.mutate !== undefined && random.oneIn(2);
    let bytes = isGrammatical ? (target.mutate as NonNullable<FuzzTarget["mutate"]>)(input, random) : input;
    if (!isGrammatical || random.oneIn(4)) {
      bytes = mutate(bytes, random, { dictionary, other: () => random.pick(this.#corpus.entries).input, maxBytes: target.maxBytes });
    }
    return bytes.length > target.maxBytes ? bytes.slice(0, target.maxBytes) : bytes;
  }

  #try(input: Uint8Array, isOffered: boolean): void {
    const { target, onInput } = this.#options;
    onInput?.(input);
    this.#executions++;
    const problem = tryInput(target, input);
    if (problem !== undefined) this.#note(problem, input);
    else if (isOffered) this.#corpus.offer(input, runtime().hits, runtime().branches);
  }

  #note(problem: unknown, input: Uint8Array): void {
    const signature = signatureOf(problem);
    if (this.#failures.has(signature)) return;
    if (this.#firstFailureAt === 0) this.#firstFailureAt = this.#executions;
    const { target, onInput, onFailure } = this.#options;
    const shrunk = shrink(input, (candidate) => {
      onInput?.(candidate);
      const again = tryInput(target, candidate);
      return again !== undefined && signatureOf(again) === signature;
    });
    const message = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
    const failure = { signature, message, input: shrunk };
    this.#failures.set(signature, failure);
    onFailure?.(failure);
  }

  #checkMemory(): void {
    if (process.memoryUsage.rss() < MAX_RESIDENT_BYTES) return;
    this.#failures.set("MEMORY_KEPT", { signature: "MEMORY_KEPT", message: `more than ${MAX_RESIDENT_BYTES} bytes are resident between two inputs`, input: new Uint8Array(0) });
  }
}
