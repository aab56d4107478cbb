/**
 * What a parsed query means for plain objects, written down a second time and as simply as can be.
 *
 * It reads the parser's tree loosely and knows a part of the language only: anything else is "not expressible", so that the
 * language can grow without this page.
 *
 * @module
 */
import type { Person } from "./query-world.ts";

type Node = Readonly<Record<string, unknown>> & { readonly kind: string };
type Value = string | number | boolean | null;

/** Thrown for what this model does not know. */
class NotExpressible extends Error {}

const NUMBERS: ReadonlySet<string> = new Set(["id", "age", "level", "weight", "dog.age"]);
const INTEGERS: ReadonlySet<string> = new Set(["id", "age", "level", "dog.age"]);
const STRINGS: ReadonlySet<string> = new Set(["name", "full_name", "nick", "dog.name"]);

/** The ids of the people for whom the predicate holds, or undefined if it is not expressible here. */
export function naiveIds(predicate: unknown, people: readonly Person[], args: readonly unknown[]): number[] | undefined {
  try {
    return people.filter((person) => holds(predicate as Node, person, args)).map((person) => person.id);
  } catch (error) {
    if (error instanceof NotExpressible) return undefined;
    throw error;
  }
}

function holds(node: Node, person: Person, args: readonly unknown[]): boolean {
  switch (node.kind) {
    case "truth":
      return node["isTrue"] === true;
    case "not":
      return !holds(node["operand"] as Node, person, args);
    case "and":
      // Every operand is looked at: whether the query is expressible must not depend on the person.
      return (node["operands"] as Node[]).map((operand) => holds(operand, person, args)).every(Boolean);
    case "or":
      return (node["operands"] as Node[]).map((operand) => holds(operand, person, args)).some(Boolean);
    case "comparison":
      return comparisonHolds(node, person, args);
    default:
      throw new NotExpressible();
  }
}

function comparisonHolds(node: Node, person: Person, args: readonly unknown[]): boolean {
  const left = node["left"] as Node;
  const right = node["right"] as Node;
  const operator = node["operator"] as string;
  if (left.kind === "path" && right.kind !== "path") return test(operator, node, { path: pathOf(left), other: right, isFlipped: false }, person, args);
  if (right.kind === "path" && left.kind !== "path" && FLIPPED[operator] !== undefined) return test(FLIPPED[operator], node, { path: pathOf(right), other: left, isFlipped: true }, person, args);
  throw new NotExpressible();
}

const FLIPPED: Readonly<Record<string, string>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

interface Sides {
  readonly path: string;
  readonly other: Node;
  readonly isFlipped: boolean;
}

function test(operator: string, node: Node, { path, other }: Sides, person: Person, args: readonly unknown[]): boolean {
  const value = valueAt(path, person);
  const isFolded = node["isCaseInsensitive"] === true;
  if (operator === "IN") {
    if (other.kind !== "list" || other["quantifier"] !== undefined) throw new NotExpressible();
    return (other["elements"] as Node[]).map((element) => relate("==", value, constantOf(element, path, args), isFolded)).some(Boolean);
  }
  if (operator === "BETWEEN") {
    const [low, high] = (other["elements"] ?? []) as Node[];
    if (other["quantifier"] !== undefined || low === undefined || high === undefined || isFolded) throw new NotExpressible();
    const isAbove = relate(">=", value, constantOf(low, path, args), false);
    return relate("<=", value, constantOf(high, path, args), false) && isAbove;
  }
  const constant = constantOf(other, path, args);
  if (FLIPPED[operator] !== undefined) return relate(operator, value, constant, isFolded);
  if (typeof constant !== "string" || !STRINGS.has(path)) throw new NotExpressible();
  return value === null ? false : textHolds(operator, fold(value as string, isFolded), fold(constant, isFolded));
}

function pathOf(node: Node): string {
  const elements = node["elements"];
  const isPlain = Array.isArray(elements) && Object.keys(node).length === 2 && (elements as Node[]).every((element) => element.kind === "name");
  if (!isPlain) throw new NotExpressible();
  const path = (elements as Node[]).map((element) => String(element["name"])).join(".");
  if (NUMBERS.has(path) || STRINGS.has(path) || path === "isActive" || path === "born") return path;
  throw new NotExpressible();
}

