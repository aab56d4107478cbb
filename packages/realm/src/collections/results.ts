/**
 * Results: the live answer to a query.
 *
 * Rows are found once for each state of the realm and kept until the state changes.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { RealmContext } from "../objects/context.ts";
import { setField } from "../objects/accessors.ts";
import { KIND, objectKeyOf, stateOf } from "../objects/object-state.ts";
import { ObjectQuery } from "../queries/index.ts";
import { requireSyncProvider } from "../replica/sync-provider.ts";
import type { SyncPart } from "../replica/sync-provider.ts";
import { copyKey } from "../records/row.ts";
import type { RecordLayout } from "../records/layout.ts";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { CollectionChangeCallback } from "../notifications/change-sets.ts";
import type { Watched } from "../notifications/watched.ts";
import type { Holder } from "../objects/holders.ts";
import { showAs } from "./inspecting.ts";
import { checkListener, isSame, OrderedCollection, parseSort } from "./ordered-collection.ts";

/** What Results are made of. */
export interface ResultsParts {
  readonly context: RealmContext;
  /** Class of the elements; undefined for plain values. */
  readonly table: ClassTable | undefined;
  readonly query?: ObjectQuery;
  /** Keys among which the query searches. */
  readonly among?: () => Uint8Array[];
  /** Keys that never change: a snapshot. */
  readonly frozen?: readonly Uint8Array[];
  /** Where the elements stand, if not in a class of their own. */
  readonly owner?: Holder;
  /** Plain values in order, and their type. */
  readonly values?: { readonly type: string; readonly optional: boolean; read(): unknown[] };
}

/** A live, ordered result. */
export class Results<T = unknown> extends OrderedCollection<T> {
  readonly #parts: ResultsParts;
  #watchedNow: Watched | undefined;
  #rows: Row[] = [];
  #epoch = -1;
  #count = 0;
  #countEpoch = -1;

  constructor(parts: ResultsParts) {
    super();
    if (parts?.context === undefined) throw new RealmError("ARGUMENT_INVALID", "Illegal constructor: Results cannot be constructed by an application.");
    this.#parts = parts;
  }

  /** @internal */
  static of<T>(parts: ResultsParts): Results<T> {
    return OrderedCollection.proxied(new Results<T>(parts) as never) as unknown as Results<T>;
  }

  // A proxy is not an instance with private fields: every method goes through here.
  get length(): number {
    const { context, query, among, frozen, values } = this._self.#open();
    if (frozen !== undefined) return frozen.length;
    if (values !== undefined) return values.read().length;
    if (this._self.#countEpoch !== context.session.epoch) {
      this._self.#count = (query as ObjectQuery).count(context.session, among?.());
      this._self.#countEpoch = context.session.epoch;
    }
    return this._self.#count;
  }

  get type(): string {
    return this._self.#parts.values?.type ?? "object";
  }

  get optional(): boolean {
    return this._self.#parts.values?.optional ?? false;
  }

  /** Name of the class of the elements. */
  get objectType(): string | undefined {
    return this._self.#parts.table?.name;
  }

  isValid(): boolean {
    const { context, owner } = this._self.#parts;
    return !context.isClosed && (owner === undefined || owner.isThere());
  }

  description(): string {
    return this._self.#parts.query?.description ?? "";
  }

  override [Symbol.iterator](): IterableIterator<T> {
    return this._iterate();
  }

  /** @internal */
  *_iterate(): IterableIterator<T> {
    const { context, table, values, frozen } = this._self.#open();
    if (table === undefined || values !== undefined || frozen !== undefined) {
      yield* this._values();
      return;
    }
    const { session } = context;
    const rows = this._self.#current();
    if (session.isInTransaction) {
      // A change moves the pages: the keys are copied before the first element is handed out.
      for (const key of rows.map(copyKey)) yield context.wrap(table, key) as T;
      return;
    }
    const held = session.shared.retain();
    const { epoch } = session;
    try {
      for (const row of rows) yield context.wrap(table, copyKey(row), session.epoch === epoch ? row : undefined) as T;
    } finally {
      held.release();
    }
  }

