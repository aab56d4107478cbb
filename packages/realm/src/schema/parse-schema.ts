/**
 * Parses and validates a whole schema: what an application writes in `config.schema`.
 *
 * @module
 */
import { assert, ObjectSchemaParseError, RealmError, TypeAssertionError } from "../errors.ts";
import { parseProperty } from "./parse-property.ts";
import { linkTargetOf, PRIMITIVE_TYPES } from "./types.ts";
import type { CanonicalObjectSchema, CanonicalProperty, ObjectSchema, RealmObjectConstructor } from "./types.ts";

const OBJECT_FIELDS = new Set(["name", "primaryKey", "embedded", "asymmetric", "properties"]);
const PRIMARY_TYPES = new Set(["int", "string", "objectId", "uuid"]);
/** Longest persisted name of a property that Realm accepts. */
const PROPERTY_NAME_MAX_BYTES = 63;
/** Longest class name that Realm accepts. */
const CLASS_NAME_MAX = 57;

/**
 * Canonical form of every class of a schema.
 *
 * @param isModel - Tells whether a class extends Realm.Object; handed in, since the object layer stands above this one.
 * @param isSynced - Synced realms may have asymmetric classes.
 */
export function parseSchema(schema: unknown, isModel: (candidate: unknown) => boolean, isSynced = false): CanonicalObjectSchema[] {
  const classes = parseClasses(schema, isModel);
  validateSchema(classes, isSynced);
  return classes;
}

/** Canonical form of classes that may link to others which are not given here: they are not checked against each other. */
export function parseClasses(schema: unknown, isModel: (candidate: unknown) => boolean): CanonicalObjectSchema[] {
  if (!Array.isArray(schema)) throw new TypeAssertionError("an array", schema, "realm schema");
  return schema.map((entry: unknown) => parseClass(entry, isModel));
}

function parseClass(entry: unknown, isModel: (candidate: unknown) => boolean): CanonicalObjectSchema {
  if (typeof entry !== "function") return parseObjectSchema(entry);
  const ctor = entry as unknown as RealmObjectConstructor;
  assert(isModel(entry), `Class '${entry.name}' must extend Realm.Object`, "SCHEMA_INVALID");
  if (typeof ctor.schema !== "object" || ctor.schema === null) throw new TypeAssertionError("an object", ctor.schema, "schema static");
  return { ...parseObjectSchema(ctor.schema), ctor };
}

function parseObjectSchema(entry: unknown): CanonicalObjectSchema {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) throw new TypeAssertionError("an object", entry, "object schema");
  const schema = entry as ObjectSchema;
  if (typeof schema.name !== "string" || schema.name === "") throw new TypeAssertionError("a non-empty string", schema.name, "name' on 'object schema");
  const { name, primaryKey } = schema;
  if (typeof schema.properties !== "object" || schema.properties === null) throw new TypeAssertionError("an object", schema.properties, `${name}.properties`);
  if (Array.isArray(schema.properties)) throw new ObjectSchemaParseError(`Expected 'properties' on '${name}' to be an object, got an array. Use an object with the property names as keys.`, name);
  checkOptional(primaryKey, "string", `${name}.primaryKey`);
  checkOptional(schema.embedded, "boolean", `${name}.embedded`);
  checkOptional(schema.asymmetric, "boolean", `${name}.asymmetric`);
  const unknown = Object.keys(schema).filter((field) => !OBJECT_FIELDS.has(field));
  if (unknown.length > 0) throw new ObjectSchemaParseError(`Unexpected field(s) found on the schema for object '${name}': '${unknown.join("', '")}'.`, name);
  const properties: Record<string, CanonicalProperty> = {};
  for (const [key, value] of Object.entries(schema.properties)) properties[key] = parseProperty(name, key, value, key === primaryKey);
  return {
    name,
    ...(primaryKey === undefined ? {} : { primaryKey }),
    embedded: schema.embedded === true,
    asymmetric: schema.asymmetric === true,
    properties,
  };
}

function checkOptional(value: unknown, type: "string" | "boolean", target: string): void {
  if (value !== undefined && typeof value !== type) throw new TypeAssertionError(`a ${type}`, value, target);
}

