/**
 * Which classes a bootstrap can be shown aside for: page by page, in trees of their own, which only have to change places in the end.
 *
 * @module
 */
import type { ReplicaValue } from "@holdfast/realm/replica";
import type { ObjectName, SyncSchema } from "@holdfast/sync-protocol";
import { toReplicaKey } from "../wire/to-replica.ts";
import { bytesOf, hasPrefix } from "./names.ts";
import { TREES } from "./records.ts";
import type { ReplicaTransaction } from "./transaction.ts";

/**
 * Groups of classes that hang together, by links or embedded objects, of which the server has confirmed no object. Where there are objects,
 * only what differs is written in the end: whoever looks at them hears of that and nothing else.
 */
export function emptyClasses(tx: ReplicaTransaction): string[] {
  return groupsOf(tx.schema).filter((group) => group.every((name) => !hasConfirmed(tx, name))).flat();
}

/**
 * The classes whose objects were shown aside and may take their place. An object that was written here meanwhile is shown anew on top; if it
 * holds embedded objects, which have no names, whoever has these in hand would lose them: then its classes are written as if they had not been empty.
 */
export function classesToTake(tx: ReplicaTransaction): ReadonlySet<string> {
  const next = new Set(tx.access.next);
  if (next.size === 0 || tx.access.tree(TREES.pending).count === 0) return next;
  const held = new Set(tx.names(TREES.pending).filter((name) => next.has(name.type) && holdsEmbedded(tx, name)).map(({ type }) => type));
  for (const group of groupsOf(tx.schema)) if (group.some((name) => held.has(name))) for (const name of group) next.delete(name);
  return next;
}

function holdsEmbedded(tx: ReplicaTransaction, { type, pk }: ObjectName): boolean {
  return Object.values(tx.access.read(type, toReplicaKey(pk)) ?? {}).some(isEmbedded);
}

function isEmbedded(value: ReplicaValue): boolean {
  if (value === null || typeof value !== "object" || !("kind" in value)) return false;
  if (value.kind === "embedded") return true;
  if (value.kind === "list") return value.elements.some(isEmbedded);
  return value.kind === "dictionary" && [...value.entries.values()].some(isEmbedded);
}

function hasConfirmed(tx: ReplicaTransaction, className: string): boolean {
  const from = bytesOf(`${className}\0`);
  const cursor = tx.access.tree(tx.confirmedTree).cursor({ from });
  return cursor.next() && hasPrefix(cursor.key(), from);
}

/** The classes of a schema in groups, so that no link leads from one group to another. */
export function groupsOf(schema: SyncSchema): string[][] {
  const groupOf = new Map(schema.classes.map(({ name }): [string, string[]] => [name, [name]]));
  const join = (left: string, right: string): void => {
    const [group, other] = [groupOf.get(left), groupOf.get(right)];
    if (group === undefined || other === undefined || group === other) return;
    group.push(...other);
    for (const name of other) groupOf.set(name, group);
  };
  for (const { name, properties } of schema.classes) {
    for (const { type, objectType } of properties) {
      if (type === "object" && objectType !== undefined) join(name, objectType);
      // A mixed value may link to any object.
      else if (type === "mixed" || type === "object") for (const other of schema.classes) join(name, other.name);
    }
  }
  return [...new Set(groupOf.values())];
}
