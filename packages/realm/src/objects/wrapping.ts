/**
 * Makes the objects, lists and results of one Realm instance.
 *
 * @module
 */
import { Dictionary } from "../collections/dictionary.ts";
import { List } from "../collections/list.ts";
import { Results } from "../collections/results.ts";
import { RealmSet } from "../collections/set.ts";
import { RealmError } from "../errors.ts";
import type { Notifier } from "../notifications/notifier.ts";
import { ObjectQuery } from "../queries/index.ts";
import type { Row } from "../records/row.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { objectMaker } from "./accessors.ts";
import type { ObjectMaker } from "./accessors.ts";
import type { Integers, RealmContext, UpdateMode } from "./context.ts";
import { createObject, valuesByName } from "./create.ts";
import type { Holder } from "./holders.ts";
import { ObjectState } from "./object-state.ts";
import { RealmObject } from "./realm-object.ts";

/** Deeper than this, plain values are taken for ones that contain themselves. */
const MAX_NESTING = 400;

/** The context of one Realm instance. */
export class InstanceContext implements RealmContext {
  readonly session: FileSession;
  readonly isReadOnly: boolean;
  readonly notifier: Notifier;
  isClosed = false;
  #nesting = 0;
  readonly #makers = new Map<ClassTable, ObjectMaker>();
  /** The class that was wrapped last: mostly the next one is of it too. */
  #lastTable: ClassTable | undefined;
  #lastMaker: ObjectMaker | undefined;
  /** The instance's own view of the schema: with its model classes. */
  readonly schema: Map<string, CanonicalObjectSchema> = new Map();

  readonly integers: Integers;

  constructor(session: FileSession, notifier: Notifier, { isReadOnly, integers }: { isReadOnly: boolean; integers: Integers }) {
    this.session = session;
    this.integers = integers;
    this.notifier = notifier;
    this.isReadOnly = isReadOnly;
  }

  wrap(table: ClassTable, key: Uint8Array, row?: Row): object {
    const state = new ObjectState(this, table, key, row);
    if (table === this.#lastTable && this.#lastMaker !== undefined) return this.#lastMaker(state);
    const maker = this.#makers.get(table) ?? this.#makerOf(table);
    this.#lastTable = table;
    this.#lastMaker = maker;
    return maker(state);
  }

  /** Forgets the compiled accessors: the schema has other properties now. */
  recompile(): void {
    this.#makers.clear();
    this.#lastTable = undefined;
  }

  #makerOf(table: ClassTable): ObjectMaker {
    const schema = this.schema.get(table.name) ?? table.schema;
    const base = (schema.ctor as unknown as { prototype: object } | undefined)?.prototype ?? RealmObject.prototype;
    const maker = objectMaker(this, table, Object.values(schema.properties), base);
    this.#makers.set(table, maker);
    return maker;
  }

  collection(holder: Holder): unknown {
    switch (holder.property.type) {
      case "set":
        return RealmSet.of(holder);
      case "dictionary":
        return Dictionary.of(holder);
      default:
        return List.of(holder);
    }
  }

  linking(table: ClassTable, key: Uint8Array, originClass: string, propertyName: string): unknown {
    const among = (): Uint8Array[] => table.backlinks(key, originClass, propertyName);
    return Results.of({ context: this, table: this.session.table(originClass), query: ObjectQuery.all(originClass), among });
  }

  createNested(table: ClassTable, values: object, mode: UpdateMode): Uint8Array {
    if (this.#nesting >= MAX_NESTING) {
      throw new RealmError("ARGUMENT_INVALID", `The values of '${table.name}' are nested more than ${MAX_NESTING} objects deep, or contain themselves; a default that creates an object of its own class does so without end.`);
    }
    this.#nesting++;
    try {
      // A nested object with a known key is a link to it unless the mode says to update it.
      return createObject(this, table, valuesByName(table, values), mode);
    } finally {
      this.#nesting--;
    }
  }
}
