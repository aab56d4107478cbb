/**
 * Writes one field of a row.
 *
 * @module
 */
import type { Field } from "../records/layout.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { ClassTable } from "../store/class-table.ts";

/** Writes the stored value of one field; embedded objects that it held and does not hold any more go. */
export function writeField(table: ClassTable, key: Uint8Array, field: Field, stored: StoredValue): void {
  table.updateField(key, field, stored);
}
