/**
 * Rows that other programs wrote, as operations.
 *
 * @module
 */
import { applyOperations, newestStamp, operationsBetween } from "@holdfast/sync-protocol";
import type { HybridClock, ObjectState, Operation, PlainValue } from "@holdfast/sync-protocol";
import { columnJsonOfText } from "../schema/column-text.ts";
import type { SchemaLayout, TableLayout } from "../schema/table-layout.ts";
import { objectName } from "../store/store.ts";
import type { FlushInput, ForeignChange } from "../store/store.ts";

/** What reading rows of other programs needs. */
export interface ForeignOptions {
  readonly layout: SchemaLayout;
  readonly clock: HybridClock;
  /** Told of the class of a row that is left out: it must not hold up the others. */
  readonly onUnreadable?: (type: string) => void;
}

/** Operations of each change, in order. A later change of a row builds on the earlier one. */
export function foreignOperations(input: FlushInput, { layout, clock, onUnreadable }: ForeignOptions): readonly (readonly Operation[])[] {
  const states = new Map<string, ObjectState>();
  return input.foreign.map((change) => {
    const { type, pk } = change;
    const table = layout.tables.get(type);
    if (table === undefined) return [];
    const name = objectName(type, pk);
    const state = states.get(name) ?? input.objects.get(name)?.state;
    // Whoever changes a row has seen it, whatever the clocks of the servers say that have written it.
    if (state !== undefined) clock.observe(newestStamp(state));
    try {
      const ops = operationsBetween(state, wantedOf(change, table, layout), { schema: layout.schema, clock, type, pk });
      if (ops.length > 0) states.set(name, applyOperations(state, ops));
      return ops;
    } catch {
      onUnreadable?.(type);
      return [];
    }
  });
}

function wantedOf({ columns }: ForeignChange, table: TableLayout, layout: SchemaLayout): Readonly<Record<string, PlainValue>> | undefined {
  if (columns === undefined) return undefined;
  const wanted: Record<string, PlainValue> = {};
  for (const column of table.columns) {
    const text = columns[column.name];
    if (text === undefined || column === table.key) continue;
    const value = columnJsonOfText(text, column, layout.classes);
    // What is none of the property's type cannot travel; the row keeps it until a client changes that field.
    if (value !== undefined) wanted[column.name] = value;
  }
  return wanted;
}
