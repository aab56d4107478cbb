/**
 * Arguments (`$0`, `$1` …) turned into constants.
 *
 * @module
 */
import type { Constant } from "./ast.ts";
import { QueryError } from "./errors.ts";
import { intConstant } from "./literals.ts";
import type { QueryClass } from "./schema-view.ts";

/**
 * Reads what only the host knows: its objects, its BSON classes. Undefined for anything else.
 * It may throw for a value that it knows and that no query can use.
 */
export type ArgumentReader = (argument: unknown) => Constant | undefined;

/**
 * The link to an object of a class by its primary key, or by the number of its row for `O7`. Undefined if the class has no key
 * of that type. Whether there is such an object does not matter: a link to nothing equals nothing.
 */
export type ObjectReader = (target: QueryClass, key: Constant, isRow: boolean) => Constant | undefined;

/** The argument with this index, or Realm's message if there is none. */
export function argumentAt(args: readonly unknown[], index: number): unknown {
  if (index < args.length) return args[index];
  const given = args.length === 0 ? "no arguments are provided" : `only ${String(args.length)} argument${args.length === 1 ? " is" : "s are"} provided`;
  throw new QueryError("QUERY_ARGUMENT_MISSING", `Request for argument at index ${String(index)} but ${given}`);
}

/**
 * The constant that an argument stands for. Lists are not constants: the caller looks for them first.
 *
 * @throws {QueryError} `QUERY_ARGUMENT_INVALID`, naming the argument and its kind.
 */
export function constantOfArgument(argument: unknown, label: string, reader: ArgumentReader | undefined): Constant {
  const own = reader?.(argument);
  if (own !== undefined) return own;
  if (argument === null || argument === undefined) return { type: "null" };
  if (typeof argument === "boolean") return { type: "bool", value: argument };
  if (typeof argument === "number") return { type: "double", value: argument, text: String(argument) };
  if (typeof argument === "bigint") return intConstant(String(argument));
  if (typeof argument === "string") return { type: "string", value: argument };
  if (argument instanceof Date) return dateConstant(argument, label);
  if (argument instanceof ArrayBuffer) return { type: "data", value: new Uint8Array(argument.slice(0)) };
  if (ArrayBuffer.isView(argument)) {
    return { type: "data", value: new Uint8Array(argument.buffer, argument.byteOffset, argument.byteLength).slice() };
  }
  const kind = Array.isArray(argument) ? "a list" : typeof argument === "object" ? "an object" : `a ${typeof argument}`;
  throw new QueryError("QUERY_ARGUMENT_INVALID", `Unable to use ${kind} as the argument ${label} of a query`);
}

function dateConstant(date: Date, label: string): Constant {
  const value = date.getTime();
  if (Number.isNaN(value)) throw new QueryError("QUERY_ARGUMENT_INVALID", `The argument ${label} is an invalid Date`);
  return { type: "date", value };
}
