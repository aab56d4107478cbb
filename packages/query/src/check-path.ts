/**
 * Resolves paths against a schema: over links, lists, sets, dictionaries, backlinks and into mixed values.
 *
 * @module
 */
import { argumentAt } from "./arguments.ts";
import type { Path, PathElement } from "./ast.ts";
import { classNamed, isListArgument } from "./check-context.ts";
import type { PathContext } from "./check-context.ts";
import type { CheckedPath, CollectionAccess, PathStep } from "./checked.ts";
import { QueryError } from "./errors.ts";
import { printPath } from "./print.ts";
import type { QueryClass, QueryProperty } from "./schema-view.ts";

/** A path and what was left of it: `.length` behind a list of strings or data. */
export interface ResolvedPath {
  readonly path: CheckedPath;
  readonly isLength: boolean;
  /** True for `@links` alone, of which only the number is known. */
  readonly isAllBacklinks: boolean;
}

const LENGTH_TYPES: ReadonlySet<string> = new Set(["string", "data"]);

/** The state of a walk along a path. */
interface Walk {
  readonly context: PathContext;
  readonly steps: PathStep[];
  /** The class whose properties the next name means; undefined behind a value. */
  owner: QueryClass | undefined;
  property: QueryProperty;
  isMultiple: boolean;
}

/**
 * The path with every property found.
 *
 * @throws {QueryError} `QUERY_PROPERTY_UNKNOWN`; `QUERY_TYPE_MISMATCH` for a step that its value does not have.
 */
export function checkPath(path: Path, context: PathContext): CheckedPath {
  const resolved = resolvePath(path, context);
  if (resolved.isLength || resolved.isAllBacklinks) throw new QueryError("QUERY_INVALID", `'${printPath(path)}' stands for a number, not for a property`);
  return resolved.path;
}

/** As `checkPath`, for a path that may end in `.length` or be `@links` alone. */
export function resolvePath(path: Path, context: PathContext): ResolvedPath {
  const elements = elementsOf(path, context);
  const owner = classNamed(context.schema, context.className);
  const walk: Walk = { context, steps: [], owner, property: { name: "", type: "object", objectType: owner.name }, isMultiple: false };
  context.classNames.add(owner.name);
  let at = 0;
  const [first] = elements;
  // The variable of a subquery is the object itself.
  if (context.variable !== undefined && first?.kind === "name" && first.name === context.variable) at = 1;
  let isLength = false;
  let isAllBacklinks = false;
  while (at < elements.length) {
    const element = elements[at] as PathElement;
    if (element.kind === "name" && element.name === "@links") {
      isAllBacklinks = at === elements.length - 1;
      if (isAllBacklinks) for (const name of context.schema.classesLinkingTo?.(walk.owner?.name ?? "") ?? []) context.classNames.add(name);
      else stepBacklinks(walk, elements[at + 1], elements[at + 2]);
      at += 3;
    } else if (walk.owner !== undefined && canStep(walk, element)) {
      stepProperty(walk, (element as { readonly name: string }).name);
      at++;
    } else if (at === elements.length - 1 && isLengthOf(walk, element)) {
      isLength = true;
      at++;
    } else {
      at = stepInto(walk, elements, at);
    }
  }
  const { steps, property, isMultiple } = walk;
  const quantified = path.quantifier === undefined ? {} : { quantifier: path.quantifier };
  if (path.quantifier !== undefined && !isMultiple) throw new QueryError("QUERY_INVALID", `The keypath following '${path.quantifier}' must contain a list`);
  return { path: { kind: "path", steps, property, type: property.type, isMultiple, ...quantified }, isLength, isAllBacklinks };
}