/** Checks classes against each other. @throws {RealmError} `SCHEMA_INVALID` with all findings. */
export function validateSchema(classes: readonly CanonicalObjectSchema[], isSynced = false): void {
  const findings: string[] = [];
  const byName = new Map<string, CanonicalObjectSchema>();
  for (const entry of classes) {
    if (byName.has(entry.name)) findings.push(`Type '${entry.name}' appears more than once in the schema.`);
    byName.set(entry.name, entry);
  }
  for (const entry of classes) {
    validateClass(entry, findings);
    if (entry.asymmetric && !isSynced) findings.push(`Asymmetric table '${entry.name}' not allowed in a local Realm.`);
    for (const property of Object.values(entry.properties)) validateProperty(entry, property, byName, findings);
  }
  if (findings.length > 0) {
    throw new RealmError("SCHEMA_INVALID", `Schema validation failed due to the following errors:\n- ${findings.join("\n- ")}`);
  }
}

function validateClass(entry: CanonicalObjectSchema, findings: string[]): void {
  if (entry.name.length > CLASS_NAME_MAX) findings.push(`Type '${entry.name}' has a name of ${entry.name.length} characters, at most ${CLASS_NAME_MAX} are allowed.`);
  const seen = new Map<string, string>();
  for (const property of Object.values(entry.properties)) {
    const other = seen.get(property.mapTo);
    if (other !== undefined) findings.push(`Property '${entry.name}.${property.name}' appears more than once in the schema for type '${entry.name}' (as '${other}').`);
    seen.set(property.mapTo, property.name);
    if (new TextEncoder().encode(property.mapTo).length > PROPERTY_NAME_MAX_BYTES) {
      findings.push(`Property '${entry.name}.${property.name}' has a name of more than ${PROPERTY_NAME_MAX_BYTES} bytes.`);
    }
  }
  if (entry.primaryKey === undefined) return;
  if (entry.embedded) findings.push(`Embedded object type '${entry.name}' cannot have a primary key.`);
  const primary = entry.properties[entry.primaryKey];
  if (primary === undefined) findings.push(`Specified primary key '${entry.name}.${entry.primaryKey}' does not exist.`);
  else if (!PRIMARY_TYPES.has(primary.type)) {
    findings.push(`Property '${entry.name}.${primary.name}' of type '${shownType(primary)}' cannot be made the primary key.`);
  }
}

function validateProperty(
  entry: CanonicalObjectSchema,
  property: CanonicalProperty,
  byName: ReadonlyMap<string, CanonicalObjectSchema>,
  findings: string[],
): void {
  const place = `'${entry.name}.${property.name}'`;
  const target = property.objectType;
  if (target === undefined || PRIMITIVE_TYPES.has(target)) return;
  const targetClass = byName.get(target);
  if (property.type !== "linkingObjects") {
    if (targetClass === undefined) findings.push(`Property ${place} of type '${shownType(property)}' has unknown object type '${target}'`);
    else if (property.type === "set" && targetClass.embedded) findings.push(`Set property ${place} cannot contain embedded object type '${target}'. Set semantics are not applied to embedded objects.`);
    return;
  }
  if (targetClass === undefined) {
    findings.push(`Property ${place} of type 'linking objects' has unknown object type '${target}'`);
    return;
  }
  const origin = Object.values(targetClass.properties).find((candidate) => candidate.name === property.property || candidate.mapTo === property.property);
  if (origin === undefined) {
    findings.push(`Property '${target}.${property.property}' declared as origin of linking objects property ${place} does not exist`);
  } else if (linkTargetOf(origin) === undefined) {
    findings.push(`Property '${target}.${property.property}' declared as origin of linking objects property ${place} is not a link`);
  } else if (origin.objectType !== entry.name) {
    findings.push(
      `Property '${target}.${property.property}' declared as origin of linking objects property ${place} links to type '${origin.objectType}'`,
    );
  }
}

/** A property's type as messages show it: 'string', 'array<int>', 'object'. */
export function shownType(property: CanonicalProperty): string {
  if (property.type === "list") return `array<${property.objectType}>`;
  if (property.type === "set" || property.type === "dictionary") return `${property.type}<${property.objectType}>`;
  if (property.type === "linkingObjects") return "linking objects";
  return property.type;
}
