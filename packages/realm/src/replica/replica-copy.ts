/**
 * Copies of a realm that are replicas of their own: made in memory, changed there by whoever keeps the replica, and then placed whole.
 *
 * So no file ever stands on the disk that says it is the original, whatever is cut off; memory holds the copy once, under its key.
 *
 * @module
 */
import { currentPlatform } from "@holdfast/storage-engine";
import type { SecretKey, Store, Volume } from "@holdfast/storage-engine";
import { lendRealm } from "../realm.ts";
import type { Realm } from "../realm.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import { FileSession } from "../store/file-session.ts";
import { REPLICA_TREE } from "../store/hidden-trees.ts";
import { applySchema } from "../store/migrate.ts";
import { memoryVolume, openStore } from "../store/open-store.ts";
import { readObject } from "./read-object.ts";
import type { ReplicaFields } from "./replica-value.ts";
import { ObjectWriter } from "./write-object.ts";

const IN_MEMORY = "/memory.realm";
/** Objects in one transaction of those that the copy will pass on. */
const OBJECTS_AT_ONCE = 200;

/** Where a copy goes. */
export interface ReplicaCopyTarget {
  readonly path: string;
  /** Read, not kept. */
  readonly key: SecretKey | undefined;
}

/** Called with the copy before it is placed; `fill` writes the source's objects into it, as if the application did. */
export type PrepareCopy = (copy: FileSession, realm: Realm, fill: (change: ChangeFields) => void) => void;

/** What an object has in the copy. */
export type ChangeFields = (className: string, fields: ReplicaFields) => ReplicaFields;

/** True if a file is a replica. */
export function isReplica(session: FileSession): boolean {
  return session.tree(REPLICA_TREE) !== undefined;
}

/** Copies a replica with all that is kept beside its objects. */
export function copyReplica(source: FileSession, target: ReplicaCopyTarget, prepare: PrepareCopy): void {
  const volume = memoryVolume();
  source.store.writeCopyTo({ path: IN_MEMORY, volume, encryptionKey: target.key });
  place(volume, target, (store) => {
    const copy = new FileSession(store, target.path);
    copy.mayReplicate = true;
    copy.setSchema([...source.schemaMap.values()]);
    prepared(copy, prepare, () => undefined);
  });
}

/** Makes an empty file of a schema, to be filled with the objects of a local realm. */
export function copyIntoReplica(source: FileSession, target: ReplicaCopyTarget & { readonly schema: readonly CanonicalObjectSchema[]; readonly version: number }, prepare: PrepareCopy): void {
  const { schema, version } = target;
  place(memoryVolume(), target, (store) => {
    const copy = new FileSession(store, target.path);
    copy.mayReplicate = true;
    applySchema({ session: copy, schema, version, deleteIfNeeded: false, readOnly: false, resolvesEmbedded: false, onMigration: undefined, onFirstOpen: undefined });
    prepared(copy, prepare, (change) => fill(source, copy, change));
  });
}

function place(volume: Volume, { path, key }: ReplicaCopyTarget, make: (store: Store) => void): void {
  const store = openStore({ path, key, readOnly: false, volume });
  try {
    make(store);
    store.writeCopyTo({ path, volume: currentPlatform().volume, encryptionKey: key });
  } finally {
    if (!store.isClosed) store.close();
  }
}

function prepared(copy: FileSession, prepare: PrepareCopy, fillCopy: (change: ChangeFields) => void): void {
  const realm = lendRealm({ session: copy, schema: [...copy.schemaMap.values()], schemaVersion: copy.readSchema()?.version ?? 0, isReadOnly: false, integers: "number" });
  try {
    prepare(copy, realm, fillCopy);
  } finally {
    realm.close();
    copy.closeView();
  }
}

/** Objects first, with the links whose targets are there; then once more those of which one was not. */
function fill(source: FileSession, copy: FileSession, change: ChangeFields): void {
  const again: { table: ClassTable; key: Uint8Array }[] = [];
  inTransactions(copy, topRows(source), ({ table, key }) => {
    let isWhole = true;
    writeRow({ source, copy, change }, table, key, () => (isWhole = false));
    if (!isWhole) again.push({ table, key });
  });
  inTransactions(copy, again, ({ table, key }) => writeRow({ source, copy, change }, table, key, () => undefined));
}

function* topRows(source: FileSession): IterableIterator<{ table: ClassTable; key: Uint8Array }> {
  for (const table of source.tables.values()) if (!table.schema.embedded) for (const key of table.keys()) yield { table, key };
}

function inTransactions<Item>(copy: FileSession, items: Iterable<Item>, write: (item: Item) => void): void {
  let count = 0;
  for (const item of items) {
    if (!copy.isInTransaction) copy.begin();
    write(item);
    if (++count % OBJECTS_AT_ONCE === 0) copy.commit();
  }
  if (copy.isInTransaction) copy.commit();
}

function writeRow({ source, copy, change }: { readonly source: FileSession; readonly copy: FileSession; readonly change: ChangeFields }, table: ClassTable, key: Uint8Array, onHidden: () => void): void {
  const fields = readObject({ session: source, record: (from, row) => from.get(row) }, table, key) as ReplicaFields;
  new ObjectWriter(copy, onHidden).put(copy.table(table.name), key, change(table.name, fields));
}
