/**
 * Functions of the application that its users call: what Atlas called functions.
 *
 * A caller is a user whose token was verified. What goes wrong inside a function stays in the server: the caller gets a code, the log gets
 * a code, nobody gets a stack.
 *
 * @module
 */
import { AuthError } from "./auth-error.ts";
import { RateLimit } from "./rate-limit.ts";
import type { RateLimitOptions } from "./rate-limit.ts";
import type { CustomData, Identity } from "./user-records.ts";

/** Who calls. */
export interface FunctionCaller {
  readonly id: string;
  readonly customData: CustomData;
  readonly profile: CustomData;
  readonly identities: readonly Identity[];
}

/** What a function gets before the caller's arguments. */
export interface FunctionContext {
  readonly user: FunctionCaller;
  /** Aborted when the time is over: the caller has been answered by then. */
  readonly signal: AbortSignal;
}

/** The work of a function. Dates in arguments and results are `Date`s; other BSON values are EJSON: `{ $oid: "..." }`. */
export type ServerFunctionBody = (context: FunctionContext, ...args: unknown[]) => unknown;

/** A function with what belongs to it. */
export interface ServerFunctionOptions {
  readonly run: ServerFunctionBody;
  /** Who may call it. Default: every user who is logged in. */
  readonly mayCall?: (user: FunctionCaller) => boolean | Promise<boolean>;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/** Functions by name. */
export type ServerFunctions = Readonly<Record<string, ServerFunctionBody | ServerFunctionOptions>>;

/** What a function throws to tell its caller something: the message is sent as it is. Everything else that it throws is not. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
}

/** Limits of all functions together. */
export interface FunctionLimits {
  /** Calls of one user. Default 60 at once, 600 a minute. */
  readonly perUser?: RateLimitOptions;
  /** Calls of one user that run at a time. Default 10. */
  readonly atOncePerUser?: number;
}

const TIMEOUT_MS = 30_000;
/** Most bytes of JSON that a result has. Arguments share the limit of all requests. */
const MAX_RESULT = 1_048_576;

/** Runs functions. */
export class FunctionRunner {
  readonly #functions: ReadonlyMap<string, ServerFunctionOptions>;
  readonly #rate: RateLimit;
  readonly #atOnce: number;
  readonly #running = new Map<string, number>();

  constructor(functions: ServerFunctions, limits: FunctionLimits, now: () => number) {
    this.#functions = new Map(Object.entries(functions).map(([name, given]) => [name, checked(name, given)]));
    this.#rate = new RateLimit(limits.perUser ?? { burst: 60, perMinute: 600 }, now);
    this.#atOnce = limits.atOncePerUser ?? 10;
  }

  /** Calls a function. @throws {AuthError} `FUNCTION_UNKNOWN`, `FUNCTION_REFUSED`, `FUNCTION_FAILED`, `RATE_LIMITED`, `REQUEST_INVALID` */
  async call(user: FunctionCaller, name: string, args: unknown): Promise<unknown> {
    this.#rate.take(user.id);
    if (!Array.isArray(args)) throw new AuthError("REQUEST_INVALID", "expected 'arguments' to be an array");
    const known = this.#functions.get(name);
    // One answer for "not there" and "not for you": names are nobody else's business.
    if (known === undefined || !(await mayCall(known, user))) throw new AuthError("FUNCTION_UNKNOWN", "there is no such function for this user");
    const running = this.#running.get(user.id) ?? 0;
    if (running >= this.#atOnce) throw new AuthError("RATE_LIMITED", "too many functions of this user are running: try again later", { retryAfterSeconds: 1 });
    this.#running.set(user.id, running + 1);
    try {
      return await this.#run(known, user, args.map(fromEjson));
    } finally {
      const left = (this.#running.get(user.id) ?? 1) - 1;
      if (left > 0) this.#running.set(user.id, left);
      else this.#running.delete(user.id);
    }
  }

  async #run({ run, timeoutMs = TIMEOUT_MS }: ServerFunctionOptions, user: FunctionCaller, args: readonly unknown[]): Promise<unknown> {
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new AuthError("FUNCTION_FAILED", "the function took too long"));
        aborter.abort();
      }, timeoutMs);
    });
    try {
      return checkedResult(await Promise.race([(async () => run({ user, signal: aborter.signal }, ...args))(), tooLate]));
    } catch (error) {
      if (error instanceof FunctionError) throw new AuthError("FUNCTION_REFUSED", error.message);
      if (error instanceof AuthError && error.code === "FUNCTION_FAILED") throw error;
      throw new AuthError("FUNCTION_FAILED", "the function has failed", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function checked(name: string, given: ServerFunctionBody | ServerFunctionOptions): ServerFunctionOptions {
  const options = typeof given === "function" ? { run: given } : given;
  if (!/^[\w./-]{1,100}$/u.test(name)) throw new AuthError("AUTH_CONFIGURATION_INVALID", "the name of a function has 1 to 100 letters, digits and . / - _");
  if (typeof options?.run !== "function") throw new AuthError("AUTH_CONFIGURATION_INVALID", `function ${name}: expected a function, or an object with 'run'`);
  return options;
}

async function mayCall({ mayCall: rule }: ServerFunctionOptions, user: FunctionCaller): Promise<boolean> {
  if (rule === undefined) return true;
  try {
    return (await rule(user)) === true;
  } catch (error) {
    throw new AuthError("FUNCTION_FAILED", "the function has failed", { cause: error });
  }
}

/** @throws {AuthError} `FUNCTION_FAILED` for what JSON cannot hold, or too much of it. */
function checkedResult(value: unknown): unknown {
  const result = toEjson(value, 0);
  const length = result === undefined ? 0 : Buffer.byteLength(JSON.stringify(result));
  if (length > MAX_RESULT) throw new AuthError("FUNCTION_FAILED", `the function's result has more than ${MAX_RESULT} bytes`);
  return result;
}

const MAX_DEPTH = 64;

function toEjson(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new AuthError("FUNCTION_FAILED", "the function's result is nested too deeply");
  if (value instanceof Date) return { $date: value.toISOString() };
  if (typeof value === "bigint") return { $numberLong: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $numberDouble: Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity" };
  if (Array.isArray(value)) return value.map((element) => toEjson(element ?? null, depth + 1));
  if (typeof value !== "object" || value === null) return typeof value === "function" || typeof value === "symbol" ? undefined : value;
  // What knows its own form (an ObjectId, a Decimal128 of some BSON library) says it.
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return (toJSON as () => unknown).call(value);
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, toEjson(element, depth + 1)]));
}

function fromEjson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromEjson);
  if (typeof value !== "object" || value === null) return value;
  const { $date } = value as { $date?: unknown };
  if (typeof $date === "string" && Object.keys(value).length === 1) return new Date($date);
  // No prototype of the caller's choosing.
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, fromEjson(element)]));
}
