/**
 * Random queries over the objects of world.ts, as trees.
 *
 * @module
 */
import { parse } from "@holdfast/query";
import type { Comparison, ComparisonOperator, Constant, Descriptor, Expression, Path, Predicate, Quantifier, Query } from "@holdfast/query";
import { scalar } from "./world.ts";
import type { Random, Scalar } from "./world.ts";

const SINGLE: Readonly<Record<string, readonly string[]>> = {
  int: ["i", "id", "link.i", "link.link.i", "part.x", "link.part.x", "li[0]", "li[LAST]", "li[9]", "di['k']", "di['key 1']", "di.a", "links[0].i", "dict['a'].i", "dict.k.id", "link.li[0]"],
  double: ["d", "f", "dec", "link.d", "link.dec", "links[1].f"],
  string: ["s", "part.y", "link.s", "link.link.s", "ls[1]", "links[1].s", "dict['b'].s"],
  bool: ["b", "link.b"],
  date: ["t", "link.t"],
  objectId: ["o", "link.o"],
  uuid: ["u", "link.u"],
  data: ["bin", "link.bin"],
  mixed: ["m", "link.m", "m['a']", "m['a']['b']", "m[0]", "m.k[0]", "dm['a']", "lm[0]", "dm.k.a", "link.dm['b']"],
  object: ["link", "link.link", "links[0]", "dict['a']"],
};
const MULTIPLE: Readonly<Record<string, readonly string[]>> = {
  int: ["li", "di", "di.@values", "links.i", "set.i", "dict.i", "parts.x", "kids.i", "@links.Item.link.i", "@links.Item.dict.i", "links.link.i", "links.li", "link.li", "links[*].i", "links.li[0]", "kids.link.di['a']"],
  double: ["links.d", "set.f", "kids.dec", "@links.Item.set.d"],
  string: ["ls", "ss", "di.@keys", "dm.@keys", "dict.@keys", "links.s", "set.s", "parts.y", "kids.s", "@links.Item.links.s", "link.links.s", "links.ls", "links.ss", "kids.parts.y"],
  bool: ["links.b"],
  date: ["links.t", "kids.t"],
  objectId: ["set.o"],
  uuid: ["links.u"],
  data: ["links.bin"],
  mixed: ["lm", "dm", "links.m", "m[*]", "lm[*]", "links.dm['a']", "links.lm"],
  object: ["links", "set", "dict", "kids", "@links.Item.link", "links.link"],
};
const NUMBERS = [
  "li.@count", "ls.@size", "links.@count", "dict.@count", "di.@count", "kids.@count", "@links.@count", "link.@links.@count", "link.@count", "@links.Item.links.@count", "links.link.@count", "link.li.@count",
  "li.@sum", "li.@max", "li.@min", "li.@avg", "di.@sum", "di.@max", "links.@sum.i", "links.@max.i", "kids.@min.i", "link.li.@max", "set.@max.f", "links.@avg.i", "lm.@max",
];
const TYPES = ["int", "double", "string", "bool", "date", "objectId", "uuid", "data", "mixed"];
const RELATIONS: readonly ComparisonOperator[] = ["==", "!=", "<", "<=", ">", ">="];
const TEXT_OPERATORS: readonly ComparisonOperator[] = ["BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "==", "!="];
const TYPE_NAMES = ["null", "bool", "string", "date", "numeric", "link", "list", "dictionary", "data", "uuid", "objectId"];
const PRIMITIVE_ENDS = /(?:^|\.)(?:li|ls|ss|di|lm|dm|@values|@keys)$/;

/** Parses one side of a comparison. */
export function operand(text: string): Expression {
  return (parse(`${text} == 1`).predicate as Comparison).left;
}

function constant(random: Random, type: string): Constant {
  if (random.chance(0.08)) return { type: "null" };
  const kind = type === "mixed" ? random.pick(["int", "double", "string", "bool", "date", "objectId", "uuid", "data"]) : type === "double" && random.chance(0.5) ? "int" : type;
  return constantOf(scalar(random, kind), kind);
}

function constantOf({ value }: Scalar, type: string): Constant {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll("-", ""), "hex"));
  switch (type) {
    case "int":
      return { type: "int", value: value as number };
    case "double":
      return { type: "double", value: value as number, text: Number.isNaN(value) ? "NaN" : Number.isInteger(value) ? `${String(value)}.0` : String(value) };
    case "objectId":
    case "uuid":
      return { type, value: bytes(value as string) };
    case "data":
      return { type, value: Uint8Array.from(Buffer.from(value as string, "latin1")) };
    default:
      return { type, value } as Constant;
  }
}