/** The constant, if it is of the very type of the path. */
function constantOf(node: Node, path: string, args: readonly unknown[]): Value {
  const value = node.kind === "constant" ? literalOf(node["value"] as Record<string, unknown>, path) : node.kind === "argument" && node["quantifier"] === undefined ? argumentOf(args[node["index"] as number]) : undefined;
  if (value === undefined) throw new NotExpressible();
  if (value === null) return null;
  const wanted = STRINGS.has(path) ? "string" : path === "isActive" ? "boolean" : "number";
  if (typeof value !== wanted) throw new NotExpressible();
  if (INTEGERS.has(path) && !Number.isFinite(value)) throw new NotExpressible();
  return value;
}

function literalOf(value: Record<string, unknown>, path: string): Value | undefined {
  const { type } = value;
  if (type === "null") return null;
  if ((type === "date") !== (path === "born")) return undefined;
  const inner = value["value"];
  if (type === "int" || type === "double" || type === "date") return typeof inner === "number" ? inner : undefined;
  return type === "string" || type === "bool" ? (inner as Value) : undefined;
}

function argumentOf(value: unknown): Value | undefined {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return undefined;
}

function valueAt(path: string, person: Person): Value {
  const [first = "", second] = path.split(".");
  const name = first === "full_name" ? "name" : first;
  const value = person[name as keyof Person] as unknown;
  const last = second === undefined || value === null ? value : (value as Record<string, unknown>)[second];
  return (last instanceof Date ? last.getTime() : last) as Value;
}

function relate(operator: string, left: Value, right: Value, isFolded: boolean): boolean {
  if (isFolded && (operator !== "==" && operator !== "!=")) throw new NotExpressible();
  if (typeof left === "boolean" || typeof right === "boolean") {
    if (operator !== "==" && operator !== "!=") throw new NotExpressible();
  }
  if (left === null || right === null) {
    if (operator === "!=") return left !== right;
    return left === right && operator.includes("=");
  }
  const isNaNThere = Number.isNaN(left) || Number.isNaN(right);
  // NaN equals NaN, as in Realm; it is neither above nor below anything.
  if (isNaNThere) return operator === "==" ? Object.is(left, right) : operator === "!=" ? !Object.is(left, right) : false;
  const order = typeof left === "string" ? compareUtf8(fold(left, isFolded), fold(right as string, isFolded)) : Number(left) - Number(right);
  const sign = left === right ? 0 : order;
  switch (operator) {
    case "==":
      return sign === 0;
    case "!=":
      return sign !== 0;
    case "<":
      return sign < 0;
    case "<=":
      return sign <= 0;
    case ">":
      return sign > 0;
    default:
      return sign >= 0;
  }
}

function fold(text: string, isFolded: boolean): string {
  return isFolded ? text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}

function compareUtf8(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = ((a[i] as string).codePointAt(0) ?? 0) - ((b[i] as string).codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function textHolds(operator: string, text: string, wanted: string): boolean {
  switch (operator) {
    case "BEGINSWITH":
      return text.startsWith(wanted);
    case "ENDSWITH":
      return text.endsWith(wanted);
    case "CONTAINS":
      return text.includes(wanted);
    case "LIKE":
      return isLike([...text], [...wanted]);
    default:
      throw new NotExpressible();
  }
}

/** By the book: a table of which beginnings of the text fit which beginnings of the pattern. */
function isLike(text: readonly string[], pattern: readonly string[]): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, index) => index === 0);
  for (const wanted of pattern) {
    const next = [wanted === "*" && row[0] === true];
    for (let i = 1; i <= text.length; i++) {
      next.push(wanted === "*" ? row[i] === true || next[i - 1] === true : row[i - 1] === true && (wanted === "?" || wanted === text[i - 1]));
    }
    row = next;
  }
  return row[text.length] === true;
}
