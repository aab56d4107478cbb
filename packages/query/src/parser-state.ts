/**
 * Where the parser stands in its tokens, and the small steps that all of its parts take.
 *
 * @module
 */
import { QueryError } from "./errors.ts";
import { canonicalText } from "./lexer.ts";
import type { Token } from "./lexer.ts";

/** Parentheses, NOTs and subqueries inside one another; beyond this a query is refused, so that no text can exhaust the stack. */
const DEPTH_MAX = 256;

/** The parser's place in a text. */
export interface ParserState {
  readonly text: string;
  readonly tokens: readonly Token[];
  index: number;
  depth: number;
}

/** The token that is next. */
export function current(state: ParserState): Token {
  // The end token is never consumed, so the index stays inside.
  return state.tokens[state.index] as Token;
}

/** The canonical text of the token after the next. */
export function canonicalAhead(state: ParserState): string | undefined {
  const token = state.tokens[state.index + 1];
  return token === undefined ? undefined : canonicalText(token);
}

/** True if the next token is this keyword or symbol. */
export function isAt(state: ParserState, canonical: string): boolean {
  return canonicalText(current(state)) === canonical;
}

/** Consumes the next token if it is this keyword or symbol. */
export function take(state: ParserState, canonical: string): boolean {
  const isThere = isAt(state, canonical);
  if (isThere) state.index++;
  return isThere;
}

/** Consumes this symbol. @throws {QueryError} `QUERY_SYNTAX` if something else is next. */
export function expect(state: ParserState, symbol: string): void {
  if (!take(state, symbol)) throw unexpected(state, symbol === "(" || symbol === "{" ? `'${symbol}'` : undefined);
}

/** The number at the end of a token, behind `skipped` characters: of an argument, an index, a limit. @throws {QueryError} `QUERY_INVALID` */
export function countOf(token: Token, skipped = 0): number {
  const count = Number(token.text.slice(skipped));
  if (!Number.isSafeInteger(count)) throw new QueryError("QUERY_INVALID", `The number in ${token.text} is too large`, { offset: token.start });
  return count;
}

/** Goes one level deeper. @throws {QueryError} `QUERY_SYNTAX` beyond the bound. */
export function enter(state: ParserState): void {
  state.depth++;
  if (state.depth > DEPTH_MAX) {
    throw new QueryError("QUERY_SYNTAX", `Invalid predicate: more than ${String(DEPTH_MAX)} parentheses or NOTs inside one another`, { offset: current(state).start });
  }
}

/** Comes back from one level. */
export function leave(state: ParserState): void {
  state.depth--;
}

/** The error for a token that cannot stand where it does, in Realm's words. */
export function unexpected(state: ParserState, expected?: string): QueryError {
  const token = current(state);
  const tail = expected === undefined ? "" : `, expecting ${expected}`;
  return new QueryError("QUERY_SYNTAX", `Invalid predicate: '${state.text}': syntax error, unexpected ${token.label}${tail}`, { offset: token.start });
}

/** `item, item, …` up to the closing symbol, which is consumed. */
export function parseItems<Item>(state: ParserState, close: string, parseItem: (state: ParserState) => Item): Item[] {
  const items = [parseItem(state)];
  while (take(state, ",")) items.push(parseItem(state));
  expect(state, close);
  return items;
}