/** The elements with `[$0]` and `$K0` put in. */
function elementsOf(path: Path, context: PathContext): readonly PathElement[] {
  const elements = path.elements.map((element): PathElement => {
    if (element.kind !== "argument") return element;
    const argument = argumentAt(context.args ?? [], element.index);
    if (argument === null || argument === undefined || isListArgument(argument)) throw new QueryError("QUERY_ARGUMENT_INVALID", "Invalid index parameter");
    if (typeof argument === "string") return { kind: "key", key: argument };
    if (Number.isSafeInteger(argument) && (argument as number) >= 0) return { kind: "index", index: argument as number };
    throw new QueryError("QUERY_ARGUMENT_INVALID", "Invalid index type");
  });
  if (path.keyPathArgument === undefined) return elements;
  const label = `$K${String(path.keyPathArgument)}`;
  if (elements.length > 0) throw new QueryError("QUERY_INVALID", "Key path argument cannot be mixed with other elements");
  const argument = argumentAt(context.args ?? [], path.keyPathArgument);
  if (argument === null || argument === undefined || isListArgument(argument)) throw new QueryError("QUERY_ARGUMENT_INVALID", `Null or list cannot be used for parameter '${label}'`);
  if (typeof argument !== "string") throw new QueryError("QUERY_ARGUMENT_INVALID", `Invalid index type for '${label}'. Expected a string, but found type '${typeof argument}'`);
  return argument.split(".").map((name) => ({ kind: "name", name }));
}

/** Behind a dictionary of objects a name is a property of the objects if they have it, else a key. */
function canStep(walk: Walk, element: PathElement): boolean {
  if (element.kind !== "name" || element.name === "@keys" || element.name === "@values") return false;
  return !isOpenDictionary(walk) || walk.owner?.findProperty(element.name) !== undefined;
}

function isOpenDictionary(walk: Walk): boolean {
  const last = walk.steps.at(-1);
  return last?.kind === "property" && last.property.collection === "dictionary" && last.access.length === 0;
}

function stepProperty(walk: Walk, name: string): void {
  const owner = walk.owner as QueryClass;
  const property = owner.findProperty(name);
  if (property === undefined) throw new QueryError("QUERY_PROPERTY_UNKNOWN", `'${owner.name}' has no property '${name}'`);
  if (property.collection === "linkingObjects") {
    const origin = classNamed(walk.context.schema, property.objectType ?? "");
    pushBacklinks(walk, origin, origin.findProperty(property.originProperty ?? "") ?? property);
    walk.property = property;
    return;
  }
  walk.steps.push({ kind: "property", className: owner.name, property, access: [] });
  if (property.collection !== undefined) walk.isMultiple = true;
  arriveAt(walk, property);
}

function arriveAt(walk: Walk, property: QueryProperty): void {
  walk.property = property;
  walk.owner = property.type === "object" ? classNamed(walk.context.schema, property.objectType ?? "") : undefined;
  if (walk.owner !== undefined) walk.context.classNames.add(walk.owner.name);
}

/** `@links.Class.property` */
function stepBacklinks(walk: Walk, classElement: PathElement | undefined, propertyElement: PathElement | undefined): void {
  const target = walk.owner;
  if (target === undefined || classElement?.kind !== "name" || propertyElement?.kind !== "name") {
    throw new QueryError("QUERY_INVALID", "'@links' has to be followed by a class and one of its properties: @links.Class.property");
  }
  const origin = walk.context.schema.findClass(classElement.name);
  const property = origin?.findProperty(propertyElement.name);
  const canLinkHere = property?.type === "mixed" || (property?.type === "object" && property.objectType === target.name && property.collection !== "linkingObjects");
  if (origin === undefined || property === undefined || !canLinkHere) {
    throw new QueryError("QUERY_PROPERTY_UNKNOWN", `No property '${propertyElement.name}' found in type '${classElement.name}' which links to type '${target.name}'`);
  }
  pushBacklinks(walk, origin, property);
}

function pushBacklinks(walk: Walk, origin: QueryClass, property: QueryProperty): void {
  walk.steps.push({ kind: "backlinks", className: walk.owner?.name ?? "", originClass: origin.name, property });
  walk.isMultiple = true;
  walk.owner = origin;
  walk.property = { name: property.name, type: "object", objectType: origin.name, collection: "linkingObjects" };
  walk.context.classNames.add(origin.name);
}

function isLengthOf({ property, steps }: Walk, element: PathElement): boolean {
  if (element.kind !== "name" || element.name.toLowerCase() !== "length") return false;
  const last = steps.at(-1);
  return property.collection !== undefined && property.collection !== "dictionary" && LENGTH_TYPES.has(property.type) && last?.kind === "property" && last.access.length === 0;
}

