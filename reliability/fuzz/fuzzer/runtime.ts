/**
 * What instrumented code counts into: how often each branch was taken, and what the run may still use up.
 *
 * The counters live on `globalThis` because instrumented modules are loaded with nothing but their own imports.
 *
 * @module
 */

/** Room for counters; loading more branches than this is an error. */
const MAX_BRANCHES = 65_536;

/** Steps and bytes are counted, not timed: the same input uses the same amount on every machine. */
export interface Limits {
  /** Calls and turns of loops. */
  readonly steps: number;
  /** Bytes of typed arrays and elements of arrays that the code allocates by a length. */
  readonly bytes: number;
}

/** Thrown inside instrumented code that used up its steps or bytes. */
export class LimitError extends Error {
  override readonly name = "LimitError";
  readonly code: "STEPS_EXCEEDED" | "BYTES_EXCEEDED";
  constructor(code: "STEPS_EXCEEDED" | "BYTES_EXCEEDED") {
    super(code === "STEPS_EXCEEDED" ? "the input takes more steps than an input may" : "the input allocates more memory than an input may");
    this.code = code;
  }
}

/** The counters of one process. */
export class Runtime {
  /** One counter for each branch. */
  readonly hits: Uint32Array = new Uint32Array(MAX_BRANCHES);
  /** Steps that are left. */
  readonly fuel: Int32Array = Int32Array.of(0x7fff_ffff);
  #bytesLeft = Infinity;
  #exceeded: LimitError | undefined;
  branches = 0;

  /** Numbers for the branches of a module; gives the first. */
  reserve(count: number): number {
    const first = this.branches;
    this.branches += count;
    if (this.branches > MAX_BRANCHES) throw new RangeError(`more than ${MAX_BRANCHES} branches`);
    return first;
  }

  /** Before an input. */
  start(limits: Limits): void {
    this.hits.fill(0, 0, this.branches);
    this.fuel[0] = limits.steps;
    this.#bytesLeft = limits.bytes;
    this.#exceeded = undefined;
  }

  /** After an input: what limit it passed, even if the code caught the error. Lifts the limits. */
  finish(): LimitError | undefined {
    this.fuel[0] = 0x7fff_ffff;
    this.#bytesLeft = Infinity;
    return this.#exceeded;
  }

  /** Called by instrumented code whose steps are used up. */
  readonly outOfSteps = (): never => {
    // Code that swallows the error fails again at its next step.
    this.fuel[0] = 0;
    this.#exceeded ??= new LimitError("STEPS_EXCEEDED");
    throw this.#exceeded;
  };

  /** Called by instrumented code with the argument of a typed array's or array's constructor. */
  readonly allocate = (size: unknown): unknown => {
    if (typeof size !== "number") return size;
    this.#bytesLeft -= size;
    if (this.#bytesLeft >= 0) return size;
    this.#exceeded ??= new LimitError("BYTES_EXCEEDED");
    throw this.#exceeded;
  };
}

/** The names that instrumented code knows its counters by. */
export const GLOBAL_NAME = "__holdfastFuzz";

/** The one runtime of this process; made on first use. */
export function runtime(): Runtime {
  const holder = globalThis as unknown as Record<string, Runtime | undefined>;
  const known = holder[GLOBAL_NAME] ?? new Runtime();
  holder[GLOBAL_NAME] = known;
  return known;
}