  /** @internal */
  _values(): T[] {
    const { context, table, frozen, values } = this._self.#open();
    if (values !== undefined) return values.read() as T[];
    if (frozen !== undefined) return frozen.map((_, index) => this._at(index) as T);
    return this._self.#current().map((row) => context.wrap(table as ClassTable, copyKey(row), row) as T);
  }

  /** @internal */
  _at(index: number): T | undefined {
    const { context, table, frozen, values } = this._self.#open();
    if (values !== undefined) return values.read()[index] as T | undefined;
    if (frozen !== undefined) {
      const key = frozen[index];
      if (key === undefined) return undefined;
      return (table?.get(key) === undefined ? null : context.wrap(table, key)) as T;
    }
    const row = this._self.#current()[index];
    return row === undefined ? undefined : (context.wrap(table as ClassTable, copyKey(row), row) as T);
  }

  /** @internal */
  _setAt(): never {
    throw new RealmError("ARGUMENT_INVALID", "Modifying a Results collection is not supported.");
  }

  /** @internal */
  _visitStored(name: string, visit: (value: StoredValue) => void): boolean {
    const { context, query, frozen, among } = this._self.#open();
    if (query === undefined || frozen !== undefined) return false;
    query.visitField(context.session, name, visit, among?.());
    return true;
  }

  /** @internal */
  get _hasExactInts(): boolean {
    return this._self.#parts.context.integers !== "number";
  }

  /** @internal */
  _propertyType(name: string): string | undefined {
    return this._self.#parts.table?.layout.fieldOf(name)?.property.type;
  }

