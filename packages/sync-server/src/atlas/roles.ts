/**
 * Roles of App Services as roles of ours. Doubt forbids: what cannot be carried over is not allowed, and said.
 *
 * @module
 */
import type { SyncClass } from "@holdfast/sync-protocol";
import type { Condition, FieldRule, RoleRule } from "../permissions/rules.ts";
import { both, conditionOf } from "./expression.ts";

type Json = Readonly<Record<string, unknown>>;

/** Translates the roles of a collection, or those of the default rule. `entry` absent: fields are not known. */
export function rolesOf(roles: readonly unknown[], entry: SyncClass | undefined, note: (text: string) => void): RoleRule[] {
  const made: RoleRule[] = [];
  for (const role of roles as readonly Json[]) {
    const name = String(role["name"] ?? "role");
    const applyWhen = conditionOf(role["apply_when"] ?? {}, "user");
    if (applyWhen === undefined) {
      // Whom this role was for must not fall through to a later one, which may allow more.
      note(`role ${name}: 'apply_when' cannot be carried over; it and the roles behind it are left out`);
      break;
    }
    made.push(roleOf(role, { name, applyWhen, entry, note: (text) => note(`role ${name}: ${text}`) }));
  }
  return made;
}

function roleOf(role: Json, { name, applyWhen, entry, note }: { readonly name: string; readonly applyWhen: Condition; readonly entry: SyncClass | undefined; readonly note: (text: string) => void }): RoleRule {
  const filters = (role["document_filters"] ?? {}) as Json;
  const condition = (expression: unknown, what: string): Condition => {
    const made = conditionOf(expression, "object");
    if (made === undefined) note(`${what} cannot be carried over; nobody is allowed it`);
    return made ?? false;
  };
  const hasFields = role["fields"] !== undefined || role["additional_fields"] !== undefined;
  const readFilter = condition(filters["read"] ?? true, "document_filters.read");
  const writeFilter = condition(filters["write"] ?? true, "document_filters.write");
  // Without a word for the whole document its fields decide.
  const write = role["write"] === undefined ? hasFields : condition(role["write"], "write");
  // Who may write may read.
  const read = role["read"] === undefined ? write : condition(role["read"], "read");
  const canWrite = both(writeFilter, write);
  return {
    name,
    ...(applyWhen === true ? {} : { applyWhen }),
    read: both(readFilter, read),
    update: canWrite,
    insert: both(canWrite, condition(role["insert"] ?? false, "insert")),
    delete: both(canWrite, condition(role["delete"] ?? false, "delete")),
    ...fieldRules(role, entry, note),
  };
}

function fieldRules(role: Json, entry: SyncClass | undefined, note: (text: string) => void): { readonly fields?: Readonly<Record<string, FieldRule>> } {
  const fields = (role["fields"] ?? {}) as Json;
  const others = (role["additional_fields"] ?? {}) as Json;
  if (role["fields"] === undefined && role["additional_fields"] === undefined) return {};
  if (entry === undefined) {
    note("field rules of a default rule cannot be carried over");
    return {};
  }
  const rules: Record<string, FieldRule> = {};
  for (const { name } of entry.properties) {
    if (name === entry.primaryKey) continue;
    const own = (fields[name] ?? others) as Json;
    if ([own["read"], own["write"]].some((value) => typeof value === "object")) note(`field ${name}: a condition cannot be carried over; it is neither readable nor writable by it`);
    const write = role["write"] === true || own["write"] === true;
    const read = role["read"] === true || write || own["read"] === true;
    if (!read || !write) rules[name] = { ...(read ? {} : { read: false }), ...(write ? {} : { write: false }) };
  }
  return Object.keys(rules).length === 0 ? {} : { fields: rules };
}
