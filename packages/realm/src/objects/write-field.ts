/**
 * Writes one field of a row.
 *
 * @module
 */
import type { Field } from "../records/layout.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { isCollection } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";

/** Writes the stored value of one field; embedded objects that it held and does not hold any more go. */
export function writeField(table: ClassTable, key: Uint8Array, field: Field, stored: StoredValue): void {
  table.updateField(key, field, stored);
}

/** A counter that is assigned is set, not stepped; a collection that is assigned is another one. */
export function noteAssigned(table: ClassTable, key: Uint8Array, property: CanonicalProperty): void {
  if (property.presentation !== "counter" && !isCollection(property)) return;
  table.session.touched?.note(table, key).intents.set(property.mapTo, isCollection(property) ? "replace" : "set");
}
