/**
 * The change set of one collection between two commits.
 *
 * @module
 */
import { keyText } from "../records/text.ts";
import { compareEntries, compareKeys, compareValues, isEmptyChange } from "./change-sets.ts";
import type { CollectionChangeSet } from "./change-sets.ts";
import { LINK_DEPTH } from "./changed-rows.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { distinctTexts } from "./identities.ts";
import type { KeyPath } from "./key-paths.ts";
import type { ElementTexts, Watched } from "./watched.ts";

/** A listener's collection, and what it heard of last. */
export interface CollectionEntry {
  readonly watched: Watched;
  readonly keyPaths: readonly KeyPath[] | undefined;
  texts: ElementTexts | undefined;
}

/** Tells of an element's text whether its object changed. A set of texts is one. */
interface Modified {
  has(text: string): boolean;
}

/** What changed; undefined if nothing did that the listener waits for. */
export function collectionChanges(entry: CollectionEntry, changed: ChangedRows): object | undefined {
  const { watched } = entry;
  if (!watched.isValid()) return goneChanges(entry);
  if (isUntouched(entry, changed)) return undefined;
  const modified = modificationTest(entry, changed);
  const isShaped = mayBeReshaped(watched, changed);
  if (!isShaped && modified === undefined) return undefined;
  const inKeyOrder = isShaped && watched.membership !== undefined && Array.isArray(entry.texts) ? keyOrderChanges(entry, changed, modified) : undefined;
  if (inKeyOrder !== undefined) return isEmptyChange(inKeyOrder) ? undefined : inKeyOrder;
  const before = entry.texts as ElementTexts;
  const after = isShaped ? watched.read() : before;
  entry.texts = after;
  const test = modified ?? NEVER;
  const changes = isDictionary(before) ? compareEntries(before, after as ReadonlyMap<string, string>, (text) => test.has(text)) : listChanges(watched, before, after as readonly string[], test);
  return isEmptyChange(changes) ? undefined : changes;
}

/**
 * True of a query in the order of keys that no changed row came into or left, and of which no element is affected.
 *
 * This is what nearly all of a thousand listeners of one class hear of a commit, so it comes before everything else and allocates nothing.
 */
function isUntouched({ watched, keyPaths, texts }: CollectionEntry, changed: ChangedRows): boolean {
  const { membership, table, classNames } = watched;
  if (membership === undefined || keyPaths !== undefined || table === undefined || classNames === undefined || classNames.size > 1 || !Array.isArray(texts)) return false;
  const { rows, affected } = changed.ofClass(table.name);
  if (rows.length > FEW_ROWS) return false;
  const isMember = membership();
  for (const { text, row } of rows) if ((row !== undefined && isMember(row)) || has(texts, text)) return false;
  if (affected.size === rows.length) return true;
  if (texts.length < affected.size) {
    for (const text of texts as readonly string[]) if (affected.has(text)) return false;
  } else for (const text of affected) if (has(texts, text)) return false;
  return true;
}

function has(ordered: readonly string[], text: string): boolean {
  return ordered[placeOf(ordered, text)] === text;
}

const FEW_ROWS = 64;

const NEVER: Modified = { has: () => false };
/** What most listeners of a query hear of a commit to its class: nothing. */
const NO_CHANGES: CollectionChangeSet = { insertions: [], deletions: [], newModifications: [], oldModifications: [] };
const NO_KEYS: readonly string[] = [];

function isDictionary(texts: ElementTexts): texts is ReadonlyMap<string, string> {
  return texts instanceof Map;
}

/** The last that a listener hears of a collection whose object was deleted: all elements are gone. */
function goneChanges(entry: CollectionEntry): object | undefined {
  const before = entry.texts as ElementTexts;
  if (isDictionary(before)) {
    entry.texts = new Map();
    return before.size === 0 ? undefined : { insertions: [], modifications: [], deletions: [...before.keys()] };
  }
  entry.texts = [];
  return before.length === 0 ? undefined : { insertions: [], deletions: before.map((_, index) => index), newModifications: [], oldModifications: [] };
}

function mayBeReshaped({ owner, classNames }: Watched, changed: ChangedRows): boolean {
  if (owner !== undefined && changed.rowOf(owner.state.table.name, keyText(owner.state.key)) !== undefined) return true;
  if (classNames === undefined) return false;
  for (const name of changed.classNames()) if (classNames.has(name)) return true;
  return false;
}