function list(random: Random, type: string, quantifier?: Quantifier): Expression {
  const elements = Array.from({ length: random.below(4) }, () => ({ kind: "constant" as const, value: constant(random, type) }));
  return { kind: "list", elements, ...(quantifier === undefined ? {} : { quantifier }) };
}

function withQuantifier(expression: Expression, quantifier: Quantifier | undefined): Expression {
  return quantifier === undefined ? expression : ({ ...expression, quantifier } as Expression);
}

function pickQuantifier(random: Random): Quantifier | undefined {
  return random.pick([undefined, undefined, "ANY", "ALL", "NONE"] as const);
}

function comparison(operator: ComparisonOperator, left: Expression, right: Expression, isCaseInsensitive = false): Predicate {
  return { kind: "comparison", operator, isCaseInsensitive, left, right };
}

/** A condition; `depth` bounds conditions inside one another. */
export function randomPredicate(random: Random, depth: number): Predicate {
  if (depth > 0 && random.chance(0.45)) {
    if (random.chance(0.25)) return { kind: "not", operand: randomPredicate(random, depth - 1) };
    return { kind: random.pick(["and", "or"] as const), operands: Array.from({ length: 2 + random.below(2) }, () => randomPredicate(random, depth - 1)) };
  }
  switch (random.below(11)) {
    case 10:
      return onWords(random);
    case 0:
      return random.chance(0.1) ? { kind: "truth", isTrue: random.chance(0.5) } : onNumbers(random);
    case 1:
      return onTypes(random);
    case 2:
      return onLinks(random);
    case 3:
      return depth > 0 ? onSubquery(random, depth) : onNumbers(random);
    case 4:
      return onCalculation(random);
    case 5:
      return onText(random);
    default:
      return onValues(random);
  }
}

function onValues(random: Random): Predicate {
  const type = random.pick(TYPES);
  const isMultiple = random.chance(0.4);
  const text = random.pick((isMultiple ? MULTIPLE : SINGLE)[type] as readonly string[]);
  const left = isMultiple ? withQuantifier(operand(text), pickQuantifier(random)) : operand(text);
  const value: Expression = { kind: "constant", value: constant(random, type) };
  switch (random.below(6)) {
    case 0:
      return comparison("IN", left, list(random, type, isMultiple ? (pickQuantifier(random) ?? "ANY") : pickQuantifier(random)));
    case 1: {
      if (type === "bool" || type === "mixed" || (isMultiple && PRIMITIVE_ENDS.test(text))) return comparison("==", left, value);
      const limits = [constant(random, type), constant(random, type)].map((limit) => ({ kind: "constant" as const, value: limit }));
      return comparison("BETWEEN", left, { kind: "list", elements: limits });
    }
    case 2: {
      const other = random.pick(SINGLE[type === "mixed" ? random.pick(TYPES) : type] as readonly string[]);
      return comparison(random.pick(RELATIONS), left, operand(other));
    }
    case 3:
      return isMultiple ? comparison("IN", operand(random.pick(SINGLE[type] as readonly string[])), left) : comparison(random.pick(RELATIONS), left, list(random, type, pickQuantifier(random)));
    default:
      return random.chance(0.3) ? comparison(random.pick(RELATIONS), value, left) : comparison(random.pick(RELATIONS), left, value);
  }
}

function onText(random: Random): Predicate {
  const type = random.pick(["string", "string", "data", "mixed"]);
  const isMultiple = random.chance(0.4);
  const text = operand(random.pick((isMultiple ? MULTIPLE : SINGLE)[type] as readonly string[]));
  const left = isMultiple ? withQuantifier(text, pickQuantifier(random)) : text;
  const wanted = type === "mixed" ? random.pick(["string", "data"]) : type;
  const right: Expression = { kind: "constant", value: constantOf(scalar(random, wanted), wanted) };
  return comparison(random.pick(TEXT_OPERATORS), left, right, random.chance(0.5));
}

function onWords(random: Random): Predicate {
  const isMultiple = random.chance(0.4);
  const path = operand(random.pick(isMultiple ? ["links.n", "kids.n", "@links.Item.set.n", "link.links.n"] : ["n", "n", "link.n", "link.link.n", "dict['a'].n"]));
  const terms = new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(["dog", "DOGS", "cat", "-cat", "cafe", "Café", "do*", "s*", "-sea", "42", "c*"])));
  if (terms.has("-cat")) terms.delete("cat");
  return comparison("TEXT", isMultiple ? withQuantifier(path, pickQuantifier(random)) : path, { kind: "constant", value: { type: "string", value: [...terms].join(" ") } });
}

