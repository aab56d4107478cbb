/**
 * An exported App Services folder as schema and rules of ours, with a list of what could not be carried over.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSchema } from "@holdfast/sync-protocol";
import type { SyncClass, SyncSchema } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import { compileRules } from "../permissions/rules.ts";
import type { RoleRule, Rules } from "../permissions/rules.ts";
import { SchemaLayout } from "../schema/table-layout.ts";
import { rolesOf } from "./roles.ts";
import { classesOf } from "./schema.ts";

/** What becomes of an exported application. */
export interface AtlasImport {
  readonly schema: SyncSchema;
  readonly rules: Rules;
  /** What could not be carried over, in sentences. */
  readonly notes: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

interface Collection {
  readonly place: string;
  readonly reference: string;
  readonly schema: Json | undefined;
  readonly rules: Json | undefined;
  readonly relationships: Json;
}

/** Reads the folder that `appservices pull` makes. @throws {SyncServerError} `CONFIGURATION_INVALID` */
export function importAtlas(folder: string): AtlasImport {
  const sources = join(folder, "data_sources");
  if (!existsSync(sources)) throw new SyncServerError("CONFIGURATION_INVALID", `${folder} is no exported application: it has no folder data_sources`);
  const notes: string[] = [];
  const collections = foldersIn(sources).flatMap((source) => foldersIn(join(sources, source)).flatMap((database) => foldersIn(join(sources, source, database)).map((name) => readCollection(sources, source, database, name))));
  const titles = new Map(collections.flatMap(({ reference, schema }) => (schema === undefined ? [] : [[reference, String(schema["title"])]])));
  const classes: SyncClass[] = [];
  const rules: Record<string, readonly RoleRule[]> = {};
  for (const { place, schema, rules: given, relationships } of collections) {
    const note = (text: string): void => void notes.push(`${place}: ${text}`);
    if (schema === undefined) {
      note("has no schema; left out");
      continue;
    }
    const made = classesOf({ schema, relationships, classNamed: (reference) => titles.get(reference), note });
    for (const entry of made) {
      if (!classes.some(({ name }) => name === entry.name)) classes.push(entry);
      else if (entry.embedded !== true) note(`there are two classes ${entry.name}; the second is left out`);
    }
    const own = made.find(({ embedded }) => embedded !== true);
    if (given?.["roles"] !== undefined && own !== undefined) rules[own.name] = rolesOf(given["roles"] as unknown[], own, note);
    if (Array.isArray(given?.["filters"]) && given["filters"].length > 0) note("'filters' of queries cannot be carried over");
  }
  const others = foldersIn(sources).flatMap((source) => rolesOf((readJson(join(sources, source, "default_rule.json"))?.["roles"] ?? []) as unknown[], undefined, (text) => void notes.push(`${source}, default rule: ${text}`)));
  notes.push(...leftOver(folder));
  const schema = decodeSchema({ classes: classes.toSorted((left, right) => (left.name < right.name ? -1 : 1)) });
  return { schema, rules: checked({ classes: rules, ...(others.length === 0 ? {} : { others }) }, schema, notes), notes };
}

/** Rules that our filters do not take become "nobody". */
function checked(rules: Rules, schema: SyncSchema, notes: string[]): Rules {
  const layout = new SchemaLayout(schema);
  const classes: Record<string, readonly RoleRule[]> = {};
  for (const [name, roles] of Object.entries(rules.classes)) {
    try {
      compileRules({ classes: { [name]: roles } }, layout);
      classes[name] = roles;
    } catch (error) {
      notes.push(`class ${name}: its rules cannot be used, nobody is allowed anything: ${error instanceof Error ? error.message : "unknown"}`);
      classes[name] = [];
    }
  }
  try {
    compileRules({ ...rules, classes }, layout);
    return { ...rules, classes };
  } catch (error) {
    notes.push(`default rule: cannot be used for all classes, nobody is allowed anything by it: ${error instanceof Error ? error.message : "unknown"}`);
    return { classes };
  }
}

/** Parts of an application that are no data: each is named once. */
function leftOver(folder: string): string[] {
  const parts: Readonly<Record<string, string>> = {
    functions: "functions: port them to 'functions' of the configuration",
    triggers: "triggers: use triggers of the database, or 'onLogin' and 'onFirstLogin' for those of logins",
    http_endpoints: "HTTPS endpoints: serve them from a program of your own",
    graphql: "GraphQL: there is none",
    values: "values and secrets: use the environment of the server",
  };
  const found = Object.entries(parts).flatMap(([name, text]) => (existsSync(join(folder, name)) && readdirSync(join(folder, name)).some((file) => file !== "config.json") ? [text] : []));
  const providers = Object.values(readJson(join(folder, "auth", "providers.json")) ?? {}) as Json[];
  const names = providers.filter(({ disabled }) => disabled !== true).map(({ type }) => String(type));
  const partition = (readJson(join(folder, "sync", "config.json"))?.["partition"] ?? {}) as Json;
  return [
    ...found,
    ...(names.length === 0 ? [] : [`providers of logins (${names.join(", ")}): configure them in 'auth.providers'; users and passwords are not exported`]),
    ...(typeof partition["key"] === "string" ? [`partition-based sync: clients pass 'partitionKey: "${partition["key"]}"'; its permissions become rules about that property`] : []),
  ];
}

function readCollection(sources: string, source: string, database: string, name: string): Collection {
  const folder = join(sources, source, database, name);
  const schema = readJson(join(folder, "schema.json"));
  return {
    place: `${database}.${name}`,
    reference: `#/relationship/${source}/${database}/${name}`,
    schema: typeof schema?.["title"] === "string" ? schema : undefined,
    rules: readJson(join(folder, "rules.json")),
    relationships: readJson(join(folder, "relationships.json")) ?? {},
  };
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
}

function readJson(path: string): Json | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch (cause) {
    throw new SyncServerError("CONFIGURATION_INVALID", `${path} is no JSON`, { cause });
  }
  throw new SyncServerError("CONFIGURATION_INVALID", `${path}: expected an object`);
}
