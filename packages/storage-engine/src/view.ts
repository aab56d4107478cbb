/**
 * What one commit sees: its trees and where the log goes on. Immutable once published.
 *
 * @module
 */
import { readU32, readU48, writeU32, writeU48 } from "./bytes.ts";
import { Cursor } from "./cursor.ts";
import type { Edit } from "./tree.ts";
import { clearTree, deleteEntry, putEntry, TreeRoot } from "./tree.ts";
import { StoreError } from "./errors.ts";
import { MAX_TREE_ID, REF_BYTES } from "./layout.ts";
import type { LogHead } from "./log.ts";
import { OPERATION, readOperations } from "./log-record.ts";
import { readRef, writeRef } from "./page-ref.ts";
import type { Slot } from "./slot.ts";
import type { UnitFile } from "./unit-file.ts";

export interface View {
  readonly head: LogHead;
  readonly trees: ReadonlyMap<string, TreeRoot>;
  readonly nextTreeId: number;
}

const CATALOG_VALUE_BYTES: number = 12 + REF_BYTES;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The tree of trees as a slot names it. */
export function catalogOf(slot: Slot): TreeRoot {
  return new TreeRoot(0, "", slot.catalogCount, undefined, slot.catalog);
}

/** The state of a slot, before any record of the log. */
export function viewOfSlot(units: UnitFile, slot: Slot): View {
  const trees = new Map<string, TreeRoot>();
  const cursor = new Cursor(units, catalogOf(slot), {}, () => {});
  while (cursor.next()) {
    const root = decodeCatalogEntry(cursor.key(), cursor.value());
    trees.set(root.name, root);
  }
  const head = { position: slot.logPosition, commit: slot.commit, tag: slot.logTag };
  return { head, trees, nextTreeId: slot.nextTreeId };
}

/** The root that an entry of the catalog names. */
export function decodeCatalogEntry(key: Uint8Array, value: Uint8Array): TreeRoot {
  if (value.length !== CATALOG_VALUE_BYTES) throw new StoreError("PAGE_DAMAGED", "an entry of the catalog has a wrong length");
  const ref = readRef(value, 12);
  return new TreeRoot(readU32(value, 0), decoder.decode(key), readU48(value, 4), undefined, ref.pages === 0 ? undefined : ref);
}

export function catalogKey(name: string): Uint8Array {
  return encoder.encode(name);
}

export function catalogValue(root: TreeRoot): Uint8Array {
  const value = new Uint8Array(CATALOG_VALUE_BYTES);
  writeU32(value, 0, root.id);
  writeU48(value, 4, root.count);
  const ref = root.page === undefined ? root.ref : root.page.ref;
  if (ref !== undefined) writeRef(value, 12, ref);
  return value;
}

/** The view after a record of the log. Changes nothing of the view before it. */
export function applyRecord(units: UnitFile, before: View, edit: Edit, plaintext: Uint8Array, head: LogHead): View {
  const trees = new Map(before.trees);
  const owned = new Map<number, TreeRoot>();
  const names = new Map<number, string>();
  for (const root of trees.values()) names.set(root.id, root.name);
  let { nextTreeId } = before;

  const own = (id: number): TreeRoot => {
    let root = owned.get(id);
    if (root === undefined) {
      root = trees.get(names.get(id) ?? "\0")?.copy();
      if (root === undefined) throw new StoreError("LOG_DAMAGED", `a log record names tree ${id}, which does not exist`);
      owned.set(id, root);
      trees.set(root.name, root);
    }
    return root;
  };
  for (const { kind, treeId, key, value } of readOperations(plaintext)) {
    if (kind === OPERATION.put) putEntry(units, own(treeId), edit, key, value);
    else if (kind === OPERATION.delete) deleteEntry(units, own(treeId), edit, key);
    else if (kind === OPERATION.clearTree) clearTree(units, own(treeId), edit);
    else if (kind === OPERATION.createTree) {
      if (treeId !== nextTreeId || treeId > MAX_TREE_ID) throw new StoreError("LOG_DAMAGED", `a log record creates tree ${treeId}, and the next one is ${nextTreeId}`);
      const root = new TreeRoot(treeId, decoder.decode(key), 0, undefined, undefined);
      trees.set(root.name, root);
      names.set(treeId, root.name);
      owned.set(treeId, root);
      nextTreeId++;
    } else if (kind === OPERATION.dropTree) {
      const root = own(treeId);
      clearTree(units, root, edit);
      trees.delete(root.name);
      owned.delete(treeId);
      names.delete(treeId);
    } else throw new StoreError("LOG_DAMAGED", `a log record holds the unknown operation ${kind}`);
  }
  return { head, trees, nextTreeId };
}
