/**
 * What a query means for the plain objects of world.ts, written from docs/query-language.md without a look at the evaluator.
 *
 * It walks the parsed tree for one object at a time and knows no types, indexes or storage.
 *
 * @module
 */
import type { Expression, Path, Predicate, SortKey } from "@holdfast/query";
import { Item } from "./world.ts";
import type { Any, Nested, Scalar } from "./world.ts";

/** All objects: backlinks are found among them. */
export type World = readonly Item[];

/** An object that there is not: nothing equals it. */
const NOBODY = new Item(-2, {});

interface Values {
  readonly all: readonly Any[];
  readonly isMultiple: boolean;
  readonly quantifier: string | undefined;
}

/** True if the object meets the condition. */
export function meets(predicate: Predicate, item: Item, world: World): boolean {
  switch (predicate.kind) {
    case "truth":
      return predicate.isTrue;
    case "not":
      return !meets(predicate.operand, item, world);
    case "and":
      return predicate.operands.every((operand) => meets(operand, item, world));
    case "or":
      return predicate.operands.some((operand) => meets(operand, item, world));
    case "geoWithin":
      throw new Error("not in this model");
    case "comparison": {
      const { operator, left, right, isCaseInsensitive } = predicate;
      const a = evaluate(left, item, world);
      if (operator === "BETWEEN") {
        const [low, high] = (right as { readonly elements: readonly Expression[] }).elements as readonly [Expression, Expression];
        return quantified(a, evaluate(low, item, world), (x, y) => relate(">=", x, y)) && quantified(a, evaluate(high, item, world), (x, y) => relate("<=", x, y));
      }
      const b = evaluate(right, item, world);
      const test = (x: Any, y: Any): boolean => compare(operator === "IN" ? "==" : operator, isCaseInsensitive ? folded(x) : x, isCaseInsensitive ? folded(y) : y, isCaseInsensitive);
      if (operator === "!=" && a.isMultiple && b.isMultiple && a.quantifier === undefined && b.quantifier === undefined) {
        return !quantified(a, b, (x, y) => compare("==", isCaseInsensitive ? folded(x) : x, isCaseInsensitive ? folded(y) : y, isCaseInsensitive));
      }
      return quantified(a, b, test);
    }
  }
}

function quantified(left: Values, right: Values, test: (left: Any, right: Any) => boolean): boolean {
  if (left.isMultiple && right.isMultiple && left.quantifier === undefined && right.quantifier === undefined) {
    return left.all.length === right.all.length && left.all.every((value, index) => test(value, right.all[index] as Any));
  }
  return some(left, (x) => some(right, (y) => test(x, y)));
}

function some({ all, quantifier }: Values, test: (value: Any) => boolean): boolean {
  if (quantifier === "ALL") return all.every(test);
  return quantifier === "NONE" ? !all.some(test) : all.some(test);
}

function folded(value: Any): Any {
  if (value === null || (value.kind !== "string" && value.kind !== "data")) return value;
  return { ...value, value: String(value.value).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) };
}

function compare(operator: string, left: Any, right: Any, isFolded: boolean): boolean {
  switch (operator) {
    case "BEGINSWITH":
    case "ENDSWITH":
    case "CONTAINS":
    case "LIKE":
      return textual(operator, left, right, isFolded);
    case "TEXT":
      return hasTerms(left === null ? "" : ((left as Scalar).value as string), (right as Scalar).value as string);
    default:
      return relate(operator, left, right);
  }
}

function hasTerms(text: string, terms: string): boolean {
  const fold = (word: string): string => word.toLowerCase().replaceAll("é", "e");
  const words = fold(text).split(/[^a-z0-9]+/);
  return fold(terms).split(" ").every((term) => {
    if (term.startsWith("-")) return !words.includes(term.slice(1));
    return term.endsWith("*") ? words.some((word) => word.startsWith(term.slice(0, -1))) : words.includes(term);
  });
}

