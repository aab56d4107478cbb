/**
 * Resolves paths against a schema.
 *
 * @module
 */
import type { Path } from "./ast.ts";
import type { CheckedPath, PathStep } from "./checked.ts";
import { notYet, QueryError } from "./errors.ts";
import type { QueryClass, QuerySchema } from "./schema-view.ts";

/** A path as a query writes it. */
export function pathText(names: readonly string[]): string {
  return names.join(".");
}

/** Where a path starts, and where the classes that it touches are noted. */
export interface PathContext {
  readonly schema: QuerySchema;
  readonly className: string;
  readonly classNames: Set<string>;
}

/**
 * The path with every property found.
 *
 * @throws {QueryError} `QUERY_PROPERTY_UNKNOWN`; `QUERY_TYPE_MISMATCH` for a step through a value; `QUERY_NOT_YET` for one through a list.
 */
export function checkPath(path: Path, context: PathContext): CheckedPath {
  const steps: PathStep[] = [];
  let owner = classOf(context.schema, context.className);
  for (const [index, name] of path.names.entries()) {
    const property = owner.findProperty(name);
    if (property === undefined) throw new QueryError("QUERY_PROPERTY_UNKNOWN", `'${owner.name}' has no property '${name}'`);
    steps.push({ className: owner.name, property });
    context.classNames.add(owner.name);
    if (index === path.names.length - 1) return { kind: "path", steps, property };
    if (property.collection !== undefined) {
      throw notYet(`'${pathText(path.names)}', a path through the collection '${name}' (quantifiers and collection operators)`);
    }
    if (property.type === "mixed") throw notYet(`'${pathText(path.names)}', a path into the mixed property '${name}'`);
    if (property.type !== "object") throw new QueryError("QUERY_TYPE_MISMATCH", `Property '${name}' in '${owner.name}' is not an Object`);
    owner = classOf(context.schema, property.objectType ?? "");
  }
  throw new QueryError("QUERY_INVALID", "A path needs at least one name");
}

/** As `checkPath`, with the messages of SORT and DISTINCT, for a path that ends in a single value. */
export function checkDescriptorPath(path: Path, context: PathContext, clause: "sort" | "distinct"): CheckedPath {
  let checked: CheckedPath;
  try {
    checked = checkPath(path, context);
  } catch (error) {
    if (!(error instanceof QueryError) || error.code !== "QUERY_PROPERTY_UNKNOWN") throw error;
    const match = /^'(.*)' has no property '(.*)'$/s.exec(error.message);
    const message = `No property '${String(match?.[2])}' found on object type '${String(match?.[1])}' specified in '${clause}' clause`;
    throw new QueryError("QUERY_PROPERTY_UNKNOWN", message, { cause: error });
  }
  const { collection, type } = checked.property;
  const isSortable = collection === undefined && type !== "object" && type !== "data" && type !== "mixed";
  if (isSortable || (clause === "distinct" && collection === undefined && type !== "mixed")) return checked;
  throw new QueryError("QUERY_TYPE_MISMATCH", `Cannot ${clause} on key path '${pathText(path.names)}': property of unsupported type '${collection ?? type}'`);
}

function classOf(schema: QuerySchema, name: string): QueryClass {
  const found = schema.findClass(name);
  if (found === undefined) throw new QueryError("QUERY_PROPERTY_UNKNOWN", `Object type '${name}' not found in schema.`);
  return found;
}
