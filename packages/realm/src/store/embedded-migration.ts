/**
 * A class that becomes embedded: each of its objects needs exactly one parent.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { sameBytes } from "../records/row.ts";
import { changeLinks, linksIn } from "./links.ts";
import type { ClassTable } from "./class-table.ts";
import type { FileSession } from "./file-session.ts";

/** Checks, or makes sure, that each object of a class has one parent. @throws {RealmError} `MIGRATION_REQUIRED` */
export function checkEmbedded(session: FileSession, className: string, resolves: boolean): void {
  const table = session.table(className);
  // What is resolved can orphan others of the class: an orphan's own children go with it.
  for (const key of table.keys()) {
    if (table.get(key) === undefined) continue;
    const origins = table.originsOf(key);
    if (origins.length === 0) {
      if (!resolves) throw new RealmError("MIGRATION_REQUIRED", `Cannot convert '${className}' to embedded: at least one object has no incoming links and would be deleted.`);
      table.remove(key);
    } else if (origins.length > 1 || isNamedTwice(session, table, key, origins[0] as Origin)) {
      if (!resolves) throw new RealmError("MIGRATION_REQUIRED", `Cannot convert '${className}' to embedded: at least one object has more than one incoming link.`);
      copyForParents(session, table, key, origins);
    }
  }
}

type Origin = ReturnType<ClassTable["originsOf"]>[number];

/** A list may name one object twice; links are noted once for each property. */
function isNamedTwice(session: FileSession, table: ClassTable, key: Uint8Array, origin: Origin): boolean {
  const parent = session.table(origin.className);
  const field = parent.layout.fieldOf(origin.property);
  if (field === undefined) return false;
  let count = 0;
  const slots = parent.readSlots(origin.key, parent.get(origin.key) as Uint8Array);
  changeLinks(field.property, slots[field.slot] ?? null, (target) => {
    if (target.className === table.name && sameBytes(target.key, key)) count++;
    return target.key;
  });
  return count > 1;
}

/** The first place keeps the object, each other one gets a copy with copies of its embedded children. */
function copyForParents(session: FileSession, table: ClassTable, key: Uint8Array, origins: readonly Origin[]): void {
  let isFirst = true;
  for (const origin of origins) {
    const parent = session.table(origin.className);
    const field = parent.layout.fieldOf(origin.property);
    const record = parent.get(origin.key);
    if (field === undefined || record === undefined) continue;
    const before = parent.readSlots(origin.key, record);
    const after = [...before];
    after[field.slot] = changeLinks(field.property, before[field.slot] ?? null, (target) => {
      if (target.className !== table.name || !sameBytes(target.key, key)) return target.key;
      if (!isFirst) return copyRow(table, key);
      isFirst = false;
      return key;
    });
    parent.update(origin.key, before, after);
  }
}

function copyRow(table: ClassTable, key: Uint8Array): Uint8Array {
  const slots = table.readSlots(key, table.get(key) as Uint8Array);
  for (const field of table.links) {
    const value = slots[field.slot] ?? null;
    if (linksIn(field.property, value).size === 0) continue;
    slots[field.slot] = changeLinks(field.property, value, (target) => {
      const child = table.session.table(target.className);
      return child.schema.embedded ? copyRow(child, target.key) : target.key;
    });
  }
  const fresh = table.freshKey();
  table.insert(fresh, slots);
  return fresh;
}
