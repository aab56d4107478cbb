/**
 * Cuts the text of a query into tokens: at each place the longest token wins, as in Realm's own scanner.
 *
 * @module
 */
import { QueryError } from "./errors.ts";

/** One token. `label` is how Realm's messages name it. */
export interface Token {
  readonly kind: TokenKind;
  readonly label: string;
  readonly text: string;
  /** Where it begins, in UTF-16 units. */
  readonly start: number;
}

/** The kinds that the parser tells apart; a `symbol` is known by its text, a `keyword` by its canonical text. */
export type TokenKind =
  | "end" | "symbol" | "keyword" | "identifier" | "argument" | "keyPathArgument" | "string" | "natural" | "integer" | "float"
  | "infinity" | "nan" | "base64" | "date" | "uuid" | "objectId" | "link" | "typedLink";

/** Spelled in any case. */
const KEYWORDS_ANY_CASE: ReadonlyMap<string, string> = new Map([
  ["and", "&&"], ["or", "||"], ["beginswith", "BEGINSWITH"], ["endswith", "ENDSWITH"], ["contains", "CONTAINS"],
  ["like", "LIKE"], ["between", "BETWEEN"], ["text", "TEXT"], ["geowithin", "GEOWITHIN"],
  ["truepredicate", "TRUEPREDICATE"], ["falsepredicate", "FALSEPREDICATE"], ["sort", "SORT"], ["distinct", "DISTINCT"],
  ["limit", "LIMIT"], ["obj", "OBJ"], ["asc", "ASC"], ["ascending", "ASC"], ["desc", "DESC"], ["descending", "DESC"],
  ["subquery", "SUBQUERY"], ["geobox", "GEOBOX"], ["geopolygon", "GEOPOLYGON"], ["geocircle", "GEOCIRCLE"],
  ["null", "NULL"], ["nil", "NULL"], ["bin", "BINARY"], ["binary", "BINARY"],
]);
/** Spelled in these ways only; any other spelling is a property name, as it is in Realm. */
const KEYWORDS_EXACT: ReadonlyMap<string, string> = new Map([
  ["in", "IN"], ["IN", "IN"], ["not", "!"], ["NOT", "!"], ["any", "ANY"], ["ANY", "ANY"], ["some", "ANY"], ["SOME", "ANY"],
  ["all", "ALL"], ["ALL", "ALL"], ["none", "NONE"], ["NONE", "NONE"], ["true", "TRUE"], ["TRUE", "TRUE"],
  ["false", "FALSE"], ["FALSE", "FALSE"], ["first", "FIRST"], ["FIRST", "FIRST"], ["last", "LAST"], ["LAST", "LAST"],
  ["size", "SIZE"], ["SIZE", "SIZE"],
]);
const KEYWORD_LABELS: ReadonlyMap<string, string> = new Map([
  ["ASC", "ascending"], ["DESC", "descending"], ["TEXT", "fulltext"], ["IN", "in"], ["&&", "&&"], ["||", "||"], ["!", "!"],
]);

/** Longest first, so that the first match is the longest. */
const SYMBOLS = ["==", "!=", "<>", "<=", "=<", ">=", "=>", "&&", "||", "[c]", "=", "<", ">", "!", "+", "-", "*", "/", "[", "]", ",", "(", ")", "{", "}", "."];
const SYMBOL_SYNONYMS: ReadonlyMap<string, string> = new Map([["=", "=="], ["<>", "!="], ["=<", "<="], ["=>", ">="], ["@size", "@count"]]);
const CHARACTER_SYMBOLS: ReadonlySet<string> = new Set("+-*/[],(){}.");

/** Identifier: a letter, `_`, `$` or anything beyond ASCII, then also digits, `-` and escaped blanks. */
const IDENTIFIER = /[A-Za-z_$\u0080-\u{10FFFF}](?:[A-Za-z_\-$0-9\u0080-\u{10FFFF}]|\\[ nrt])*/uy;
const COLLECTION_OPERATOR = /@(?:size|count|max|min|sum|avg|links|type|keys|values)/y;
const COLLECTION_OPERATOR_LABELS: ReadonlyMap<string, string> = new Map([["@count", "@size"], ["@size", "@size"], ["@keys", "key or value"], ["@values", "key or value"]]);

const DIGITS = "0123456789";
const NUMBER_FIRSTS = `${DIGITS}+-.`;

interface LiteralRule {
  readonly kind: TokenKind;
  readonly label: string;
  /** The characters that it can begin with: most rules need not be tried at most places. */
  readonly firsts: string;
  readonly pattern: RegExp;
}

