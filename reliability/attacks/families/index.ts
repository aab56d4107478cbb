/**
 * All families of attacks on the database file, in the order of the report.
 *
 * @module
 */
import type { Family } from "./attack.ts";
import { crafted } from "./crafted.ts";
import { combinations, cuts, extensions, flips, runs, shifts } from "./bytes.ts";
import { clearFields, mixedSlots, movedPages, olderPages, records, siblingPages } from "./structure.ts";

export const FAMILIES: readonly Family[] = [flips, runs, cuts, extensions, shifts, olderPages, movedPages, siblingPages, mixedSlots, records, clearFields, combinations, crafted];
