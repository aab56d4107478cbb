/**
 * Changes to queries that keep them nearly queries: tokens are exchanged, taken out, put in, put in parentheses, joined.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";
import { QUERY_SEEDS, QUERY_WORDS } from "./query-words.ts";

const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_$@][\w.$-]*|[\d.]+|[=!<>|&]+|\s+|[^]/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One or a few such changes. */
export function mutateQuery(input: Uint8Array, random: Random): Uint8Array {
  let tokens: string[] = decoder.decode(input).match(TOKEN) ?? [];
  const rounds = 1 + random.below(3);
  for (let i = 0; i < rounds; i++) tokens = changeTokens(tokens, random);
  return encoder.encode(tokens.join(""));
}

function changeTokens(tokens: readonly string[], random: Random): string[] {
  const at = random.below(tokens.length);
  const to = at + 1 + random.below(Math.min(12, tokens.length - at));
  const word = random.pick(QUERY_WORDS);
  switch (random.below(9)) {
    case 0:
      return tokens.toSpliced(at, 0, word);
    case 1:
    case 2:
      return tokens.toSpliced(at, 1, word);
    case 3:
      return tokens.toSpliced(at, to - at);
    case 4:
      return tokens.toSpliced(at, 0, ...tokens.slice(at, to));
    case 5:
      return [...tokens.slice(0, at), "(", ...tokens.slice(at, to), ")", ...tokens.slice(to)];
    case 6:
      return ["NOT (", ...tokens, ")"];
    case 7:
      return ["(", ...tokens, random.oneIn(2) ? ") AND (" : ") OR (", random.pick(QUERY_SEEDS), ")"];
    default:
      return [random.pick(QUERY_WORDS), random.pick([" == ", " < ", " IN ", " CONTAINS ", " != "]), word, random.oneIn(2) ? " AND " : " OR ", ...tokens];
  }
}
