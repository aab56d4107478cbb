/**
 * Errors on their way from a worker to a page.
 *
 * @module
 */
import { AssertionError, RealmError, SchemaParseError } from "../errors.ts";

/** What of an error travels. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly cause?: Failure;
}

/** Takes an error apart. */
export function failureOf(error: unknown): Failure {
  const { name, message, code, cause } = (error instanceof Error ? error : new Error(String(error))) as Error & { code?: unknown };
  return { name, message, ...(typeof code === "string" ? { code } : {}), ...(cause === undefined ? {} : { cause: failureOf(cause) }) };
}

type ErrorClass = new (message: string) => Error;

/** Errors that are caught by their class. Others keep their name, code and message. */
const CLASSES: Readonly<Record<string, ErrorClass>> = { TypeError, RangeError, SyntaxError };

/** Puts an error together again: of the same class where a page has it. */
export function errorOf(failure: Failure): Error {
  const error = emptyError(failure);
  Object.defineProperty(error, "name", { value: failure.name, configurable: true, writable: true });
  if (failure.code !== undefined) Object.defineProperty(error, "code", { value: failure.code, configurable: true, enumerable: true, writable: true });
  if (failure.cause !== undefined) Object.defineProperty(error, "cause", { value: errorOf(failure.cause), configurable: true, writable: true });
  return error;
}

function emptyError({ name, message, code }: Failure): Error {
  const known = CLASSES[name];
  if (known !== undefined) return new known(message);
  if (name.endsWith("AssertionError")) return new AssertionError(message);
  if (name.endsWith("ParseError")) return new SchemaParseError(message);
  // Errors of the engine, of queries and of keys have a code as well.
  return code === undefined ? new Error(message) : new RealmError(code, message);
}
