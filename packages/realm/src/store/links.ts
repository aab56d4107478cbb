/**
 * The links in a stored value, whatever form they have: a link, a collection of links, or mixed values at any depth.
 *
 * @module
 */
import { collectionIdOf, encodeMixedDictionary, encodeMixedLink, encodeMixedList, holdsLink, mixedType, readMixed } from "../records/mixed.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { sameBytes } from "../records/row.ts";
import { keyText } from "../records/text.ts";
import { isCollection, isMixedProperty, linkTargetOf } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";

/** Where a link leads. */
export interface LinkTarget {
  readonly className: string;
  readonly key: Uint8Array;
}

/** What a link becomes: another key, the same one, or nothing. */
export type LinkChange = (target: LinkTarget) => Uint8Array | null;

const NO_LINKS: ReadonlyMap<string, LinkTarget> = new Map();

/** The distinct targets of the links in a value of a property. */
export function linksIn(property: CanonicalProperty, value: StoredValue): ReadonlyMap<string, LinkTarget> {
  if (value === null) return NO_LINKS;
  const className = linkTargetOf(property);
  if (className === undefined) return mixedLinksIn(property, value);
  if (property.type === "object") return new Map([[keyText(value as Uint8Array), { className, key: value as Uint8Array }]]);
  const keys = elementsOf(value);
  if (keys.length === 0) return NO_LINKS;
  const found = new Map<string, LinkTarget>();
  for (const key of keys) if (key !== null) found.set(keyText(key as Uint8Array), { className, key: key as Uint8Array });
  return found;
}

/** The links that only one of two values of a property has. */
export function linkDifference(property: CanonicalProperty, before: StoredValue, after: StoredValue): { gone: Iterable<LinkTarget>; come: Iterable<LinkTarget> } {
  const className = linkTargetOf(property);
  if (className !== undefined && Array.isArray(before) && Array.isArray(after)) {
    const near = nearDifference(before as Uint8Array[], after as Uint8Array[]);
    if (near !== undefined) return { gone: near.gone.map((key) => ({ className, key })), come: near.come.map((key) => ({ className, key })) };
  }
  if (property.type === "mixed" && !mayHold(before) && !mayHold(after)) return { gone: [], come: [] };
  const old = linksIn(property, before);
  const now = linksIn(property, after);
  const only = (here: ReadonlyMap<string, LinkTarget>, there: ReadonlyMap<string, LinkTarget>): LinkTarget[] => [...here].filter(([text]) => !there.has(text)).map(([, target]) => target);
  return { gone: old.size === 0 ? [] : only(old, now), come: now.size === 0 ? [] : only(now, old) };
}

function mayHold(encoded: StoredValue): boolean {
  return encoded !== null && holdsLink(encoded as Uint8Array);
}

/** Two lists that differ in a few places next to each other, as after a push or a splice: undefined if they differ in more. */
function nearDifference(before: readonly Uint8Array[], after: readonly Uint8Array[]): { gone: Uint8Array[]; come: Uint8Array[] } | undefined {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && sameBytes(before[head] as Uint8Array, after[head] as Uint8Array)) head++;
  let tail = 0;
  while (tail < shorter - head && sameBytes(before[before.length - 1 - tail] as Uint8Array, after[after.length - 1 - tail] as Uint8Array)) tail++;
  const [gone, come] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  if (gone.length + come.length > NEAR_COUNT) return undefined;
  const isIn = (list: readonly Uint8Array[], key: Uint8Array): boolean => list.some((other) => sameBytes(other, key));
  return { gone: gone.filter((key) => !isIn(after, key)), come: come.filter((key) => !isIn(before, key)) };
}

const NEAR_COUNT = 4;

function elementsOf(value: StoredValue): readonly StoredValue[] {
  return Array.isArray(value) ? value : [...(value as StoredDictionary).values()];
}

function mixedLinksIn(property: CanonicalProperty, value: StoredValue): ReadonlyMap<string, LinkTarget> {
  const found = new Map<string, LinkTarget>();
  if (isCollection(property)) for (const element of elementsOf(value)) collectMixedLinks(element, found);
  else collectMixedLinks(value, found);
  return found;
}

function collectMixedLinks(encoded: StoredValue, found: Map<string, LinkTarget>): void {
  if (encoded === null || !mayHoldLink(encoded as Uint8Array)) return;
  const { type, value, className } = readMixed(encoded as Uint8Array);
  if (type === "link") found.set(`${className}\0${keyText(value as Uint8Array)}`, { className: className as string, key: value as Uint8Array });
  else for (const element of elementsOf(value)) collectMixedLinks(element, found);
}

function mayHoldLink(encoded: Uint8Array): boolean {
  const type = mixedType(encoded);
  return type === "link" || type === "list" || type === "dictionary";
}

/** A value with its links changed. In lists and sets of objects a link that becomes nothing goes; elsewhere it becomes null. */
export function changeLinks(property: CanonicalProperty, value: StoredValue, change: LinkChange): StoredValue {
  if (value === null) return null;
  if (isMixedProperty(property)) return isCollection(property) ? mapElements(value, (element) => changeMixed(element, change), false) : changeMixed(value, change);
  const className = linkTargetOf(property);
  if (className === undefined) return value;
  const one = (key: StoredValue): StoredValue => (key === null ? null : change({ className, key: key as Uint8Array }));
  return property.type === "object" ? one(value) : mapElements(value, one, property.type !== "dictionary");
}

function mapElements(value: StoredValue, map: (element: StoredValue) => StoredValue, dropsNull: boolean): StoredValue {
  if (!Array.isArray(value)) return new Map([...(value as StoredDictionary)].map(([key, element]) => [key, map(element)]));
  const mapped = value.map(map);
  return dropsNull ? mapped.filter((element) => element !== null) : mapped;
}

function changeMixed(encoded: StoredValue, change: LinkChange): StoredValue {
  if (encoded === null || !mayHoldLink(encoded as Uint8Array)) return encoded;
  const { type, value, className } = readMixed(encoded as Uint8Array);
  if (type === "link") {
    const key = change({ className: className as string, key: value as Uint8Array });
    return key === null ? null : encodeMixedLink(className as string, key);
  }
  const id = collectionIdOf(encoded) as number;
  const mapped = mapElements(value, (element) => changeMixed(element, change), false);
  return type === "list" ? encodeMixedList(id, mapped as StoredValue[]) : encodeMixedDictionary(id, mapped as StoredDictionary);
}
