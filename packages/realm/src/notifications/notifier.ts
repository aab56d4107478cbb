/**
 * Calls listeners after commits, this process's and others'.
 *
 * Calls come from the event loop, never from within `write`. The state that listeners were told last is kept as a snapshot;
 * what changed since is the engine's comparison of two snapshots. Listeners of objects are found by the rows that changed, so
 * thousands of them cost nothing when others' rows change.
 *
 * @module
 */
import type { ObjectState } from "../objects/object-state.ts";
import { keyText } from "../records/text.ts";
import { typeError } from "../errors.ts";
import type { FileSession, SharedSnapshot } from "../store/file-session.ts";
import { ChangedRows } from "./changed-rows.ts";
import { collectionChanges } from "./collection-changes.ts";
import type { CollectionEntry } from "./collection-changes.ts";
import { parseKeyPaths } from "./key-paths.ts";
import type { KeyPath } from "./key-paths.ts";
import type { Watched } from "./watched.ts";

type Callback = (subject: never, changes: never) => void;

interface Entry {
  /** In the order in which listeners were added. */
  readonly number: number;
  readonly subject: unknown;
  readonly callback: Callback;
  readonly keyPaths: readonly KeyPath[] | undefined;
  isRemoved: boolean;
  isInitial: boolean;
}

interface ObjectEntry extends Entry {
  readonly state: ObjectState;
}

type ListEntry = Entry & CollectionEntry;

/** Deeper key paths have to be followed from the object at each commit. */
function isDeep(entry: Entry): boolean {
  return entry.keyPaths?.some((path) => path.length > 1) === true;
}

function hasBacklinkPath(entry: ObjectEntry): boolean {
  const { schema } = entry.state.table;
  return entry.keyPaths?.some(([head]) => head === "*" || schema.properties[head as string]?.type === "linkingObjects") === true;
}

/** The listeners of one Realm instance. */
export class Notifier {
  readonly #session: FileSession;
  readonly #onRealmChange: () => void;
  /** By class and key: those that only their own row concerns. */
  readonly #objects = new Map<string, Map<string, Set<ObjectEntry>>>();
  readonly #deepObjects = new Set<ObjectEntry>();
  readonly #collections = new Set<ListEntry>();
  #initial: Entry[] = [];
  #count = 0;
  #nextNumber = 0;
  #base: SharedSnapshot | undefined;
  #isScheduled = false;
  #isAdvanced = false;
  #isClosed = false;
  readonly #due: [Entry, object][] = [];

  constructor(session: FileSession, onRealmChange: () => void) {
    this.#session = session;
    this.#onRealmChange = onRealmChange;
  }

