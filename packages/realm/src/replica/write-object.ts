/**
 * Writes an object from plain values, changing only what differs, so that listeners hear of that and nothing else.
 *
 * A link to an object that is not there cannot stand in a record: it becomes null, or goes from its list, and the caller hears of it.
 *
 * @module
 */
import { encodeKey } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { encodeMixed, encodeMixedDictionary, encodeMixedLink, encodeMixedList, freshCollectionId, withoutCollectionIds } from "../records/mixed.ts";
import { emptyOf, sameStored } from "../records/stored-value.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import type { Field } from "../records/layout.ts";
import { isCollection, isMixedProperty, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import { toStoredSet } from "../objects/values.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { storedInt, storedKey } from "./read-object.ts";
import type { ReplicaBytes, ReplicaFields, ReplicaKey, ReplicaLink, ReplicaValue } from "./replica-value.ts";

/** Writes objects in the open transaction. */
export class ObjectWriter {
  readonly #session: FileSession;
  readonly #onHidden: (link: ReplicaLink) => void;

  /** @param onHidden - Called for each link whose target is not there. */
  constructor(session: FileSession, onHidden: (link: ReplicaLink) => void) {
    this.#session = session;
    this.#onHidden = onHidden;
  }

  /** The row's key of an object; undefined if the class is not in the schema, or its key has another type. */
  static rowKey(session: FileSession, className: string, key: ReplicaKey): Uint8Array | undefined {
    const table = session.tables.get(className);
    const primary = table?.layout.primary?.property;
    if (primary === undefined || !isKeyOf(primary, key)) return undefined;
    return encodeKey(primary.type as KeyType, storedKey(key));
  }

  /** Makes or changes an object. Fields that are not given keep their value; of a new object they get the type's zero. */
  put(table: ClassTable, key: Uint8Array, fields: ReplicaFields): void {
    this.#put(table, key, fields, true);
  }

  #put(table: ClassTable, key: Uint8Array, fields: ReplicaFields, keepsOthers: boolean): void {
    const record = table.get(key);
    const before = record === undefined ? undefined : table.readSlots(key, record);
    const after = table.layout.fields.map((field) => this.#slot(field, field.property.mapTo in fields ? fields[field.property.mapTo] : keepsOthers ? undefined : null, before?.[field.slot]));
    if (before === undefined) {
      table.insert(key, after);
      return;
    }
    if (after.every((value, slot) => value === before[slot])) return;
    // Embedded objects that were written on the way may have moved this row: read what stands there now.
    table.update(key, table.readSlots(key, table.get(key) as Uint8Array), after);
    for (const field of table.links) table.removeEmbedded(field, before[field.slot] as StoredValue, after[field.slot] as StoredValue);
  }

  #slot(field: Field, value: ReplicaValue | undefined, before: StoredValue | undefined): StoredValue {
    const { property } = field;
    if (field.group === "key") return before ?? (value === undefined ? null : storedKey(value as ReplicaKey));
    if (value === undefined) return before ?? emptyOf(property);
    const after = this.#toStored(property, value, before);
    if (before === undefined) return after;
    return isMixedProperty(property) ? (sameStored(withoutIds(before), withoutIds(after)) ? before : after) : sameStored(before, after) ? before : after;
  }

  #toStored(property: CanonicalProperty, value: ReplicaValue, before: StoredValue | undefined): StoredValue {
    if (!isCollection(property)) return this.#single(property, property.type === "object" ? (property.objectType as string) : property.type, value, before as Uint8Array | undefined);
    const type = property.objectType as string;
    if (property.type === "dictionary") {
      if (!hasKind(value, "dictionary")) return emptyOf(property);
      const old = before as StoredDictionary | undefined;
      const entries = [...value.entries].map(([name, element]): [string, StoredValue] => [name, this.#single(property, type, element, old?.get(name) as Uint8Array | undefined)]);
      return new Map(property.optional || !PRIMITIVE_TYPES.has(type) || type === "mixed" ? entries : entries.filter(([, element]) => element !== null));
    }
    if (!hasKind(value, "list") && !hasKind(value, "set")) return emptyOf(property);
    if (this.#session.tables.get(type)?.schema.embedded === true) return this.#embeddedList(this.#session.table(type), value.elements, (before ?? []) as Uint8Array[]);
    const elements = value.elements.map((element) => this.#single(property, type, element, undefined));
    // Only where null has a meaning may it stand in a list.
    const kept = property.optional || type === "mixed" ? elements : elements.filter((element) => element !== null);
    return property.type === "set" ? toStoredSet(type, kept) : kept;
  }

  #single(property: CanonicalProperty, type: string, value: ReplicaValue, before: Uint8Array | undefined): StoredValue {
    if (type === "mixed") return this.#mixed(value);
    if (PRIMITIVE_TYPES.has(type)) return primitiveToStored(type, value) ?? (property.optional || isCollection(property) ? null : emptyOf(property));
    if (value === null) return null;
    if (hasKind(value, "link")) return value.className === type ? this.#link(value) : null;
    const table = this.#session.table(type);
    return hasKind(value, "embedded") && table.schema.embedded ? this.#embedded(table, value.fields, before ?? undefined) : null;
  }

  #link(link: ReplicaLink): Uint8Array | null {
    const key = ObjectWriter.rowKey(this.#session, link.className, link.key);
    if (key !== undefined && this.#session.table(link.className).get(key) !== undefined) return key;
    this.#onHidden(link);
    return null;
  }

  #embedded(table: ClassTable, fields: ReplicaFields, before: Uint8Array | undefined): Uint8Array {
    const key = before !== undefined && table.get(before) !== undefined ? before : table.freshKey();
    this.#put(table, key, fields, false);
    return key;
  }

  /** Elements that are the same at either end keep their rows; those between take over what rows there are. */
  #embeddedList(table: ClassTable, elements: readonly ReplicaValue[], before: readonly Uint8Array[]): StoredValue[] {
    const wanted = elements.filter((element) => hasKind(element, "embedded"));
    return wanted.map((element, index) => this.#embedded(table, element.fields, before[index]));
  }

  #mixed(value: ReplicaValue): Uint8Array | null {
    if (value === null) return null;
    if (typeof value === "object" && "kind" in value) {
      switch (value.kind) {
        case "link": {
          const key = this.#link(value);
          return key === null ? null : encodeMixedLink(value.className, key);
        }
        case "list":
        case "set":
          return encodeMixedList(freshCollectionId(), value.elements.map((element) => this.#mixed(element)));
        case "dictionary":
          return encodeMixedDictionary(freshCollectionId(), new Map([...value.entries].map(([name, element]) => [name, this.#mixed(element)])));
        case "embedded":
          return null;
        default:
          return encodeMixed(value.kind, value.bytes);
      }
    }
    const type = typeOfPlain(value);
    return encodeMixed(type, primitiveToStored(type, value) as StoredValue);
  }
}

function typeOfPlain(value: boolean | string | number | bigint | Date | Uint8Array): "bool" | "string" | "double" | "int" | "date" | "data" {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
      return "double";
    case "bigint":
      return "int";
    default:
      return value instanceof Date ? "date" : "data";
  }
}

/** A value of a type in stored form; null if it is none of that type. */
function primitiveToStored(type: string, value: ReplicaValue): StoredValue {
  switch (type) {
    case "bool":
      return typeof value === "boolean" ? value : null;
    case "string":
      return typeof value === "string" ? value : null;
    case "int":
      return typeof value === "bigint" ? storedInt(BigInt.asIntN(64, value)) : null;
    case "float":
      return typeof value === "number" ? Math.fround(value) : typeof value === "bigint" ? Math.fround(Number(value)) : null;
    case "double":
      return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : null;
    case "date":
      return value instanceof Date ? value.getTime() : null;
    case "data":
      return value instanceof Uint8Array ? value : null;
    default:
      return hasKind(value, type as ReplicaBytes["kind"]) ? (value as ReplicaBytes).bytes : null;
  }
}

function isKeyOf(primary: CanonicalProperty, key: ReplicaKey): boolean {
  return key === null ? primary.optional : primitiveToStored(primary.type, key) !== null;
}

type Kinded = Extract<ReplicaValue, { readonly kind: string }>;

function hasKind<K extends Kinded["kind"]>(value: ReplicaValue, kind: K): value is Kinded & { readonly kind: K } {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

function withoutIds(value: StoredValue): StoredValue {
  if (value instanceof Uint8Array) return withoutCollectionIds(value);
  if (Array.isArray(value)) return value.map(withoutIds);
  return value instanceof Map ? new Map([...(value as StoredDictionary)].map(([key, element]) => [key, withoutIds(element)])) : value;
}
