/**
 * Operations sorted by what they are about.
 *
 * @module
 */
import type { ObjectName, Operation } from "@holdfast/sync-protocol";
import { nameText } from "./names.ts";

/** Operations by object, in order. */
export function byObject(operations: Iterable<Operation>): Map<string, { name: ObjectName; operations: Operation[] }> {
  const found = new Map<string, { name: ObjectName; operations: Operation[] }>();
  for (const operation of operations) {
    const text = nameText(operation);
    const entry = found.get(text) ?? { name: { type: operation.type, pk: operation.pk }, operations: [] };
    found.set(text, entry);
    entry.operations.push(operation);
  }
  return found;
}