  addObject(subject: unknown, state: ObjectState, callback: Callback, keyPaths: unknown): void {
    const paths = parseKeyPaths(keyPaths, state.table.name, this.#session.schemaMap);
    const entry: ObjectEntry = { ...this.#newEntry(subject, callback, paths), state };
    if (this.#entriesOf(state).some((other) => other.callback === entry.callback)) throw addedTwice();
    if (isDeep(entry) || hasBacklinkPath(entry)) this.#deepObjects.add(entry);
    else {
      const rows = this.#objects.get(state.table.name) ?? new Map<string, Set<ObjectEntry>>();
      this.#objects.set(state.table.name, rows);
      const key = keyText(state.key);
      rows.set(key, (rows.get(key) ?? new Set()).add(entry));
    }
    this.#added(entry);
  }

  removeObject(state: ObjectState, callback?: Callback): void {
    for (const entry of this.#entriesOf(state)) {
      if (callback !== undefined && entry.callback !== callback) continue;
      const rows = this.#objects.get(state.table.name);
      const key = keyText(state.key);
      const entries = rows?.get(key);
      entries?.delete(entry);
      if (entries?.size === 0) rows?.delete(key);
      this.#deepObjects.delete(entry);
      this.#removed(entry);
    }
  }

  #entriesOf(state: ObjectState): ObjectEntry[] {
    return [...(this.#objects.get(state.table.name)?.get(keyText(state.key)) ?? []), ...[...this.#deepObjects].filter((entry) => entry.state.isSameRow(state))];
  }

  addCollection(subject: unknown, watched: Watched, callback: Callback, keyPaths: unknown): void {
    const paths = parseKeyPaths(keyPaths, watched.table?.name, this.#session.schemaMap);
    for (const other of this.#collections) if (other.callback === (callback) && isSameCollection(other.watched, watched)) throw addedTwice();
    const entry: ListEntry = { ...this.#newEntry(subject, callback, paths), watched, texts: undefined };
    this.#collections.add(entry);
    this.#added(entry);
  }

  removeCollection(watched: Watched, callback?: Callback): void {
    for (const entry of this.#collections) {
      if ((callback !== undefined && entry.callback !== (callback)) || !isSameCollection(entry.watched, watched)) continue;
      this.#collections.delete(entry);
      this.#removed(entry);
    }
  }

  #newEntry(subject: unknown, callback: Callback, keyPaths: readonly KeyPath[] | undefined): Entry {
    return { number: this.#nextNumber++, subject, callback, keyPaths, isRemoved: false, isInitial: true };
  }

  #added(entry: Entry): void {
    this.#initial.push(entry);
    this.#count++;
    this.#base ??= this.#session.shared.retain();
    this.schedule();
  }

  #removed(entry: Entry): void {
    if (entry.isRemoved) return;
    entry.isRemoved = true;
    this.#count--;
    if (this.#count > 0) return;
    this.#base?.release();
    this.#base = undefined;
  }

  /** Says that there is a new commit to tell of. */
  advance(): void {
    this.#isAdvanced = true;
    this.schedule();
  }

  /** Tells listeners soon. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    const later = (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate ?? ((run: () => void) => setTimeout(run, 0));
    later(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** Lets go of the snapshot, which a compaction needs; what is due by now is kept. */
  pause(): void {
    this.#due.push(...this.#pendingCalls());
    this.#base?.release();
    this.#base = undefined;
  }

  /** Goes on after `pause`. */
  resume(): void {
    if (this.#count === 0) return;
    this.#base ??= this.#session.shared.retain();
    if (this.#due.length > 0) this.schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#objects.clear();
    this.#deepObjects.clear();
    this.#collections.clear();
    this.#initial = [];
    this.#due.length = 0;
    this.#count = 0;
    this.#base?.release();
    this.#base = undefined;
  }

  #deliver(): void {
    // Inside a transaction a collection shows what is not committed: the commit or the abort schedules again.
    if (this.#isClosed || this.#session.isInTransaction) return;
    const calls = [...this.#due.splice(0), ...this.#pendingCalls()];
    if (this.#isAdvanced) {
      this.#isAdvanced = false;
      this.#onRealmChange();
    }
    const errors: unknown[] = [];
    for (const [entry, changes] of calls) {
      if (this.#isClosed) break;
      if (entry.isRemoved) continue;
      try {
        entry.callback(entry.subject as never, changes as never);
      } catch (error) {
        // The others hear of the commit all the same; the first error goes where uncaught ones go.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #pendingCalls(): [Entry, object][] {
    if (this.#count === 0 || this.#base === undefined) return [];
    const current = this.#session.shared.retain();
    const changed = this.#changedSince(this.#base, current);
    this.#base.release();
    this.#base = current;
    const calls: [Entry, object][] = [];
    const tell = (entry: Entry, changes: object | undefined): void => {
      if (changes !== undefined) calls.push([entry, changes]);
    };
    // A listener that was added since the last commit hears of its beginning only.
    for (const entry of this.#initial.splice(0)) if (!entry.isRemoved) tell(entry, initialChanges(entry));
    if (!changed.isEmpty) {
      const told = new Set(calls.map(([entry]) => entry));
      for (const entry of this.#concerned(changed)) if (!told.has(entry)) tell(entry, objectChanges(entry, changed));
      for (const entry of this.#collections) if (!told.has(entry)) tell(entry, collectionChanges(entry, changed));
    }
    return calls.sort(([left], [right]) => left.number - right.number);
  }

  *#concerned(changed: ChangedRows): Iterable<ObjectEntry> {
    for (const [className, rows] of this.#objects) {
      const changedRows = changed.rowsOf(className);
      const [fewer, more] = rows.size < changedRows.size ? [rows, changedRows] : [changedRows, rows];
      for (const key of fewer.keys()) if (more.has(key)) yield* rows.get(key) as Set<ObjectEntry>;
    }
    yield* this.#deepObjects;
  }

  #changedSince(before: SharedSnapshot, after: SharedSnapshot): ChangedRows {
    return new ChangedRows(this.#session, before === after ? [] : this.#session.store.changes(before.snapshot, after.snapshot));
  }
}

function initialChanges(entry: Entry): object {
  entry.isInitial = false;
  if ("state" in entry) return { deleted: !(entry as ObjectEntry).state.tryRefresh(), changedProperties: [] };
  const list = entry as ListEntry;
  list.texts = list.watched.isValid() ? list.watched.read() : list.watched.isDictionary === true ? new Map() : [];
  return list.watched.isDictionary === true ? { insertions: [], modifications: [], deletions: [] } : { insertions: [], deletions: [], newModifications: [], oldModifications: [] };
}

function objectChanges(entry: ObjectEntry, changed: ChangedRows): object | undefined {
  const { state, keyPaths } = entry;
  const key = keyText(state.key);
  const change = changed.rowOf(state.table.name, key);
  if (change?.before !== undefined && (change.after === undefined || !state.tryRefresh())) return { deleted: true, changedProperties: [] };
  if (!state.tryRefresh()) return undefined;
  const names =
    keyPaths === undefined
      ? change === undefined
        ? []
        : changed.fieldsOf(state.table, change).map((field) => field.property.name)
      : changed.propertiesAlong({ className: state.table.name, key }, keyPaths);
  return names.length === 0 ? undefined : { deleted: false, changedProperties: names };
}

function isSameCollection(left: Watched, right: Watched): boolean {
  return left === right || left.isSame(right.collection);
}

function addedTwice(): TypeError {
  return typeError("LISTENER_INVALID", "Remove callback before adding it again");
}