/** In this order: of two equally long matches the earlier one stands, and all of them stand before an identifier. */
const LITERALS: readonly LiteralRule[] = [
  { kind: "infinity", label: "infinity", firsts: "+-iI", pattern: /[+-]?inf(?:inity)?/iy },
  { kind: "nan", label: "NaN", firsts: "+-nN", pattern: /[+-]?nan/iy },
  { kind: "uuid", label: "UUID", firsts: "u", pattern: /uuid\([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\)/y },
  { kind: "objectId", label: "ObjectId", firsts: "o", pattern: /oid\([0-9a-fA-F]{24}\)/y },
  { kind: "date", label: "date", firsts: `T${DIGITS}`, pattern: /T[+-]?\d+:[+-]?\d+|\d+-\d+-\d+[@T]\d+:\d+:\d+(?::\d+)?/y },
  { kind: "link", label: "link", firsts: "O", pattern: /O\d+/y },
  { kind: "typedLink", label: "typed link", firsts: "L", pattern: /L\d+:\d+/y },
  { kind: "keyPathArgument", label: "key path argument", firsts: "$", pattern: /\$K\d+/y },
  { kind: "natural", label: "natural0", firsts: DIGITS, pattern: /\d+/y },
  { kind: "argument", label: "argument", firsts: "$", pattern: /\$\d+/y },
  { kind: "integer", label: "number", firsts: NUMBER_FIRSTS, pattern: /[+-]?\d+/y },
  { kind: "integer", label: "number", firsts: "0", pattern: /0[xX][0-9a-fA-F]+/y },
  { kind: "float", label: "float", firsts: NUMBER_FIRSTS, pattern: /[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?f?/y },
  { kind: "base64", label: "base64", firsts: "B", pattern: /B64"[A-Za-z0-9/+=]*"/y },
  { kind: "string", label: "string", firsts: "\"'", pattern: /"(?:[^"\\]|\\["'/bfnrt0\\]|\\u[0-9a-fA-F]{4})*"|'(?:[^'\\]|\\["'/bfnrt0\\]|\\u[0-9a-fA-F]{4})*'/y },
];

/**
 * All tokens of a query, closed by one of kind `end`.
 *
 * @throws {QueryError} `QUERY_SYNTAX` for a character that starts no token.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    if (isBlank(text.charCodeAt(offset))) {
      offset++;
      continue;
    }
    const token = longestToken(text, offset);
    if (token === undefined) {
      const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
      throw new QueryError("QUERY_SYNTAX", `Invalid predicate: '${text}': invalid character: ${character}`, { offset });
    }
    tokens.push(token);
    offset += token.text.length;
  }
  tokens.push({ kind: "end", label: "end of file", text: "", start: text.length });
  return tokens;
}

/** The keyword that a token is, or the symbol in its canonical spelling; undefined for every other token. */
export function canonicalText(token: Token): string | undefined {
  if (token.kind === "symbol") return SYMBOL_SYNONYMS.get(token.text) ?? token.text;
  if (token.kind === "keyword") return KEYWORDS_EXACT.get(token.text) ?? KEYWORDS_ANY_CASE.get(token.text.toLowerCase());
  return undefined;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function longestToken(text: string, offset: number): Token | undefined {
  let best: Token | undefined;
  const first = text.charAt(offset);
  for (const { kind, label, firsts, pattern } of LITERALS) {
    if (!firsts.includes(first)) continue;
    const matched = matchAt(pattern, text, offset);
    if (matched !== undefined && matched.length > (best?.text.length ?? 0)) best = { kind, label, text: matched, start: offset };
  }
  const word = matchAt(IDENTIFIER, text, offset);
  if (word !== undefined && word.length > (best?.text.length ?? 0)) best = wordToken(word, offset);
  if (best !== undefined) return best;
  const operator = matchAt(COLLECTION_OPERATOR, text, offset);
  if (operator !== undefined) return { kind: "symbol", label: COLLECTION_OPERATOR_LABELS.get(operator) ?? operator, text: operator, start: offset };
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, offset));
  if (symbol === undefined) return undefined;
  const label = CHARACTER_SYMBOLS.has(symbol) ? `'${symbol}'` : (SYMBOL_SYNONYMS.get(symbol) ?? symbol);
  return { kind: "symbol", label, text: symbol, start: offset };
}

function wordToken(word: string, start: number): Token {
  const keyword = KEYWORDS_EXACT.get(word) ?? KEYWORDS_ANY_CASE.get(word.toLowerCase());
  if (keyword === undefined) return { kind: "identifier", label: "identifier", text: word, start };
  return { kind: "keyword", label: KEYWORD_LABELS.get(keyword) ?? keyword.toLowerCase(), text: word, start };
}

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}
