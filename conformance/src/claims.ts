/**
 * What a check may claim. A claim that does not hold throws, and the check it stands in has failed.
 *
 * @module
 */

/** A claim that did not hold. */
export class ClaimError extends Error {
  override readonly name = "ClaimError";
}

/** Claims that a condition holds. */
export function claim(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new ClaimError(sentence);
}

/** Claims that two values are equal, compared by their JSON. */
export function claimEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  claim(found === wanted, `${what}: expected ${shorten(wanted)}, found ${shorten(found)}`);
}

/** What a refused call must look like. */
export interface Refusal {
  /** One of these stable codes. */
  readonly codes?: readonly string[];
  readonly message?: RegExp;
  /** The kinds of error of a caller's mistake. */
  readonly isCallersMistake?: boolean;
}

/** An error as the suites see it. */
export interface RefusalError extends Error {
  readonly code?: unknown;
}

/** Claims that an action is refused, at once or through its promise, with an error of the given look. */
export async function claimRefused(what: string, action: () => unknown, refusal: Refusal): Promise<RefusalError> {
  const error = await refusalOf(what, action);
  const found = `${error.name} ${String(error.code)}: ${error.message}`;
  claim(typeof error.code === "string" && /^[A-Z][A-Z0-9_]+$/.test(error.code), `${what}: the error has no stable code (${found})`);
  if (refusal.codes !== undefined) {
    claim(refusal.codes.includes(error.code), `${what}: expected code ${refusal.codes.join(" or ")}, found ${found}`);
  }
  if (refusal.message !== undefined) {
    claim(refusal.message.test(error.message), `${what}: expected a message like ${refusal.message}, found ${found}`);
  }
  if (refusal.isCallersMistake === true) {
    // Realm's own class for a value of the wrong type stands beside the language's two.
    const isMistake = error instanceof TypeError || error instanceof RangeError || error.name === "TypeAssertionError";
    claim(isMistake, `${what}: expected a TypeError or RangeError, found ${found}`);
  }
  return error;
}

async function refusalOf(what: string, action: () => unknown): Promise<RefusalError> {
  try {
    const result: unknown = await action();
    closeIfOpen(result);
  } catch (error) {
    claim(error instanceof Error, `${what}: threw something that is no Error`);
    return error as RefusalError;
  }
  throw new ClaimError(`${what}: was accepted, and must be refused`);
}

/** A realm that should not have opened must not stay open and spoil the next check. */
function closeIfOpen(result: unknown): void {
  if (typeof result === "object" && result !== null && "close" in result && typeof result.close === "function") {
    result.close();
  }
}

/**
 * Where a text gives away part of a key: three or more neighbouring bytes as hex, as base64 or as a list of numbers.
 *
 * @returns What was found, or `undefined`.
 */
export function keyLeakIn(text: string, key: Uint8Array): string | undefined {
  const lower = text.toLowerCase();
  for (let start = 0; start + 4 <= key.length; start += 1) {
    const bytes = [...key.subarray(start, start + 4)];
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
    for (const separator of ["", " ", ":", ", "]) {
      if (lower.includes(hex.join(separator))) return `bytes ${start}-${start + 3} of the key as hex`;
    }
    for (const separator of [",", ", ", " "]) {
      if (text.includes(bytes.slice(0, 3).join(separator))) return `bytes ${start}-${start + 2} of the key as numbers`;
    }
    if (start + 6 <= key.length && text.includes(btoa(String.fromCharCode(...key.subarray(start, start + 6))))) {
      return `bytes ${start}-${start + 5} of the key as base64`;
    }
  }
  return undefined;
}

function shorten(text: string | undefined): string {
  const whole = text ?? "undefined";
  return whole.length > 200 ? `${whole.slice(0, 200)}…` : whole;
}
