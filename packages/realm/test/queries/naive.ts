/**
 * The model for the differential test: predicates as trees of plain data, what they mean for plain objects, and how they are written.
 *
 * It shares no code with the query package or the evaluator.
 *
 * @module
 */

/** A plain object of the model; `dog` is the object itself. */
export interface ModelPerson {
  readonly id: number;
  readonly name: string | null;
  readonly nick: string | null;
  readonly age: number | null;
  readonly level: number | null;
  readonly weight: number | null;
  readonly isActive: boolean | null;
  readonly born: number | null;
  readonly tags: readonly (string | null)[];
  readonly dog: ModelDog | null;
}

/** A dog of the model. */
export interface ModelDog {
  readonly name: string;
  readonly age: number | null;
}

type Scalar = string | number | boolean | null;

/** A condition: on a path, or on other conditions. */
export type ModelPredicate =
  | { readonly kind: "and" | "or"; readonly operands: readonly ModelPredicate[] }
  | { readonly kind: "not"; readonly operand: ModelPredicate }
  | { readonly kind: "relation"; readonly path: string; readonly operator: string; readonly value: Scalar; readonly isFlipped: boolean }
  | { readonly kind: "text"; readonly path: string; readonly operator: string; readonly isFolded: boolean; readonly value: string }
  | { readonly kind: "in"; readonly path: string; readonly values: readonly Scalar[] }
  | { readonly kind: "element"; readonly value: string | null }
  | { readonly kind: "between"; readonly path: string; readonly low: number; readonly high: number };

/** Writes a predicate; every value becomes an argument and is appended to `args`. */
export function textOf(predicate: ModelPredicate, args: unknown[]): string {
  const argument = (path: string, value: Scalar): string => {
    args.push(path === "born" && typeof value === "number" ? new Date(value) : value);
    return `$${String(args.length - 1)}`;
  };
  switch (predicate.kind) {
    case "and":
    case "or":
      return `(${predicate.operands.map((operand) => textOf(operand, args)).join(predicate.kind === "and" ? " && " : " OR ")})`;
    case "not":
      return `NOT ${textOf(predicate.operand, args)}`;
    case "relation": {
      const value = argument(predicate.path, predicate.value);
      return predicate.isFlipped ? `${value} ${FLIPPED[predicate.operator] ?? predicate.operator} ${predicate.path}` : `${predicate.path} ${predicate.operator} ${value}`;
    }
    case "text":
      return `${predicate.path} ${predicate.operator}${predicate.isFolded ? "[c]" : ""} ${argument("", predicate.value)}`;
    case "in":
      return `${predicate.path} IN {${predicate.values.map((value) => argument(predicate.path, value)).join(", ")}}`;
    case "element":
      return `${argument("", predicate.value)} IN tags`;
    case "between":
      return `${predicate.path} BETWEEN {${argument(predicate.path, predicate.low)}, ${argument(predicate.path, predicate.high)}}`;
  }
}

const FLIPPED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** What a predicate means. */
export function holds(predicate: ModelPredicate, person: ModelPerson): boolean {
  switch (predicate.kind) {
    case "and":
      return predicate.operands.every((operand) => holds(operand, person));
    case "or":
      return predicate.operands.some((operand) => holds(operand, person));
    case "not":
      return !holds(predicate.operand, person);
    case "relation":
      return relate(predicate.operator, valueAt(predicate.path, person), predicate.value);
    case "text":
      return textHolds(predicate.operator, predicate.isFolded, valueAt(predicate.path, person) as string | null, predicate.value);
    case "in":
      return predicate.values.some((value) => valueAt(predicate.path, person) === value);
    case "element":
      return person.tags.includes(predicate.value);
    case "between": {
      const value = valueAt(predicate.path, person);
      return relate(">=", value, predicate.low) && relate("<=", value, predicate.high);
    }
  }
}

function valueAt(path: string, person: ModelPerson): Scalar {
  let value: unknown = person;
  for (const name of path.split(".")) value = value === null ? null : (value as Record<string, unknown>)[name];
  return value as Scalar;
}

function relate(operator: string, left: Scalar, right: Scalar): boolean {
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (left === null || right === null) return left === right && operator.endsWith("=");
  const order = typeof left === "string" ? Buffer.compare(Buffer.from(left), Buffer.from(right as string)) : Number(left) - Number(right);
  return operator === "<" ? order < 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order >= 0;
}

function textHolds(operator: string, isFolded: boolean, value: string | null, wanted: string): boolean {
  if (value === null) return operator === "!=";
  const fold = (text: string): string => (isFolded ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text);
  const [text, needle] = [fold(value), fold(wanted)];
  switch (operator) {
    case "==":
      return text === needle;
    case "!=":
      return text !== needle;
    case "BEGINSWITH":
      return text.slice(0, needle.length) === needle;
    case "ENDSWITH":
      return needle === "" || text.slice(-needle.length) === needle;
    case "CONTAINS":
      return text.split(needle).length > 1 || needle === "";
    default: {
      const pattern = [...needle].map((character) => (character === "*" ? ".*" : character === "?" ? "." : character.replace(/[\\^$.|+()[\]{}]/, "\\$&"))).join("");
      return new RegExp(`^${pattern}$`, "su").test(text);
    }
  }
}
