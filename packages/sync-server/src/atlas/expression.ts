/**
 * Rule expressions of App Services as conditions of ours. What has no counterpart gives undefined, and the caller says so.
 *
 * @module
 */
import type { Condition } from "../permissions/rules.ts";

const COMPARISONS: Readonly<Record<string, string>> = { $eq: "==", $ne: "!=", $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" };
const JOINS: Readonly<Record<string, string>> = { $and: "AND", "%and": "AND", $or: "OR", "%or": "OR" };
/** What a rule may ask about the user, and under which name we have it. */
const USER = /^%%user\.(?:id|custom_data(?:\.[A-Za-z_]\w*)+)$/u;
const FIELD = /^[A-Za-z_]\w*$/u;

/** Translates an expression. @param about - "user": `apply_when`, which knows no object. @returns undefined if it cannot be carried over */
export function conditionOf(expression: unknown, about: "user" | "object"): Condition | undefined {
  if (typeof expression === "boolean") return expression;
  if (typeof expression !== "object" || expression === null || Array.isArray(expression)) return undefined;
  const parts = Object.entries(expression).map(([name, value]) => partOf(name, value, about));
  return joined("AND", parts);
}

/** Both conditions at once. */
export function both(left: Condition, right: Condition): Condition {
  return joined("AND", [left, right]) as Condition;
}

function partOf(name: string, value: unknown, about: "user" | "object"): Condition | undefined {
  const join = JOINS[name];
  if (join !== undefined) return Array.isArray(value) ? joined(join as "AND" | "OR", value.map((each) => conditionOf(each, about))) : undefined;
  const left = about === "user" ? userName(name) : (userName(name) ?? (FIELD.test(name) ? name : undefined));
  if (left === undefined) return undefined;
  if (typeof value !== "object" || value === null || !isOperators(value)) return comparison(left, "==", value);
  return joined("AND", Object.entries(value).map(([operator, operand]) => operation(left, operator, operand)));
}

function operation(left: string, operator: string, operand: unknown): Condition | undefined {
  const symbol = COMPARISONS[operator];
  if (symbol !== undefined) return comparison(left, symbol, operand);
  if (operator !== "$in" && operator !== "$nin") return undefined;
  const list = Array.isArray(operand) ? operand.map(literalOf) : undefined;
  const name = typeof operand === "string" ? userName(operand) : undefined;
  if (name === undefined && (list === undefined || list.includes(undefined) || list.length === 0)) return undefined;
  const text = `${left} IN ${name ?? `{${(list as string[]).join(", ")}}`}`;
  return operator === "$in" ? text : `NOT (${text})`;
}

function comparison(left: string, symbol: string, operand: unknown): string | undefined {
  const right = typeof operand === "string" ? (userName(operand) ?? literalOf(operand)) : literalOf(operand);
  return right === undefined ? undefined : `${left} ${symbol} ${right}`;
}

function userName(name: string): string | undefined {
  return USER.test(name) ? name : undefined;
}

function isOperators(value: object): boolean {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name.startsWith("$") && !["$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$uuid"].includes(name));
}

function literalOf(value: unknown): string | undefined {
  if (value === null) return "NULL";
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  // Another expansion of App Services, which would be compared as a text.
  if (typeof value === "string") return value.startsWith("%") ? undefined : JSON.stringify(value);
  const { $oid, $uuid, $numberInt, $numberLong } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof $oid === "string" && /^[0-9a-f]{24}$/iu.test($oid)) return `oid(${$oid})`;
  if (typeof $uuid === "string" && /^[0-9a-f-]{36}$/iu.test($uuid)) return `uuid(${$uuid})`;
  const number = $numberInt ?? $numberLong;
  return typeof number === "string" && /^-?\d+$/u.test(number) ? number : undefined;
}

function joined(join: "AND" | "OR", parts: readonly (Condition | undefined)[]): Condition | undefined {
  // Part of an OR that is unknown could be left out without danger, part of an AND could not: both are told instead.
  if (parts.includes(undefined)) return undefined;
  const ends = join !== "AND";
  if (parts.includes(ends)) return ends;
  const texts = parts.filter((part): part is string => typeof part === "string");
  if (texts.length === 0) return !ends;
  return texts.length === 1 ? (texts[0] as string) : texts.map((text) => `(${text})`).join(` ${join} `);
}