/** Tells of an element's text whether its object changed; undefined if none can have. */
function modificationTest({ watched, keyPaths }: CollectionEntry, changed: ChangedRows): Modified | undefined {
  const { table } = watched;
  if (table === undefined) return undefined;
  const className = table.name;
  if (keyPaths === undefined) {
    const affected = changed.affectedRows(className, LINK_DEPTH);
    return affected.size === 0 ? undefined : affected;
  }
  if (keyPaths.length === 0) return undefined;
  if (hasBacklinks({ watched, keyPaths })) return { has: (key) => changed.isChangedAlong({ className, key }, keyPaths) };
  const candidates = changed.affectedRows(className, Math.max(...keyPaths.map((path) => path.length)));
  return candidates.size === 0 ? undefined : { has: (key) => candidates.has(key) && changed.isChangedAlong({ className, key }, keyPaths) };
}

/** Rows over backlinks are not found against the direction of links. */
function hasBacklinks({ watched, keyPaths }: Pick<CollectionEntry, "watched" | "keyPaths">): boolean {
  return keyPaths?.some((path) => path.some((name) => name === "*" || leadsBack(watched, name))) === true;
}

/** Behind the first step any class may stand, so the name alone decides. */
function leadsBack({ table }: Watched, name: string): boolean {
  for (const other of table?.session.tables.values() ?? []) if (other.schema.properties[name]?.type === "linkingObjects") return true;
  return false;
}

function listChanges(watched: Watched, before: readonly string[], after: readonly string[], modified: Modified): CollectionChangeSet {
  if (watched.table === undefined) return compareValues(before, after);
  const [left, right] = [distinctTexts(before), distinctTexts(after)];
  return compareKeys(left, right, (text) => modified.has(text.split("\u{10ffff}")[0] as string));
}

/** For a result in the order of keys: finds the places of the changed rows alone. */
function keyOrderChanges(entry: CollectionEntry, changed: ChangedRows, modified: Modified | undefined): CollectionChangeSet | undefined {
  const { watched } = entry;
  const { table, classNames } = watched;
  // A condition over links can be met by a row that did not change itself.
  if (table === undefined || classNames === undefined || classNames.size > 1 || hasBacklinks(entry)) return undefined;
  const before = entry.texts as string[];
  const rows = changed.rowsOf(table.name);
  // Splicing moves what stands behind: for many changes reading anew is cheaper.
  if (rows.size > FEW_ROWS && rows.size * 16 > before.length) return undefined;
  const isMember = (watched.membership as NonNullable<Watched["membership"]>)();
  let removed: number[] | undefined;
  let added: string[] | undefined;
  for (const [key, { row }] of rows) {
    const index = placeOf(before, key);
    const isIn = row !== undefined && isMember(row);
    if (before[index] === key) {
      if (!isIn) (removed ??= []).push(index);
    } else if (isIn) (added ??= []).push(key);
  }
  const after = removed === undefined && added === undefined ? before : merge(before, removed ?? [], (added ?? []).sort());
  const keys = modified === undefined ? NO_KEYS : modifiedKeys(entry, changed, { after, modified });
  if (after === before && keys.length === 0) return NO_CHANGES;
  entry.texts = after;
  const changes: CollectionChangeSet = { insertions: (added ?? []).map((key) => placeOf(after, key)), deletions: (removed ?? []).sort((a, b) => a - b), newModifications: [], oldModifications: [] };
  addModifications(changes, { before, after }, keys);
  return changes;
}

/** The elements that may have changed: looked for among the fewer of both, the affected rows or the elements. */
function modifiedKeys({ watched, keyPaths }: CollectionEntry, changed: ChangedRows, { after, modified }: { after: readonly string[]; modified: Modified }): readonly string[] {
  const depth = keyPaths === undefined ? LINK_DEPTH : Math.max(...keyPaths.map((path) => path.length));
  const affected = changed.affectedRows(watched.table?.name as string, depth);
  let found: string[] | undefined;
  if (after.length < affected.size) {
    for (const key of after) if (affected.has(key) && modified.has(key)) (found ??= []).push(key);
    return found ?? NO_KEYS;
  }
  for (const key of affected) if (modified.has(key)) (found ??= []).push(key);
  return found?.sort() ?? NO_KEYS;
}

function addModifications(changes: CollectionChangeSet, { before, after }: { before: readonly string[]; after: readonly string[] }, keys: readonly string[]): void {
  for (const key of keys) {
    const [old, now] = [placeOf(before, key), placeOf(after, key)];
    if (before[old] !== key || after[now] !== key) continue;
    changes.oldModifications.push(old);
    changes.newModifications.push(now);
  }
}

/** Where a key stands, or would stand, in ordered keys. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(before: readonly string[], removed: readonly number[], added: readonly string[]): string[] {
  if (removed.length + added.length === 0) return before as string[];
  const after = before.slice();
  for (const index of removed.toSorted((a, b) => b - a)) after.splice(index, 1);
  for (const key of added) after.splice(placeOf(after, key), 0, key);
  return after;
}
