/**
 * Functions that read a path's value, or its values, from a row: one field at a time and only what the path needs.
 *
 * @module
 */
import type { CheckedPath, CollectionAccess, PathStep } from "@holdfast/query";
import type { Field } from "../records/layout.ts";
import { copyKey, rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import { anyOf, readAny } from "./any-value.ts";
import type { AnyValue } from "./any-value.ts";
import type { QueryValue } from "./comparators.ts";
import type { QuerySource, QueryTable } from "./query-source.ts";

/** What operands have: values of mixed operands carry their type, all others are as they are stored. */
export type Value = QueryValue | AnyValue;

/** Reads one value from a row. A null link anywhere on the way reads as null. */
export type ValueReader = (row: Row) => Value;

/** Called for each value; true ends the visit. */
export type ValueVisitor = (value: Value) => boolean;

/** Visits the values that a row leads to; true if the visitor ended it. */
export type ValuesReader = (row: Row, visit: ValueVisitor) => boolean;

type PropertyStep = Extract<PathStep, { readonly kind: "property" }>;

/** The reader of a path that has one value. */
export function readerOf(path: CheckedPath, source: QuerySource): ValueReader {
  const steps = path.steps as readonly PropertyStep[];
  const last = steps.at(-1);
  // Only the variable of a subquery stands for the object itself.
  if (last === undefined) return copyKey;
  let read = lastReader(last, source);
  for (let index = steps.length - 2; index >= 0; index--) {
    const step = steps[index] as PropertyStep;
    read = throughLink(linkReader(step, source), source.table(step.property.objectType ?? ""), read);
  }
  return read;
}

/** The field of a property in one state of a realm. */
export function fieldOf(source: QuerySource, className: string, name: string): Field {
  const field = source.table(className).layout.fieldOf(name);
  // The check found the property in the schema that the layouts are made of.
  if (field === undefined) throw new Error(`The layout of '${className}' has no field '${name}'`);
  return field;
}

function lastReader({ className, property, access }: PropertyStep, source: QuerySource): ValueReader {
  const { read } = fieldOf(source, className, property.name);
  const isMixed = property.type === "mixed";
  if (access.length === 0) return isMixed ? (row) => readAny(read(row)) : read;
  const [first, ...rest] = access as readonly [CollectionAccess, ...CollectionAccess[]];
  if (property.collection === undefined) return (row) => nestedValue(readAny(read(row)), access);
  if (!isMixed) return (row) => elementAt(read(row), first);
  return (row) => nestedValue(readAny(elementAt(read(row), first)), rest);
}

function linkReader({ className, property, access }: PropertyStep, source: QuerySource): (row: Row) => Uint8Array | null {
  const { read } = fieldOf(source, className, property.name);
  const [first] = access;
  if (first === undefined) return read as (row: Row) => Uint8Array | null;
  return (row) => elementAt(read(row), first) as Uint8Array | null;
}

/** How many targets of a link are remembered; beyond it, everything is forgotten and starts anew. */
const REMEMBERED_MAX = 65_536;

/** Follows a link and reads on there. Many rows share their target, so what was found is kept for the time of one search. */
function throughLink(readLink: (row: Row) => Uint8Array | null, table: QueryTable, readNext: ValueReader): ValueReader {
  const found = new Map<string, Value>();
  return (row) => {
    const key = readLink(row);
    if (key === null) return null;
    const text = keyText(key);
    const known = found.get(text);
    if (known !== undefined) return known;
    if (found.size >= REMEMBERED_MAX) found.clear();
    const record = table.get(key);
    const value = record === undefined ? null : readNext(rowOf(key, record));
    found.set(text, value);
    return value;
  };
}

/** The element of a list or dictionary; null if there is none. */
function elementAt(stored: StoredValue, access: CollectionAccess): StoredValue {
  if (Array.isArray(stored)) return access.kind === "index" ? (stored.at(access.index === "LAST" ? -1 : access.index) ?? null) : null;
  return access.kind === "key" && stored instanceof Map ? ((stored as StoredDictionary).get(access.key) ?? null) : null;
}

/** What a path leads to inside a mixed value; null if there is nothing. */
function nestedValue(value: AnyValue, access: readonly CollectionAccess[]): AnyValue {
  let current = value;
  for (const step of access) {
    if (current?.type === "list" && step.kind === "index") current = current.elements.at(step.index === "LAST" ? -1 : step.index) ?? null;
    else if (current?.type === "dictionary" && step.kind === "key") current = current.entries.get(step.key) ?? null;
    else return null;
  }
  return current;
}

/** Visits all values of a path that may have several. A link that leads nowhere and a missing element count for nothing. */
export function valuesReaderOf(path: CheckedPath, source: QuerySource): ValuesReader {
  const { steps } = path;
  const last = steps.at(-1);
  if (last === undefined) return (row, visit) => visit(copyKey(row));
  let read = lastVisitor(last, source);
  for (let index = steps.length - 2; index >= 0; index--) read = throughLinks(keysVisitor(steps[index] as PathStep, source), targetOf(steps[index] as PathStep, source), read);
  return read;
}

/** Visits the rows that have the collection at a path's end: the path without its last step. */
export function ownersReaderOf(path: CheckedPath, source: QuerySource): (row: Row, visit: (owner: Row) => boolean) => boolean {
  const steps = path.steps.slice(0, -1);
  let read: (row: Row, visit: (owner: Row) => boolean) => boolean = (row, visit) => visit(row);
  for (const step of steps.toReversed()) {
    const next = read;
    const keys = keysVisitor(step, source);
    const table = targetOf(step, source);
    read = (row, visit) => keys(row, (key) => withRow(table, key as Uint8Array, (target) => next(target, visit)));
  }
  return read;
}

function targetOf(step: PathStep, source: QuerySource): QueryTable {
  return source.table(step.kind === "backlinks" ? step.originClass : (step.property.objectType ?? ""));
}

function throughLinks(keys: ValuesReader, table: QueryTable, readNext: ValuesReader): ValuesReader {
  return (row, visit) => keys(row, (key) => withRow(table, key as Uint8Array, (target) => readNext(target, visit)));
}

/** Visits a row if it is there. */
export function withRow(table: QueryTable, key: Uint8Array, visit: (row: Row) => boolean): boolean {
  const record = table.get(key);
  return record !== undefined && visit(rowOf(key, record));
}

/** Visits the keys of the objects that a step leads to. */
function keysVisitor(step: PathStep, source: QuerySource): ValuesReader {
  if (step.kind === "backlinks") {
    const table = source.table(step.className);
    const { originClass, property } = step;
    return (row, visit) => {
      for (const key of table.backlinks(copyKey(row), originClass, property.name)) if (visit(key)) return true;
      return false;
    };
  }
  const { read } = fieldOf(source, step.className, step.property.name);
  const [access] = step.access;
  return (row, visit) => {
    for (const key of elementsOf(read(row), access)) if (key !== null && visit(key)) return true;
    return false;
  };
}

/** The elements of a stored value: of a collection, all or those that `access` names; of anything else, itself. */
export function elementsOf(stored: StoredValue, access: CollectionAccess | undefined): Iterable<StoredValue> {
  if (stored === null) return [null];
  if (access?.kind === "index" || access?.kind === "key") {
    const element = elementAt(stored, access);
    return element === null ? [] : [element];
  }
  if (Array.isArray(stored)) return stored;
  if (!(stored instanceof Map)) return [stored];
  return access?.kind === "keys" ? (stored as StoredDictionary).keys() : (stored as StoredDictionary).values();
}

function lastVisitor(step: PathStep, source: QuerySource): ValuesReader {
  if (step.kind === "backlinks") return keysVisitor(step, source);
  const { property, access, className } = step;
  const { read } = fieldOf(source, className, property.name);
  const [first, ...rest] = property.collection === undefined ? [undefined, ...access] : [access[0], ...access.slice(1)];
  if (property.type === "mixed" && first?.kind !== "keys") {
    return (row, visit) => {
      for (const element of elementsOf(read(row), first)) if (visitNested(readAny(element), rest, 0, visit)) return true;
      return false;
    };
  }
  const isLink = property.type === "object" && first?.kind !== "keys";
  return (row, visit) => {
    for (const element of elementsOf(read(row), first)) if ((element !== null || !isLink) && visit(element)) return true;
    return false;
  };
}

function visitNested(value: AnyValue, access: readonly CollectionAccess[], at: number, visit: ValueVisitor): boolean {
  const step = access[at];
  if (step === undefined) return visit(value);
  if (step.kind === "index" || step.kind === "key") {
    const next = nestedValue(value, [step]);
    return next !== null && visitNested(next, access, at + 1, visit);
  }
  if (value?.type === "dictionary" && step.kind === "keys") {
    for (const key of value.entries.keys()) if (visitNested(anyOf("string", key), access, at + 1, visit)) return true;
    return false;
  }
  const elements = value?.type === "list" ? value.elements : value?.type === "dictionary" ? value.entries.values() : [];
  if (step.kind === "all") for (const element of elements) if (visitNested(element, access, at + 1, visit)) return true;
  return false;
}
