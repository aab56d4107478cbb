/**
 * An error of a page, on this side.
 *
 * @module
 */
import type { Failure } from "./client.ts";

/** Has the error's name, message, code, stack and causes. */
export function errorOf({ cause, message, ...others }: Failure): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause: errorOf(cause) }), others);
}
