/**
 * Calls listeners after commits, this process's and others'.
 *
 * Calls come from the event loop, never from within `write`. The state that listeners were told last is kept as a snapshot;
 * what changed since is the engine's comparison of two snapshots.
 *
 * @module
 */
import type { ObjectState } from "../objects/object-state.ts";
import { rowOf } from "../records/row.ts";
import { sameStored } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import { typeError } from "../errors.ts";
import { recordTreeName } from "../store/class-table.ts";
import type { FileSession, SharedSnapshot } from "../store/file-session.ts";
import { compareKeys, compareValues, isEmptyChange } from "./change-sets.ts";
import type { CollectionChangeCallback, ObjectChangeCallback } from "./change-sets.ts";

/** How far a change is felt over links by a collection's listener. */
const LINK_DEPTH = 4;

/** What a collection has to tell its notifier. */
export interface Watched {
  /** Class of the elements, or undefined for plain values. */
  readonly watchedClass: string | undefined;
  /** One text for each element: its row's key, or its value. */
  identities(): string[];
  isValid(): boolean;
}

interface Entry {
  readonly state?: ObjectState;
  readonly object?: unknown;
  readonly watched?: Watched;
  readonly callback: (subject: never, changes: never) => void;
  isRemoved: boolean;
  identities: string[] | undefined;
  isInitial: boolean;
}

type Changed = Map<string, Map<string, { before?: Uint8Array; after?: Uint8Array }>>;

/** The listeners of one Realm instance. */
export class Notifier {
  readonly #session: FileSession;
  readonly #onRealmChange: () => void;
  #entries: Entry[] = [];
  #base: SharedSnapshot | undefined;
  #isScheduled = false;
  #isAdvanced = false;
  #isClosed = false;
  readonly #due: [Entry, object][] = [];

  constructor(session: FileSession, onRealmChange: () => void) {
    this.#session = session;
    this.#onRealmChange = onRealmChange;
  }

  addObject(object: unknown, state: ObjectState, callback: ObjectChangeCallback<unknown>): void {
    this.#add({ object, state, callback: callback as never, isRemoved: false, identities: undefined, isInitial: true }, (entry) => sameRow(entry.state, state));
  }

  removeObject(state: ObjectState, callback?: ObjectChangeCallback<unknown>): void {
    this.#remove((entry) => sameRow(entry.state, state) && (callback === undefined || entry.callback === (callback as unknown)));
  }

  addCollection(object: unknown, watched: Watched, callback: CollectionChangeCallback<never>): void {
    this.#add({ object, watched, callback: callback as never, isRemoved: false, identities: undefined, isInitial: true }, (entry) => entry.watched === watched);
  }

  removeCollection(watched: Watched, callback?: CollectionChangeCallback<never>): void {
    this.#remove((entry) => entry.watched === watched && (callback === undefined || entry.callback === (callback as unknown)));
  }

  removeAll(): void {
    this.#remove(() => true);
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
    if (this.#entries.length === 0) return;
    this.#base ??= this.#session.shared.retain();
    if (this.#due.length > 0) this.schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.removeAll();
  }

  #add(entry: Entry, isSubject: (other: Entry) => boolean): void {
    if (this.#entries.some((other) => isSubject(other) && other.callback === entry.callback)) {
      throw typeError("LISTENER_INVALID", "Remove callback before adding it again");
    }
    this.#entries.push(entry);
    this.#base ??= this.#session.shared.retain();
    this.schedule();
  }

  #remove(isMeant: (entry: Entry) => boolean): void {
    for (const entry of this.#entries) if (isMeant(entry)) entry.isRemoved = true;
    this.#entries = this.#entries.filter((entry) => !entry.isRemoved);
    if (this.#entries.length > 0) return;
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
    for (const [entry, changes] of calls) {
      if (this.#isClosed) return;
      if (!entry.isRemoved) entry.callback(entry.object as never, changes as never);
    }
  }

  #pendingCalls(): [Entry, object][] {
    if (this.#entries.length === 0 || this.#base === undefined) return [];
    const current = this.#session.shared.retain();
    const changed = this.#changedSince(this.#base, current);
    this.#base.release();
    this.#base = current;
    const calls: [Entry, object][] = [];
    for (const entry of this.#entries) {
      const changes = entry.watched === undefined ? this.#objectChanges(entry, changed) : this.#collectionChanges(entry, entry.watched, changed);
      if (changes !== undefined) calls.push([entry, changes]);
    }
    return calls;
  }

  #changedSince(before: SharedSnapshot, after: SharedSnapshot): Changed {
    const changed: Changed = new Map();
    if (before === after) return changed;
    for (const { tree, entries } of this.#session.store.changes(before.snapshot, after.snapshot)) {
      changed.set(tree, new Map(entries.map((entry) => [keyText(entry.key), entry])));
    }
    return changed;
  }

  #objectChanges(entry: Entry, changed: Changed): object | undefined {
    const state = entry.state as ObjectState;
    if (entry.isInitial) {
      entry.isInitial = false;
      return { deleted: !state.tryRefresh(), changedProperties: [] };
    }
    const change = changed.get(recordTreeName(state.table.name))?.get(keyText(state.key));
    if (change?.before === undefined) return undefined;
    if (change.after === undefined) return { deleted: true, changedProperties: [] };
    const before = rowOf(state.key, change.before);
    const after = rowOf(state.key, change.after);
    const fields = state.table.layout.fields.filter((field) => !sameStored(field.read(before), field.read(after)));
    return fields.length === 0 ? undefined : { deleted: false, changedProperties: fields.map((field) => field.property.name) };
  }

  #collectionChanges(entry: Entry, watched: Watched, changed: Changed): object | undefined {
    const before = entry.identities;
    if (before !== undefined && changed.size === 0) return undefined;
    const after = watched.isValid() ? watched.identities() : [];
    entry.identities = after;
    if (before === undefined) return { insertions: [], deletions: [], newModifications: [], oldModifications: [] };
    const className = watched.watchedClass;
    const changes =
      className === undefined
        ? compareValues(before, after)
        : compareKeys(before, after, (key) => this.#isChanged({ className, key: key.slice(0, key.lastIndexOf("#")), depth: LINK_DEPTH }, changed));
    return isEmptyChange(changes) ? undefined : changes;
  }

  #isChanged(row: { className: string; key: string; depth: number }, changed: Changed): boolean {
    const change = changed.get(recordTreeName(row.className))?.get(row.key);
    if (change !== undefined) return true;
    const table = this.#session.tables.get(row.className);
    if (table === undefined || row.depth === 1 || table.links.length === 0) return false;
    const key = Uint8Array.from(row.key, (character) => character.charCodeAt(0));
    const record = table.get(key);
    if (record === undefined) return false;
    for (const field of table.links) {
      const value = field.read(rowOf(key, record));
      const targets = Array.isArray(value) ? value : value === null ? [] : [value];
      const className = field.property.objectType as string;
      for (const target of targets) {
        if (this.#isChanged({ className, key: keyText(target as Uint8Array), depth: row.depth - 1 }, changed)) return true;
      }
    }
    return false;
  }
}

function sameRow(left: ObjectState | undefined, right: ObjectState): boolean {
  return left !== undefined && left.table === right.table && keyText(left.key) === keyText(right.key);
}

/** Makes texts distinct: the same element may stand in a list twice. */
export function distinctIdentities(keys: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return keys.map((key) => {
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return `${key}#${count}`;
  });
}