function textual(operator: string, left: Any, right: Any, _isFolded: boolean): boolean {
  if (left === null || right === null || left.kind !== right.kind || (left.kind !== "string" && left.kind !== "data")) return false;
  const [text, needle] = [left.value as string, (right as Scalar).value as string];
  switch (operator) {
    case "BEGINSWITH":
      return text.startsWith(needle);
    case "ENDSWITH":
      return text.endsWith(needle);
    case "CONTAINS":
      return text.includes(needle);
    default: {
      const pattern = [...needle].map((character) => (character === "*" ? ".*" : character === "?" ? "." : `\\u{${(character.codePointAt(0) as number).toString(16)}}`));
      return new RegExp(`^${pattern.join("")}$`, "su").test(text);
    }
  }
}

function relate(operator: string, left: Any, right: Any): boolean {
  if (operator === "==") return same(left, right);
  if (operator === "!=") return !same(left, right);
  if (left === null || right === null) return left === right && operator.length === 2;
  if (left.kind !== right.kind || !("value" in left) || !("value" in right)) return false;
  const [a, b] = [left.value, right.value];
  const order = typeof a === "string" ? Buffer.compare(bytes(left), bytes(right)) : Number(a) - Number(b);
  return operator === "<" ? order < 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order >= 0;
}

function bytes({ kind, value }: Scalar): Buffer {
  return Buffer.from(value as string, kind === "data" ? "latin1" : "utf8");
}

function same(left: Any, right: Any): boolean {
  if (left === null || right === null || left.kind !== right.kind) return left === right;
  if (left.kind === "link") return left === right;
  if (left.kind === "list" || left.kind === "dictionary") return JSON.stringify(plain(left)) === JSON.stringify(plain(right));
  return Object.is(left.value, (right as Scalar).value) || left.value === (right as Scalar).value;
}

function plain(value: Any): unknown {
  if (value === null) return null;
  if (value.kind === "link") return `#${String(value.id)}`;
  if (value.kind === "list") return value.items.map(plain);
  if (value.kind === "dictionary") return ["dictionary", ...[...value.items].map(([key, item]) => [key, plain(item)]).sort()];
  return [value.kind, String(value.value)];
}

function one(value: Any): Values {
  return { all: [value], isMultiple: false, quantifier: undefined };
}

function number(value: number | null): Any {
  return value === null ? null : { kind: "number", value };
}

function evaluate(expression: Expression, item: Item, world: World): Values {
  switch (expression.kind) {
    case "constant":
      return one(constant(expression.value));
    case "list":
      return { all: expression.elements.flatMap((element) => evaluate(element, item, world).all), isMultiple: true, quantifier: expression.quantifier };
    case "object":
      return one(world.find(({ id }) => id === (expression.key as { readonly value: { readonly value: number } }).value.value) ?? NOBODY);
    case "arithmetic": {
      const [a, b] = [evaluate(expression.left, item, world), evaluate(expression.right, item, world)];
      const all = a.all.flatMap((x) => b.all.map((y) => calculate(expression.operator, x, y)));
      return { all, isMultiple: a.isMultiple || b.isMultiple, quantifier: a.quantifier ?? b.quantifier };
    }
    case "path":
      return evaluatePath(expression, item, world);
    case "aggregate": {
      const { path, operator, property } = expression;
      const found = walk(path, item, world);
      const values = property === undefined ? found.all : found.all.map((target) => (target as Item).fields[property] as Any);
      return one(aggregate(operator, values.flatMap((value) => (value !== null && value.kind === "number" ? [value.value as number] : []))));
    }
    case "subquery": {
      const inner = (predicate: Predicate): Predicate => JSON.parse(JSON.stringify(predicate, (_, value: unknown) => (Number.isNaN(value) ? "NaN" : value)), (_, node: { kind?: string; elements?: { name?: string }[] }) =>
        node !== null && typeof node === "object" && node.kind === "path" && node.elements?.[0]?.name === expression.variable ? { ...node, elements: node.elements.slice(1) } : node,
      ) as Predicate;
      const predicate = inner(expression.predicate);
      return one(number(walk(expression.path, item, world).all.filter((target) => meets(predicate, target as Item, world)).length));
    }
    case "argument":
      throw new Error("no arguments in this model");
  }
}

