/**
 * Rules: who may see and change which objects, by class and role. For a user the first role of a class that applies counts; none, nothing.
 *
 * @module
 */
import { SyncServerError } from "../errors.ts";
import { bindFilter } from "../filters/bind.ts";
import type { UserView } from "../filters/bind.ts";
import { EVERYTHING, NOTHING } from "../filters/filter.ts";
import type { Filter } from "../filters/filter.ts";
import { parseFilter } from "../filters/parse-filter.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";

/** A query in Realm's language, which may ask about `%%user`, or always or never. */
export type Condition = string | boolean;

/** What a role may do with a field. One that cannot be read cannot be written either. */
export interface FieldRule {
  readonly read?: boolean;
  readonly write?: boolean;
}

/** What the users of a role may do with the objects of a class. What is not said is not allowed. */
export interface RoleRule {
  readonly name: string;
  /** About the user alone: `%%user.custom_data.isAdmin == true`. Absent: everybody. */
  readonly applyWhen?: Condition;
  readonly read?: Condition;
  readonly insert?: Condition;
  /** Asked of the object before and after the change. */
  readonly update?: Condition;
  readonly delete?: Condition;
  /** Fields that differ from the others: those are readable and writable as the object is. */
  readonly fields?: Readonly<Record<string, FieldRule>>;
}

/** Rules of all classes. */
export interface Rules {
  readonly classes: Readonly<Record<string, readonly RoleRule[]>>;
  /** For classes that are not listed. */
  readonly others?: readonly RoleRule[];
}

/** Everybody may do everything: for tests and beginnings. */
export const OPEN_RULES: Rules = { classes: {}, others: [{ name: "everybody", read: true, insert: true, update: true, delete: true }] };

/** A role, its queries read and checked. */
export interface CompiledRole {
  readonly name: string;
  readonly applyWhen: Filter;
  readonly read: Filter;
  readonly insert: Filter;
  readonly update: Filter;
  readonly delete: Filter;
  readonly hidden: ReadonlySet<string>;
  readonly unwritable: ReadonlySet<string>;
}

/** Roles by class. */
export type CompiledRules = ReadonlyMap<string, readonly CompiledRole[]>;

/** A role with a user put in. */
export type BoundRole = Omit<CompiledRole, "applyWhen">;

/** Reads all rules against a schema. @throws {SyncServerError} `RULE_INVALID`, naming class and role. */
export function compileRules(rules: Rules, layout: SchemaLayout): CompiledRules {
  for (const name of Object.keys(rules.classes)) if (!layout.tables.has(name)) throw new SyncServerError("RULE_INVALID", `there are rules for ${name}, which is no class with a table`);
  return new Map([...layout.tables.keys()].map((type) => [type, (rules.classes[type] ?? rules.others ?? []).map((role) => compileRole(role, type, layout))]));
}

/** The role that counts for a user; undefined if none does. */
export function roleFor(roles: readonly CompiledRole[], user: UserView): BoundRole | undefined {
  const role = roles.find(({ applyWhen }) => {
    const bound = bindFilter(applyWhen, user);
    return bound.kind === "truth" && bound.isTrue;
  });
  if (role === undefined) return undefined;
  const bind = (filter: Filter): Filter => bindFilter(filter, user);
  return { ...role, read: bind(role.read), insert: bind(role.insert), update: bind(role.update), delete: bind(role.delete) };
}

function compileRole(role: RoleRule, type: string, layout: SchemaLayout): CompiledRole {
  const where = `class ${type}, role ${role.name}`;
  const findField = (name: string): ReturnType<SchemaLayout["findField"]> => layout.findField(type, name);
  const compile = (condition: Condition | undefined, isAboutUser: boolean): Filter => {
    if (typeof condition !== "string") return condition === true ? EVERYTHING : NOTHING;
    try {
      return parseFilter(condition, { findField: isAboutUser ? () => undefined : findField, allowsUser: true });
    } catch (cause) {
      throw new SyncServerError("RULE_INVALID", `${where}: ${cause instanceof Error ? cause.message : "no condition"}`, { cause });
    }
  };
  const columns = layout.tables.get(type)?.columns ?? [];
  const key = layout.tables.get(type)?.key.name;
  for (const [name, rule] of Object.entries(role.fields ?? {})) {
    if (!columns.some((column) => column.name === name)) throw new SyncServerError("RULE_INVALID", `${where}: there is no field ${name}`);
    // A refusal, or what an update rule says to the outcome, would tell what the field holds.
    if (rule.read === false && rule.write === true) throw new SyncServerError("RULE_INVALID", `${where}: field ${name} is hidden and so cannot be written`);
    if (name === key && rule.read === false) throw new SyncServerError("RULE_INVALID", `${where}: the primary key cannot be hidden`);
  }
  const fieldsWithout = (kind: "read" | "write"): Set<string> => new Set(Object.entries(role.fields ?? {}).flatMap(([name, rule]) => (rule[kind] === false ? [name] : [])));
  const hidden = fieldsWithout("read");
  return {
    name: role.name,
    applyWhen: role.applyWhen === undefined ? EVERYTHING : compile(role.applyWhen, true),
    read: compile(role.read, false),
    insert: compile(role.insert, false),
    update: compile(role.update, false),
    delete: compile(role.delete, false),
    hidden,
    unwritable: new Set([...hidden, ...fieldsWithout("write")]),
  };
}