/** Takes elements of a collection, or goes into a mixed value. Returns how far it got. */
function stepInto(walk: Walk, elements: readonly PathElement[], at: number): number {
  const last = walk.steps.at(-1);
  const element = elements[at] as PathElement;
  if (last?.kind !== "property" || last.access.length > 0) throw noSuchStep(walk, element);
  const { property } = last;
  const access: CollectionAccess[] = [];
  let next = at;
  if (property.collection !== undefined) {
    const first = accessOf(element);
    if (!suits(property, first)) throw noSuchStep(walk, element);
    access.push(first);
    next++;
  } else if (property.type !== "mixed") {
    throw noSuchStep(walk, element);
  }
  const isKeys = access[0]?.kind === "keys";
  if (property.type === "mixed" && !isKeys) {
    // Everything that follows leads into the mixed value.
    for (; next < elements.length; next++) access.push(accessOf(elements[next] as PathElement));
  }
  walk.steps[walk.steps.length - 1] = { ...last, access };
  const isSingle = access.every(({ kind }) => kind === "index" || kind === "key");
  const before = walk.steps.slice(0, -1);
  walk.isMultiple = !isSingle || before.some(isMultipleStep);
  const { collection, ...element_ } = property;
  arriveAt(walk, isKeys ? { name: property.name, type: "string" } : isSingle ? element_ : property);
  if (!isSingle && collection === undefined) walk.property = property;
  return next;
}

function isMultipleStep(step: PathStep): boolean {
  return step.kind === "backlinks" || (step.property.collection !== undefined && (step.access.length === 0 || step.access.some(({ kind }) => kind === "all" || kind === "keys")));
}

function suits({ collection }: QueryProperty, access: CollectionAccess): boolean {
  if (access.kind === "all") return collection !== "linkingObjects";
  return collection === (access.kind === "index" ? "list" : "dictionary");
}

function accessOf(element: PathElement): CollectionAccess {
  switch (element.kind) {
    case "index":
      return { kind: "index", index: element.index };
    case "key":
      return { kind: "key", key: element.key };
    case "name":
      return element.name === "@keys" ? { kind: "keys" } : element.name === "@values" ? { kind: "all" } : { kind: "key", key: element.name };
    default:
      return { kind: "all" };
  }
}

function noSuchStep({ steps, owner, property, context }: Walk, element: PathElement): QueryError {
  const last = steps.at(-1);
  const className = last?.className ?? context.className;
  if (element.kind === "name" && (last === undefined || owner !== undefined)) return new QueryError("QUERY_PROPERTY_UNKNOWN", `'${owner?.name ?? className}' has no property '${element.name}'`);
  const place = `Property '${className}.${property.name}'`;
  if (element.kind === "name") return new QueryError("QUERY_TYPE_MISMATCH", `${place} has no property '${element.name}'`);
  const index = element.kind === "key" ? element.key : element.kind === "index" ? String(element.index) : "*";
  return new QueryError("QUERY_TYPE_MISMATCH", `${place} does not support index '${index}'`);
}

/** As `checkPath`, with the messages of SORT and DISTINCT, for a path that ends in a single value. */
export function checkDescriptorPath(path: Path, context: PathContext, clause: "sort" | "distinct"): CheckedPath {
  let checked: CheckedPath;
  try {
    checked = checkPath(path, context);
  } catch (error) {
    if (!(error instanceof QueryError) || error.code !== "QUERY_PROPERTY_UNKNOWN") throw error;
    const match = /^'(.*)' has no property '(.*)'$/s.exec(error.message);
    const message = `No property '${String(match?.[2])}' found on object type '${String(match?.[1])}' specified in '${clause}' clause`;
    throw new QueryError("QUERY_PROPERTY_UNKNOWN", message, { cause: error });
  }
  const { collection, type } = checked.property;
  if (!checked.isMultiple && checked.steps.length > 0 && (clause === "distinct" || type !== "object")) return checked;
  throw new QueryError("QUERY_TYPE_MISMATCH", `Cannot ${clause} on key path '${printPath(path)}': property of unsupported type '${collection ?? type}'`);
}