function constant(value: { readonly type: string; readonly value?: unknown }): Any {
  switch (value.type) {
    case "null":
      return null;
    case "int":
    case "double":
      return { kind: "number", value: Number(value.value) };
    case "objectId":
    case "data": {
      // The tree of a subquery has been through JSON.
      const content = Object.values(value.value as Record<string, number>);
      if (value.type === "data") return { kind: "data", value: String.fromCharCode(...content) };
      return { kind: "objectId", value: content.map((byte) => byte.toString(16).padStart(2, "0")).join("") };
    }
    case "uuid": {
      const hex = Object.values(value.value as Record<string, number>).map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return { kind: "uuid", value: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") };
    }
    default:
      return { kind: value.type as Scalar["kind"], value: value.value as string };
  }
}

function calculate(operator: string, left: Any, right: Any): Any {
  if (left === null || right === null || left.kind !== "number" || right.kind !== "number") return null;
  const [a, b] = [left.value as number, right.value as number];
  if (operator === "+") return number(a + b);
  if (operator === "-") return number(a - b);
  return number(a * b);
}

function aggregate(operator: string, values: readonly number[]): Any {
  const numbers = operator === "@min" || operator === "@max" ? values.filter((value) => !Number.isNaN(value)) : values;
  const sum = numbers.reduce((total, value) => total + value, 0);
  if (operator === "@sum") return number(sum);
  if (numbers.length === 0) return null;
  return number(operator === "@avg" ? sum / numbers.length : operator === "@min" ? Math.min(...numbers) : Math.max(...numbers));
}

function evaluatePath(path: Path, item: Item, world: World): Values {
  const elements = path.elements.map((element) => (element.kind === "name" ? element.name : ""));
  if (path.operation === "@count") {
    if (elements.at(-1) === "@links") {
      const owners = walk({ ...path, elements: path.elements.slice(0, -1) }, item, world).all as Item[];
      return one(number(owners.reduce((total, owner) => total + (owner === null ? 0 : linkCount(owner, world)), 0)));
    }
    // A dictionary has an entry for a link that leads nowhere, too.
    if (elements.length === 1 && elements[0] === "dict") return one(number((item.fields["dict"] as ReadonlyMap<string, Any>).size));
    return one(number(walk(path, item, world).all.filter((value) => !(value === null && LINKS.has(elements.at(-1) ?? ""))).length));
  }
  if (elements.at(-1) === "length") {
    const values = walk({ ...path, elements: path.elements.slice(0, -1) }, item, world);
    return { all: values.all.map((value) => (value === null ? null : number(Buffer.byteLength((value as Scalar).value as string)))), isMultiple: true, quantifier: path.quantifier };
  }
  const { all, isMultiple } = walk(path, item, world);
  if (path.operation === "@type") return { all: all.map(typeOf), isMultiple, quantifier: path.quantifier };
  return { all, isMultiple, quantifier: path.quantifier };
}

/** Only tested against names of kinds that this model has. */
function typeOf(value: Any): Any {
  return { kind: "string", value: value === null ? "null" : value.kind === "number" ? "numeric" : value.kind };
}

const LINKS = new Set(["link", "links", "set", "dict", "part", "parts", "kids"]);

function linkCount(target: Item, world: World): number {
  let count = 0;
  for (const item of world) {
    for (const [name, field] of Object.entries(item.fields)) if (name !== "kids" && holds(field, target)) count++;
  }
  return count;
}

function holds(field: unknown, target: Item): boolean {
  if (field === target) return true;
  if (Array.isArray(field)) return field.some((value) => holds(value, target));
  if (field instanceof Map) return [...field.values()].some((value) => holds(value, target));
  const nested = field as Nested | null;
  return nested !== null && typeof nested === "object" && (nested.kind === "list" || nested.kind === "dictionary") && holds(nested.items, target);
}

type Raw = Any | readonly Any[] | ReadonlyMap<string, Any>;

const COLLECTIONS = new Set(["ls", "li", "ss", "di", "lm", "dm", "links", "set", "dict", "parts"]);
const PROPERTIES = new Set([...COLLECTIONS, ...LINKS, "id", "n", "s", "i", "b", "t", "o", "u", "m", "d", "f", "dec", "bin", "x", "y"]);

/** The values that a path leads to. With one value at most, a missing one is null; with several, it counts for nothing. */
function walk(path: Path, item: Item, world: World): { readonly all: readonly Any[]; readonly isMultiple: boolean } {
  let cells: readonly Raw[] = [item];
  let isMultiple = false;
  let isCollection = false;
  let isLink = true;
  const spread = (): readonly Any[] => {
    if (!isCollection) return cells as readonly Any[];
    isMultiple = true;
    isCollection = false;
    return cells.flatMap((cell) => (cell instanceof Map ? [...(cell as Map<string, Any>).values()] : ((cell ?? []) as readonly Any[])));
  };
  const elements = [...path.elements];
  for (let at = 0; at < elements.length; at++) {
    const element = elements[at] as Path["elements"][number];
    const name = element.kind === "name" ? element.name : "";
    const property = name === "kids" ? "link" : name === "@links" ? (elements[at + 2] as { readonly name: string }).name : undefined;
    if (property !== undefined) {
      const targets = spread();
      cells = targets.flatMap((target) => world.filter((origin) => target !== null && holds(origin.fields[property], target as Item)));
      isMultiple = true;
      isLink = true;
      if (name === "@links") at += 2;
    } else if (name === "@values") {
      cells = spread();
    } else if (name === "@keys") {
      cells = cells.flatMap((cell) => [...((cell ?? new Map()) as Map<string, Any>).keys()].map((key): Any => ({ kind: "string", value: key })));
      [isMultiple, isCollection, isLink] = [true, false, false];
    } else if (PROPERTIES.has(name)) {
      const targets = spread() as readonly (Item | null)[];
      cells = targets.flatMap((target): Raw[] => {
        if (target === null) return isMultiple ? [] : [null];
        return [name === "id" ? { kind: "number", value: target.id } : (target.fields[name] as Raw)];
      });
      isCollection = COLLECTIONS.has(name);
      isLink = LINKS.has(name);
    } else {
      const step = element.kind === "name" ? ({ kind: "key", key: name } as const) : element;
      cells = cells.flatMap((cell) => pick(cell, step));
      isCollection = false;
      if (step.kind === "all") isMultiple = true;
      else if (isMultiple) cells = cells.filter((cell) => cell !== null);
    }
  }
  const all = spread();
  return { all: isMultiple && isLink ? all.filter((value) => value !== null) : all, isMultiple };
}

function pick(value: Raw, element: Path["elements"][number]): readonly Any[] {
  const items = value !== null && "items" in value ? value.items : value;
  if (element.kind === "index") return [Array.isArray(items) ? ((items as Any[]).at(element.index === "LAST" ? -1 : element.index) ?? null) : null];
  if (element.kind === "key") return [items instanceof Map ? ((items as Map<string, Any>).get(element.key) ?? null) : null];
  return Array.isArray(items) ? (items as Any[]) : items instanceof Map ? [...(items as Map<string, Any>).values()] : [];
}

/** The objects in the order of the keys; those that are equal in all of them keep theirs. */
export function sorted(items: readonly Item[], keys: readonly SortKey[], world: World): Item[] {
  return items.toSorted((left, right) => {
    for (const { path, isAscending } of keys) {
      const [a] = walk(path, left, world).all;
      const [b] = walk(path, right, world).all;
      const order = orderOf(a ?? null, b ?? null);
      if (order !== 0) return isAscending ? order : -order;
    }
    return 0;
  });
}

const RANKS = ["bool", "number", "string", "data", "date", "objectId", "uuid", "link", "list", "dictionary"];

function orderOf(left: Any, right: Any): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (left.kind !== right.kind) return RANKS.indexOf(left.kind) - RANKS.indexOf(right.kind);
  if (left.kind === "link") return left.id - (right as Item).id;
  if (!("value" in left) || !("value" in right)) return 0;
  if (Number.isNaN(left.value) || Number.isNaN(right.value)) return Number(Number.isNaN(right.value)) - Number(Number.isNaN(left.value));
  return relate("<", left, right) ? -1 : relate(">", left, right) ? 1 : 0;
}

/** The first object of each combination of values. */
export function distinct(items: readonly Item[], paths: readonly Path[], world: World): Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = JSON.stringify(paths.map((path) => plain(walk(path, item, world).all[0] ?? null)));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
