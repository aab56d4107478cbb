/**
 * Rules as row-level policies: a second wall for programs that read the tables with rights of their own.
 *
 * Such a program says for whom it asks: `SET holdfast.user = '{"id": "…", "custom_data": {…}}'`. Without that it sees nothing.
 *
 * @module
 */
import { variablesOf } from "../filters/bind.ts";
import type { Filter } from "../filters/filter.ts";
import { filterSql } from "../filters/sql.ts";
import type { SchemaLayout, TableLayout } from "../schema/table-layout.ts";
import { policyDialect, quoteName, variablePresent } from "../store/postgres/postgres-dialect.ts";
import { tableName } from "../store/postgres/table-sql.ts";
import type { CompiledRole, CompiledRules } from "./rules.ts";

type Right = "read" | "insert" | "update" | "delete";

/** Statements that replace the policies of all tables. Fields are not rows: whoever must not read one gets no right on its column. */
export function policyStatements(rules: CompiledRules, layout: SchemaLayout): readonly string[] {
  return [...layout.tables.values()].flatMap((table) => policiesOf(table, rules.get(table.name) ?? []));
}

function policiesOf(table: TableLayout, roles: readonly CompiledRole[]): readonly string[] {
  const name = tableName(table);
  const drop = ["read", "insert", "update", "delete"].map((right) => `DROP POLICY IF EXISTS ${quoteName(`holdfast ${right}`)} ON ${name}`);
  const update = rightSql(roles, "update");
  return [
    ...drop,
    `CREATE POLICY "holdfast read" ON ${name} FOR SELECT USING (${rightSql(roles, "read")})`,
    `CREATE POLICY "holdfast insert" ON ${name} FOR INSERT WITH CHECK (${rightSql(roles, "insert")})`,
    `CREATE POLICY "holdfast update" ON ${name} FOR UPDATE USING (${update}) WITH CHECK (${update})`,
    `CREATE POLICY "holdfast delete" ON ${name} FOR DELETE USING (${rightSql(roles, "delete")})`,
  ];
}

/** The first role that applies decides. No user, no rows. */
function rightSql(roles: readonly CompiledRole[], right: Right): string {
  const branches = roles.map((role) => `WHEN ${guarded(role.applyWhen)} THEN ${guarded(role[right])}`);
  if (branches.length === 0) return "false";
  return `CASE WHEN nullif(current_setting('holdfast.user', true), '') IS NULL THEN false ${branches.join(" ")} ELSE false END`;
}

function guarded(filter: Filter): string {
  const conditions = variablesOf(filter).map(({ path, type, isList }) => variablePresent(path, type, isList));
  return `(${[...conditions, filterSql(filter, policyDialect)].join(" AND ")})`;
}
