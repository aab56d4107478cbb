/**
 * Writes a tree as text that parses to the same tree.
 *
 * @module
 */
import type { ArgumentReference, Constant, Descriptor, Expression, GeoRegionNode, Path, PathElement, Predicate, Query } from "./ast.ts";
import type { GeoPosition } from "./geo-region.ts";

const BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"], ["'", "\\'"], ["\b", "\\b"], ["\f", "\\f"], ["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"], ["\0", "\\0"],
]);
const NAME_ESCAPES: ReadonlyMap<string, string> = new Map([[" ", "\\ "], ["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);
const MS_PER_SECOND = 1000;
const NS_PER_MS = 1_000_000;

/** A query, a condition or an ordering as text. */
export function describe(node: Query | Predicate | Descriptor): string {
  if ("predicate" in node) return [printPredicate(node.predicate), ...node.descriptors.map(printDescriptor)].join(" ");
  return node.kind === "sort" || node.kind === "distinct" || node.kind === "limit" ? printDescriptor(node) : printPredicate(node);
}

function printPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case "truth":
      return predicate.isTrue ? "TRUEPREDICATE" : "FALSEPREDICATE";
    case "not":
      return `NOT ${printInner(predicate.operand)}`;
    case "and":
    case "or":
      return predicate.operands.map(printInner).join(predicate.kind === "and" ? " AND " : " OR ");
    case "comparison": {
      const operator = `${predicate.operator}${predicate.isCaseInsensitive ? "[c]" : ""}`;
      return `${printExpression(predicate.left)} ${operator} ${printExpression(predicate.right)}`;
    }
    case "geoWithin":
      return `${printExpression(predicate.path)} GEOWITHIN ${printRegion(predicate.region)}`;
  }
}

/** In parentheses if it has parts of its own. */
function printInner(predicate: Predicate): string {
  const text = printPredicate(predicate);
  return predicate.kind === "and" || predicate.kind === "or" ? `(${text})` : text;
}

/** One side of a comparison as text. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "constant":
      return printConstant(expression.value);
    case "argument":
      return `${quantifierText(expression)}$${String(expression.index)}`;
    case "list":
      return `${quantifierText(expression)}{${expression.elements.map(printExpression).join(", ")}}`;
    case "object": {
      const { className, key } = expression;
      return className === undefined ? `O${printExpression(key)}` : `obj(${quote(className)}, ${printExpression(key)})`;
    }
    case "arithmetic":
      return `(${printExpression(expression.left)} ${expression.operator} ${printExpression(expression.right)})`;
    case "path":
      return `${quantifierText(expression)}${printPath(expression)}${expression.operation === undefined ? "" : `.${expression.operation}`}`;
    case "aggregate":
      return `${printPath(expression.path)}.${expression.operator}${expression.property === undefined ? "" : `.${printName(expression.property)}`}`;
    case "subquery":
      return `SUBQUERY(${printPath(expression.path)}, ${printName(expression.variable)}, ${printPredicate(expression.predicate)}).@count`;
  }
}

function quantifierText({ quantifier }: { readonly quantifier?: string }): string {
  return quantifier === undefined ? "" : `${quantifier} `;
}

/** A path as a query writes it. */
export function printPath(path: Path): string {
  const start = path.keyPathArgument === undefined ? "" : `$K${String(path.keyPathArgument)}`;
  return path.elements.reduce((text, element) => `${text}${printElement(element, text === "")}`, start);
}

function printElement(element: PathElement, isFirst: boolean): string {
  switch (element.kind) {
    case "name":
      return `${isFirst ? "" : "."}${printName(element.name)}`;
    case "index":
      return `[${String(element.index)}]`;
    case "key":
      return `[${quote(element.key)}]`;
    case "all":
      return "[*]";
    case "argument":
      return `[$${String(element.index)}]`;
  }
}

/**
 * A name with its blanks escaped.
 *
 * A schema may have names that no path can spell: they stay as they are, and a query with them does not parse.
 */
export function printName(name: string): string {
  return name.replaceAll(/[ \n\r\t]/g, (blank) => NAME_ESCAPES.get(blank) ?? blank);
}

function printConstant(constant: Constant): string {
  switch (constant.type) {
    case "null":
      return "NULL";
    case "bool":
    case "int":
      return String(constant.value);
    case "double":
      // A whole number without point or exponent would come back as an integer.
      return /^[+-]?\d+$/.test(constant.text) ? `${constant.text}f` : constant.text;
    case "decimal128":
      return quote(constant.text);
    case "string":
      return quote(constant.value);
    case "data":
      return `binary(B64"${base64(constant.value)}")`;
    case "base64":
      return `B64"${base64(constant.value)}"`;
    case "date":
      return printDate(constant.value);
    case "objectId":
      return `oid(${hex(constant.value)})`;
    case "uuid":
      return `uuid(${hex(constant.value).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")})`;
    case "link":
      return constant.label;
  }
}

function printDate(ms: number): string {
  const seconds = Math.trunc(ms / MS_PER_SECOND);
  return `T${String(seconds)}:${String(Math.round((ms - seconds * MS_PER_SECOND) * NS_PER_MS))}`;
}

function quote(text: string): string {
  // A lone surrogate is no character of its own: it can only be written as an escape.
  const isSpecial = /[\\'\b\f\n\r\t\0]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  return `'${text.replaceAll(isSpecial, (unit) => ESCAPES.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}'`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const bits = first * 65_536 + second * 256 + third;
    const digits = [18, 12, 6, 0].map((shift) => BASE64_ALPHABET.charAt(Math.floor(bits / 2 ** shift) % 64));
    text += digits.slice(0, Math.min(4, bytes.length - at + 1)).join("").padEnd(4, "=");
  }
  return text;
}

function printRegion(region: GeoRegionNode): string {
  switch (region.kind) {
    case "argument":
      return `$${String(region.index)}`;
    case "box":
      return `geoBox(${printPosition(region.bottomLeft)}, ${printPosition(region.topRight)})`;
    case "circle":
      return `geoCircle(${printPosition(region.center)}, ${printCoordinate(region.radius)})`;
    case "polygon":
      return `geoPolygon(${region.rings.map((ring) => `{${ring.map(printPosition).join(", ")}}`).join(", ")})`;
  }
}

function printPosition(position: GeoPosition<number | ArgumentReference>): string {
  return `[${position.map(printCoordinate).join(", ")}]`;
}

function printCoordinate(coordinate: number | ArgumentReference): string {
  if (typeof coordinate !== "number") return `$${String(coordinate.index)}`;
  // All digits and beyond 64 bits: only with its point is it a number.
  return Number.isInteger(coordinate) && !Number.isSafeInteger(coordinate) && Math.abs(coordinate) < 1e21 ? `${String(coordinate)}.` : String(coordinate);
}

function printDescriptor(descriptor: Descriptor): string {
  switch (descriptor.kind) {
    case "sort":
      return `SORT(${descriptor.keys.map(({ path, isAscending }) => `${printPath(path)} ${isAscending ? "ASC" : "DESC"}`).join(", ")})`;
    case "distinct":
      return `DISTINCT(${descriptor.paths.map(printPath).join(", ")})`;
    case "limit":
      return `LIMIT(${String(descriptor.count)})`;
  }
}
