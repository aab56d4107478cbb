/**
 * Suites and how one is run over one platform.
 *
 * @module
 */
import { CAPABILITIES, type Capability, type RealmPlatform } from "./platform.ts";
import { createRandom, seededBytes, type Random } from "./random.ts";

/** Which kind of file a suite runs over: one after the other, or both together where it compares or converts them. */
export type Form = "plain" | "encrypted" | "plain and encrypted";

/** A check that passed or failed. */
export interface CheckResult {
  readonly title: string;
  readonly failure: string | undefined;
}

/** A measured number, always shown, whatever the verdict. */
export interface Figure {
  readonly title: string;
  readonly text: string;
}

/** What came of a suite over one platform in one form. */
export interface SuiteResult {
  readonly suite: string;
  readonly form: Form;
  readonly seed: number;
  readonly status: "passed" | "failed" | "not run" | "does not apply";
  /** Why it was not run, or does not apply. */
  readonly reason: string | undefined;
  readonly checks: readonly CheckResult[];
  readonly figures: readonly Figure[];
  /** Goals that were not reached without being a failure: a figure over its bound but inside the noise. */
  readonly misses: readonly string[];
}

/** What a suite's function is handed. */
export interface SuiteContext {
  readonly platform: RealmPlatform;
  readonly form: Form;
  /** The key of this form; `undefined` in the plain one. */
  readonly key: Uint8Array | undefined;
  readonly random: Random;
  /** True for the long form: a million objects, more rounds. */
  readonly isLong: boolean;
  /** True for the brief form: the same checks with fewer objects and rounds than the short one, for the other runtimes of a system. */
  readonly isBrief: boolean;
  /** Runs one check; a failure is recorded and the suite goes on. The path is a fresh one in an empty folder. */
  check(title: string, action: (path: string) => Promise<void> | void): Promise<void>;
  figure(title: string, text: string): void;
  miss(sentence: string): void;
}

/** A suite: checks over any platform that has what it needs. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly forms: readonly Form[];
  readonly needs: readonly Capability[];
  /** Why it does not apply to a platform without what it needs; absent if such a platform lacks a promise. */
  readonly inapplicable?: string;
  run(context: SuiteContext): Promise<void>;
}

/** How suites are run. */
export interface RunOptions {
  readonly seed: number;
  readonly isLong: boolean;
  readonly isBrief?: boolean;
  /** Runs only the checks whose titles match. */
  readonly checks?: RegExp;
}

/** Runs a suite over a platform in one form. Never throws: what went wrong is in the result. */
export async function runSuite(suite: Suite, form: Form, platform: RealmPlatform, options: RunOptions): Promise<SuiteResult> {
  const missing = suite.needs.filter((name) => platform[name] === undefined);
  const identity = { suite: suite.name, form, seed: options.seed };
  if (missing.length > 0 && suite.inapplicable !== undefined) return { ...identity, status: "does not apply", reason: suite.inapplicable, checks: [], figures: [], misses: [] };
  if (missing.length > 0) {
    const reason = missing.map((name) => `the platform has no "${name}" (${CAPABILITIES[name]})`).join("; ");
    return { ...identity, status: "not run", reason, checks: [], figures: [], misses: [] };
  }
  const recorder = createRecorder(form, platform, options);
  try {
    await suite.run(recorder.context);
  } catch (error) {
    recorder.checks.push({ title: "the suite runs to its end", failure: describe(error) });
  }
  // A suite that checked nothing has shown nothing.
  if (recorder.checks.length === 0) recorder.checks.push({ title: "the suite checks something", failure: "no check ran" });
  const status = recorder.checks.some((check) => check.failure !== undefined) ? "failed" : "passed";
  return { ...identity, status, reason: undefined, checks: recorder.checks, figures: recorder.figures, misses: recorder.misses };
}

interface Recorder {
  readonly context: SuiteContext;
  readonly checks: CheckResult[];
  readonly figures: Figure[];
  readonly misses: string[];
}

function createRecorder(form: Form, platform: RealmPlatform, options: RunOptions): Recorder {
  const checks: CheckResult[] = [];
  const figures: Figure[] = [];
  const misses: string[] = [];
  const context: SuiteContext = {
    platform,
    form,
    key: form === "plain" ? undefined : seededBytes(0xc0ffee, 64),
    random: createRandom(options.seed),
    isLong: options.isLong,
    isBrief: options.isBrief === true,
    async check(title, action) {
      if (options.checks?.test(title) === false) return;
      let failure: string | undefined;
      try {
        await action(platform.join(platform.temporaryFolder(), "test.realm"));
      } catch (error) {
        failure = describe(error);
      }
      checks.push({ title, failure });
      await platform.cleanUp();
    },
    figure: (title, text) => void figures.push({ title, text }),
    miss: (sentence) => void misses.push(sentence),
  };
  return { context, checks, figures, misses };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? ` ${String(error.code)}` : "";
  return error.name === "ClaimError" ? error.message : `${error.name}${code}: ${error.message}`;
}

/** The amount of work for the form of the run. */
export function amountFor(context: SuiteContext, amounts: { readonly brief: number; readonly short: number; readonly long: number }): number {
  if (context.isLong) return amounts.long;
  return context.isBrief ? amounts.brief : amounts.short;
}
