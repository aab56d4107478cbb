/**
 * Checks TEXT.
 *
 * @module
 */
import type { Expression } from "./ast.ts";
import { isConstant, readConstant } from "./check-context.ts";
import type { Context } from "./check-context.ts";
import { checkVariable } from "./check-operand.ts";
import type { CheckedFullText } from "./checked.ts";
import { QueryError } from "./errors.ts";
import { parseTerms } from "./full-text.ts";
import { typeName } from "./values.ts";

/** `path TEXT 'terms'`. @throws {QueryError} `QUERY_TYPE_MISMATCH` if the property has no full-text index. */
export function checkFullText(left: Expression, right: Expression, context: Context): CheckedFullText {
  if (isConstant(left) || !isConstant(right)) throw new QueryError("QUERY_INVALID", "TEXT needs a property with a full-text index on its left and the search terms on its right");
  const path = checkVariable(left, context);
  const constant = right.kind === "constant" || right.kind === "argument" ? readConstant(right, undefined, context).constant : undefined;
  if (constant?.type !== "string") {
    throw new QueryError("QUERY_TYPE_MISMATCH", `Unsupported comparison operator 'fulltext' against type '${typeName(constant?.type ?? "list")}', right side must be a string or binary type`);
  }
  const isIndexed = path.kind === "path" && path.property.isFullText === true && path.property.collection === undefined;
  if (!isIndexed) throw new QueryError("QUERY_TYPE_MISMATCH", "Column has no fulltext index");
  return { kind: "fullText", path, terms: parseTerms(constant.value) };
}
