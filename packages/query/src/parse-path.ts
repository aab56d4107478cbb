/**
 * Paths and what may stand behind them: `a.b[0].c`, `list.@max.price`, `@links.Dog.owner.@count`.
 *
 * @module
 */
import type { Aggregate, AggregateOperator, Path, PathElement } from "./ast.ts";
import { canonicalText } from "./lexer.ts";
import { constantOf, identifierOf } from "./literals.ts";
import { canonicalAhead, countOf, current, expect, isAt, take, unexpected } from "./parser-state.ts";
import type { ParserState } from "./parser-state.ts";

/** Keywords that are property names where a path is expected. */
const NAME_KEYWORDS: ReadonlySet<string> = new Set([
  "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "BETWEEN", "TEXT", "GEOWITHIN", "SORT", "DISTINCT", "LIMIT", "ASC", "DESC", "OBJ", "BINARY",
  "FIRST", "LAST", "SIZE",
]);
const NAME_SYMBOLS: ReadonlySet<string> = new Set(["@links", "@keys", "@values"]);
const AGGREGATES: ReadonlySet<string> = new Set(["@min", "@max", "@sum", "@avg"]);

/** A path with `@count`, `@type` or an aggregate behind it, if there is one. */
export function parsePathExpression(state: ParserState): Path | Aggregate {
  const path = parsePath(state);
  const ahead = isAt(state, ".") ? canonicalAhead(state) : undefined;
  if (ahead === "@count" || ahead === "@type") {
    state.index += 2;
    return { ...path, operation: ahead };
  }
  if (isAt(state, "[") && canonicalAhead(state) === "SIZE") {
    state.index += 2;
    expect(state, "]");
    return { ...path, operation: "@count" };
  }
  if (ahead === undefined || !AGGREGATES.has(ahead)) return path;
  state.index += 2;
  const operator = ahead as AggregateOperator;
  if (!take(state, ".")) return { kind: "aggregate", operator, path };
  return { kind: "aggregate", operator, path, property: parseName(state) };
}

/** A path alone. */
export function parsePath(state: ParserState): Path {
  const elements: PathElement[] = [];
  const first = current(state);
  const keyPath = first.kind === "keyPathArgument" ? { keyPathArgument: countOf(first, 2) } : {};
  if (first.kind === "keyPathArgument") state.index++;
  else elements.push({ kind: "name", name: parseName(state) });
  for (;;) {
    if (isAt(state, ".") && isNameAhead(state)) {
      state.index++;
      elements.push({ kind: "name", name: parseName(state) });
    } else if (isAt(state, "[") && canonicalAhead(state) !== "SIZE") {
      state.index++;
      elements.push(parseIndex(state));
      expect(state, "]");
    } else {
      return { kind: "path", elements, ...keyPath };
    }
  }
}

/** False if an operator such as `.@count` follows: the caller's business. Anything else behind a dot has to be a name. */
function isNameAhead(state: ParserState): boolean {
  const ahead = canonicalAhead(state);
  return ahead === undefined || (ahead !== "@count" && ahead !== "@type" && !AGGREGATES.has(ahead));
}

function parseIndex(state: ParserState): PathElement {
  const token = current(state);
  const canonical = canonicalText(token);
  const element = ((): PathElement | undefined => {
    if (token.kind === "natural") return { kind: "index", index: countOf(token) };
    if (token.kind === "argument") return { kind: "argument", index: countOf(token, 1) };
    if (canonical === "FIRST") return { kind: "index", index: 0 };
    if (canonical === "LAST") return { kind: "index", index: "LAST" };
    if (canonical === "*") return { kind: "all" };
    const constant = constantOf(token);
    return constant?.type === "string" ? { kind: "key", key: constant.value } : undefined;
  })();
  if (element === undefined) throw unexpected(state);
  state.index++;
  return element;
}

/** One name of a path. */
export function parseName(state: ParserState): string {
  const token = current(state);
  const canonical = canonicalText(token) ?? "";
  const isName = token.kind === "identifier" || (token.kind === "keyword" && NAME_KEYWORDS.has(canonical));
  if (!isName && !(token.kind === "symbol" && NAME_SYMBOLS.has(canonical))) throw unexpected(state);
  state.index++;
  return isName ? identifierOf(token) : token.text;
}