function onLinks(random: Random): Predicate {
  const object: Expression = { kind: "object", className: "Item", key: { kind: "constant", value: { type: "int", value: random.below(28) } } };
  const operator = random.pick(["==", "!="] as const);
  if (random.chance(0.5)) {
    const left = operand(random.pick(SINGLE["object"] as readonly string[]));
    return random.chance(0.3) ? comparison(operator, left, { kind: "constant", value: { type: "null" } }) : comparison(operator, left, object);
  }
  const left = withQuantifier(operand(random.pick(MULTIPLE["object"] as readonly string[])), pickQuantifier(random));
  return random.chance(0.3) ? comparison("IN", operand("link"), left) : comparison(operator, left, object);
}

function onNumbers(random: Random): Predicate {
  const right: Expression = random.chance(0.3) ? operand(random.pick(["i", "d", "link.i", "id"])) : { kind: "constant", value: constant(random, "int") };
  return comparison(random.pick(RELATIONS), operand(random.pick(NUMBERS)), right);
}

function onTypes(random: Random): Predicate {
  const isMultiple = random.chance(0.4);
  const path = operand(random.pick((isMultiple ? MULTIPLE : SINGLE)["mixed"] as readonly string[])) as Path;
  const left: Expression = { ...path, operation: "@type", ...(isMultiple ? { quantifier: pickQuantifier(random) ?? "ANY" } : {}) };
  const name = (): Expression => ({ kind: "constant", value: { type: "string", value: random.pick(TYPE_NAMES) } });
  if (random.chance(0.2)) return comparison("IN", left, { kind: "list", elements: [name(), name()] as never, quantifier: "ANY" });
  return comparison(random.pick(["==", "!="]), left, name());
}

function onCalculation(random: Random): Predicate {
  const number = (): Expression => {
    if (random.chance(0.4)) return { kind: "constant", value: { type: "int", value: random.below(6) - 2 } };
    return operand(random.pick(["i", "id", "d", "link.i", "f", "li.@count", "m", "links.@sum.i", "li[0]"]));
  };
  const calculated = (left: Expression): Expression => ({ kind: "arithmetic", operator: random.pick(["+", "-", "*"]), left, right: number() });
  const first = operand(random.pick(["i", "d", "id", "link.i", "li", "links.i"]));
  const sum = calculated(first);
  const isMultiple = first.kind === "path" && (first.elements[0] as { readonly name?: string }).name?.startsWith("li") === true && first.elements.length > 0;
  const left = random.chance(0.3) && !isMultiple ? calculated(sum) : sum;
  return comparison(random.pick(RELATIONS), left, { kind: "constant", value: constant(random, "int") });
}

/** Paths inside begin with the variable or mean the inner object without it. */
function onSubquery(random: Random, depth: number): Predicate {
  const path = operand(random.pick(["links", "set", "kids", "@links.Item.link", "link.links"])) as Path;
  const predicate = prefixed(randomPredicate(random, depth - 1), random);
  return comparison(random.pick(RELATIONS), { kind: "subquery", path, variable: "$x", predicate }, { kind: "constant", value: { type: "int", value: random.below(3) } });
}

function prefixed(predicate: Predicate, random: Random): Predicate {
  if (predicate.kind !== "comparison" || predicate.left.kind !== "path" || random.chance(0.5)) return predicate;
  const { left } = predicate;
  return { ...predicate, left: { ...left, elements: [{ kind: "name", name: "$x" }, ...left.elements] } };
}

/** A whole query with what orders it. */
export function randomQuery(random: Random): Query {
  const paths = ["i", "s", "d", "b", "t", "dec", "link.i", "link.s", "part.x", "m", "f", "o"];
  const descriptors = Array.from({ length: random.chance(0.4) ? 1 + random.below(3) : 0 }, (): Descriptor => {
    const some = (): Path[] => Array.from({ length: 1 + random.below(2) }, () => operand(random.pick(paths)) as Path);
    if (random.chance(0.25)) return { kind: "limit", count: random.below(12) };
    if (random.chance(0.3)) return { kind: "distinct", paths: some() };
    return { kind: "sort", keys: some().map((path) => ({ path, isAscending: random.chance(0.5) })) };
  });
  return { text: "", predicateText: "", descriptorText: "", predicate: randomPredicate(random, 2), descriptors };
}