  override indexOf(value: T, fromIndex: number = 0): number {
    const { table, frozen } = this._self.#open();
    const object = objectKeyOf(value);
    if (object === undefined || table === undefined || frozen !== undefined) return super.indexOf(value, fromIndex);
    if (object.className !== table.name || stateOf(value)?.context.session !== this._self.#parts.context.session) return -1;
    const text = keyText(object.key);
    return this._self.#current().findIndex((row, index) => index >= fromIndex && keyText(row.bytes, row.keyStart, row.keyEnd) === text);
  }

  filtered(text: string, ...args: unknown[]): Results<T> {
    const { context, query, frozen, among } = this._self.#open();
    if (query === undefined) throw new RealmError("ARGUMENT_INVALID", "Filtering non-object Lists and Results is not yet implemented.");
    const next = query.filtered({ schema: schemaOf(context), text, args, objectKeyOf });
    const keys = frozen === undefined ? among : () => [...frozen];
    return Results.of({ ...this._self.#parts, query: next, ...(keys === undefined ? {} : { among: keys }), frozen: undefined } as unknown as ResultsParts);
  }

  sorted(descriptor?: unknown, reverse?: boolean): Results<T> {
    const { context, query, values } = this._self.#open();
    if (values !== undefined) {
      const isReversed = descriptor === true || (typeof descriptor !== "boolean" && reverse === true);
      return Results.of({ ...this._self.#parts, values: { ...values, read: () => sortValues(values.read(), isReversed) } });
    }
    const next = (query as ObjectQuery).sorted(schemaOf(context), parseSort(descriptor, reverse));
    return Results.of({ ...this._self.#parts, query: next });
  }

  snapshot(): Results<T> {
    const { values } = this._self.#open();
    if (values !== undefined) {
      const now = values.read();
      return Results.of({ ...this._self.#parts, values: { ...values, read: () => [...now] } });
    }
    return Results.of({ ...this._self.#parts, frozen: this._self.#parts.frozen ?? this._self.#current().map(copyKey) });
  }

  /** Sets a property of every element. */
  update(property: string, value: unknown): void {
    const { context, table } = this._self.#open();
    const field = table?.layout.fieldOf(property);
    if (table === undefined || field === undefined) {
      throw new RealmError("ARGUMENT_INVALID", `Property '${property}' does not exist on '${table?.name}' objects`);
    }
    context.session.requireTransaction();
    for (const key of this._keys()) setField(context, table, key, field, value);
  }

  /** Subscribes to the query in a synced realm: its objects come to this device and stay. */
  async subscribe(options?: SyncPart<"subscriptionOptions">): Promise<this> {
    const { context } = this._self.#open();
    return requireSyncProvider().subscribe(context.session, this, options) as Promise<this>;
  }

  /** What a subscription to this query asks for. @internal */
  _subscription(): { className: string; query: string } {
    const { query, frozen, among } = this._self.#open();
    if (query === undefined || frozen !== undefined || among !== undefined) throw new RealmError("ARGUMENT_INVALID", "Only the objects of a class, or a filter of them, can be subscribed to.");
    return { className: query.className, query: query.boundText };
  }

  /** Ends the subscription to the query. */
  unsubscribe(): void {
    const { context } = this._self.#open();
    requireSyncProvider().unsubscribe(context.session, this);
  }

  /** Keys of the elements: copies. @internal */
  _keys(): Uint8Array[] {
    return this._self.#parts.frozen === undefined ? this._self.#current().map(copyKey) : [...this._self.#parts.frozen];
  }

  /** @internal */
  _watch(): Watched {
    const self = this._self;
    const { context, table, query, frozen, owner } = self.#parts;
    const isQuery = query !== undefined && frozen === undefined;
    let layout: RecordLayout | undefined;
    let test: ((row: Row) => boolean) | undefined;
    // The test asks about each row alone, so it stays good for other states of the realm until the class has other properties.
    const matcher = (of: ObjectQuery): ((row: Row) => boolean) => {
      if (test !== undefined && layout === table?.layout) return test;
      layout = table?.layout;
      test = of.matcher(context.session);
      return test;
    };
    const isWhole = isQuery && query.isKeyOrdered && self.#parts.among === undefined;
    self.#watchedNow ??= {
      collection: self,
      isSame: (other) => other === self,
      owner,
      table,
      classNames: isQuery ? query.classNames : undefined,
      read: () => (table === undefined ? this._values().map(String) : frozen === undefined ? self.#current().map((row) => keyText(row.bytes, row.keyStart, row.keyEnd)) : frozen.map((key) => keyText(key))),
      membership: isWhole ? () => matcher(query) : undefined,
      isValid: () => self.isValid(),
    };
    return self.#watchedNow;
  }

  addListener(callback: CollectionChangeCallback<T>, keyPaths?: string | string[]): void {
    checkListener(callback);
    const self = this._self;
    self.#open().context.notifier.addCollection(OrderedCollection.proxied(self as never), self._watch(), callback as never, keyPaths);
  }

  removeListener(callback: CollectionChangeCallback<T>): void {
    checkListener(callback);
    this._self.#parts.context.notifier.removeCollection(this._watch(), callback as never);
  }

  removeAllListeners(): void {
    this._self.#parts.context.notifier.removeCollection(this._watch());
  }

  #open(): ResultsParts {
    const parts = this._self.#parts;
    if (parts.context.isClosed) throw new RealmError("REALM_CLOSED", "Access to invalidated Results objects");
    if (parts.owner !== undefined && parts.frozen === undefined && !parts.owner.isThere()) throw new RealmError("OBJECT_INVALID", "Access to invalidated Results objects");
    return parts;
  }

  #current(): Row[] {
    const { context, query, among } = this._self.#open();
    const { epoch } = context.session;
    if (this._self.#epoch !== epoch) {
      this._self.#rows = (query as ObjectQuery).rows(context.session, among?.());
      this._self.#epoch = context.session.epoch;
      this._self.#count = this._self.#rows.length;
      this._self.#countEpoch = this._self.#epoch;
    }
    return this._self.#rows;
  }
}

function sortValues(values: unknown[], isReversed: boolean): unknown[] {
  const sorted = [...values].sort((left, right) => (isSame(left, right) ? 0 : left === null ? -1 : right === null ? 1 : (left as number) < (right as number) ? -1 : 1));
  return isReversed ? sorted.reverse() : sorted;
}

/** The canonical schema of all classes, as queries read it. */
export function schemaOf(context: RealmContext): ReadonlyMap<string, CanonicalObjectSchema> {
  return context.session.schemaMap;
}

showAs(Results.prototype, "Results");
Object.defineProperty(Results.prototype, KIND, { value: "results" });
