/**
 * When an error is a failure, and when two failures are one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { FuzzTarget } from "../target.ts";
import { LimitError, runtime } from "./runtime.ts";

/** Errors that have a code but must not reach an application. */
const INTERNAL_NAMES: ReadonlySet<string> = new Set(["VolumeError", "UnitError", "PromiseBroken", "LimitError"]);

/** True for the errors that docs/errors.md promises: one of our classes, or a TypeError or RangeError, with a code of ours. */
export function isCoded(error: unknown): boolean {
  if (!(error instanceof Error) || INTERNAL_NAMES.has(error.name)) return false;
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[A-Z][A-Z_]+$/.test(code) && !code.startsWith("ERR_") && hiddenCause(error) === undefined;
}

/** The engine wraps what a volume throws; a TypeError or the like inside such a wrapping is a mistake of its own. */
function hiddenCause(error: Error): Error | undefined {
  const { cause } = error;
  if (error.name !== "StoreError" || !(cause instanceof Error) || cause.name === "VolumeError" || isCoded(cause)) return undefined;
  return cause;
}

/** Runs something whose coded errors are right answers. @returns The error's code, or undefined if there was none. */
export function codeOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return (error as { code: string }).code;
  }
}

/** Something that went wrong with an input. */
export interface Failure {
  /** Equal for failures of one cause, as far as that can be told. */
  readonly signature: string;
  readonly message: string;
  readonly input: Uint8Array;
}

/** Runs a target on an input within its limits. @returns What went wrong. */
export function tryInput(target: FuzzTarget, input: Uint8Array): unknown {
  const counters = runtime();
  counters.start(target.limits);
  let problem: unknown;
  try {
    target.run(input);
  } catch (error) {
    problem = error ?? new TypeError("nothing was thrown as an error");
  }
  return counters.finish() ?? problem;
}

/** What makes two problems one: class, code and where it was thrown, without the numbers of the case. */
export function signatureOf(problem: unknown): string {
  if (!(problem instanceof Error)) return `not an error: ${typeof problem}`;
  const hidden = hiddenCause(problem);
  if (hidden !== undefined) return signatureOf(hidden);
  const code = (problem as { code?: unknown }).code;
  if (problem.name === "PromiseBroken") return String(code);
  const where = placeOf(problem);
  if (problem instanceof LimitError) return `${problem.code} in ${where}`;
  const message = problem.message.replaceAll(/\d+/g, "N").slice(0, 80);
  return `${problem.name} ${typeof code === "string" ? code : message} in ${where}`;
}

/** The first function of ours in the stack. */
function placeOf(error: Error): string {
  for (const line of (error.stack ?? "").split("\n")) {
    const match = /at (?:new )?(\S+) \(.*\/packages\/([^/]+\/src\/[^:]+):/.exec(line) ?? /at ()(?:.*)\/packages\/([^/]+\/src\/[^:]+):/.exec(line);
    if (match !== null) return `${match[1] === "" ? "" : `${String(match[1])} of `}${String(match[2])}`;
  }
  return "code outside the packages";
}

/** A short name for a crash file. */
export function crashName(signature: string): string {
  const words = signature.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 40);
  return `${words}-${createHash("sha256").update(signature).digest("hex").slice(0, 8)}`;
}
