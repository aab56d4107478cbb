/**
 * What every part of the checker is handed, and the small lookups that all of them make.
 *
 * @module
 */
import { argumentAt, constantOfArgument } from "./arguments.ts";
import type { ArgumentReader, ObjectReader } from "./arguments.ts";
import type { ArgumentReference, Constant, ConstantExpression, Expression } from "./ast.ts";
import type { CheckedPath, CheckedPredicate } from "./checked.ts";
import { QueryError } from "./errors.ts";
import type { Predicate } from "./ast.ts";
import type { QueryClass, QuerySchema } from "./schema-view.ts";

/** Where a path starts, and where the classes that it touches are noted. */
export interface PathContext {
  readonly schema: QuerySchema;
  readonly className: string;
  readonly classNames: Set<string>;
  /** For `[$0]` and `$K0`. */
  readonly args?: readonly unknown[];
  /** The variable of a SUBQUERY, which stands for the object itself. */
  readonly variable?: string;
}

/** Everything that a condition is checked against. */
export interface Context extends PathContext {
  readonly args: readonly unknown[];
  readonly readArgument: ArgumentReader | undefined;
  readonly readObject: ObjectReader | undefined;
  /** The checker itself, for the condition of a SUBQUERY. */
  readonly checkPredicate: (predicate: Predicate, context: Context) => CheckedPredicate;
}

/** A constant, and whether it stood in the text. */
export interface ReadConstant {
  readonly constant: Constant;
  readonly isLiteral: boolean;
}

/** The class with this name. @throws {QueryError} `QUERY_PROPERTY_UNKNOWN` */
export function classNamed(schema: QuerySchema, name: string): QueryClass {
  const found = schema.findClass(name);
  if (found === undefined) throw new QueryError("QUERY_PROPERTY_UNKNOWN", `Object type '${name}' not found in schema.`);
  return found;
}

/** True for what has the same value for every object. */
export function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case "constant":
    case "argument":
    case "list":
    case "object":
      return true;
    case "arithmetic":
      return isConstant(expression.left) && isConstant(expression.right);
    default:
      return false;
  }
}

/** One constant. `target` is the path that it is compared with, which an `O7` takes its class from. */
export function readConstant(expression: ConstantExpression, target: CheckedPath | undefined, context: Context): ReadConstant {
  switch (expression.kind) {
    case "constant":
      return { constant: expression.value, isLiteral: true };
    case "argument": {
      const argument = argumentAt(context.args, expression.index);
      if (isListArgument(argument)) throw new QueryError("QUERY_INVALID", "Invalid constant inside constant list");
      return { constant: constantOfArgument(argument, `$${String(expression.index)}`, context.readArgument), isLiteral: false };
    }
    case "object": {
      const { constant } = readConstant(expression.key, target, context);
      return { constant: readObject(expression.className, constant, target, context), isLiteral: true };
    }
  }
}

function readObject(name: string | undefined, key: Constant, target: CheckedPath | undefined, context: Context): Constant {
  const className = name ?? target?.property.objectType;
  if (className === undefined) throw new QueryError("QUERY_INVALID", "An object by its number can only be compared with a link");
  const found = context.schema.findClass(className);
  if (found === undefined) throw new QueryError("QUERY_INVALID", `Unknown object type '${className}'`);
  const object = context.readObject?.(found, key, name === undefined);
  if (object !== undefined) return object;
  const message = name === undefined ? `'${className}' has a primary key: write obj('${className}', key)` : `'${className}' has no object with a key of type '${key.type}'`;
  throw new QueryError("QUERY_INVALID", message);
}

/** The constants of `{…}` or of a list argument; undefined for anything that is no list. */
export function listElements(expression: Expression, target: CheckedPath | undefined, context: Context): ReadConstant[] | undefined {
  if (expression.kind === "list") return expression.elements.map((element) => readConstant(element, target, context));
  if (expression.kind !== "argument") return undefined;
  const argument = argumentAt(context.args, expression.index);
  if (!isListArgument(argument)) return undefined;
  const label = `$${String(expression.index)}`;
  return Array.from(argument, (element) => ({ constant: constantOfArgument(element, label, context.readArgument), isLiteral: false }));
}

/** Arrays, sets and the collections of a host; strings and bytes can be iterated too but are single values. */
export function isListArgument(argument: unknown): argument is Iterable<unknown> {
  if (Array.isArray(argument)) return true;
  if (typeof argument !== "object" || argument === null || ArrayBuffer.isView(argument)) return false;
  return Symbol.iterator in argument;
}

/** The number that a coordinate is. @throws {QueryError} `QUERY_ARGUMENT_INVALID` */
export function coordinateOf(coordinate: number | ArgumentReference, context: Context): number {
  if (typeof coordinate === "number") return coordinate;
  const argument = argumentAt(context.args, coordinate.index);
  if (typeof argument === "number" || typeof argument === "bigint") return Number(argument);
  const label = `$${String(coordinate.index)}`;
  if (argument === null || argument === undefined) throw new QueryError("QUERY_ARGUMENT_INVALID", `NULL cannot be used in coordinate at argument '${label}'`);
  if (isListArgument(argument)) throw new QueryError("QUERY_ARGUMENT_INVALID", `A list cannot be used in a coordinate at argument '${label}'`);
  throw new QueryError("QUERY_ARGUMENT_INVALID", `Invalid parameter '${typeof argument}' used in coordinate at argument '${label}'`);
}
