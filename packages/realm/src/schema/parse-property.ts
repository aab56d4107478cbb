/**
 * Parses one property of a schema, shorthand or object form, into its canonical form.
 *
 * @module
 */
import { notYet, PropertySchemaParseError, TypeAssertionError } from "../errors.ts";
import { PRIMITIVE_TYPES } from "./types.ts";
import type { CanonicalProperty, PropertySchema, PropertyType } from "./types.ts";

/** Names a property for its error messages. */
interface PropertyPlace {
  objectName: string;
  name: string;
  isPrimary: boolean;
}

const PROPERTY_FIELDS = new Set(["type", "objectType", "property", "optional", "indexed", "mapTo", "default", "presentation"]);
const INDEXABLE = new Set(["bool", "int", "string", "date", "objectId", "uuid", "mixed"]);

/** Canonical form of one property. */
export function parseProperty(objectName: string, name: string, schema: unknown, isPrimary: boolean): CanonicalProperty {
  const place = { objectName, name, isPrimary };
  if (typeof schema === "string") return parseShorthand(place, schema);
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return parseObjectForm(place, schema as PropertySchema);
  throw new TypeAssertionError("a string or an object", schema, `${name}' on '${objectName}`);
}

function parseShorthand(place: PropertyPlace, declaration: string): CanonicalProperty {
  const { type, objectType, optional } = parseTypeString(place, declaration);
  return {
    name: place.name,
    type,
    ...(objectType === undefined ? {} : { objectType }),
    optional,
    indexed: place.isPrimary,
    mapTo: place.name,
  };
}

function parseTypeString(place: PropertyPlace, declaration: string): { type: PropertyType; objectType?: string; optional: boolean } {
  let rest = declaration;
  let isList = false;
  let optional = false;
  check(place, rest.length > 0, "The type must be specified.");
  if (endsWithCollection(rest)) {
    const suffix = rest.slice(-2);
    rest = rest.slice(0, -2);
    check(place, rest.length > 0, `The element type must be specified (Example: 'int${suffix}')`);
    check(place, !endsWithCollection(rest), "Nested collections are not supported.");
    refuseCollection(place, suffix);
    isList = true;
  }
  if (rest.endsWith("?")) {
    optional = true;
    rest = rest.slice(0, -1);
    check(place, rest.length > 0, "The type must be specified. (Examples: 'int?' and 'int?[]')");
    check(
      place,
      !endsWithCollection(rest),
      "Collections cannot be optional. To allow elements of the collection to be optional, use '?' after the element type. (Examples: 'int?[]', 'int?{}', and 'int?<>')",
    );
  }
  if (PRIMITIVE_TYPES.has(rest)) {
    const isOptional = optional || rest === "mixed";
    return isList ? { type: "list", objectType: rest, optional: isOptional } : { type: rest as PropertyType, optional: isOptional };
  }
  refuseReserved(place, rest);
  if (!isList) return { type: "object", objectType: rest, optional: true };
  check(
    place,
    !optional,
    "User-defined types in lists and sets are always non-optional and cannot be made optional. Remove '?' or change the type.",
  );
  return { type: "list", objectType: rest, optional: false };
}

function parseObjectForm(place: PropertyPlace, schema: PropertySchema): CanonicalProperty {
  const unknown = Object.keys(schema).filter((field) => !PROPERTY_FIELDS.has(field));
  check(place, unknown.length === 0, `Unexpected field(s) found: '${unknown.join("', '")}'.`);
  checkField(place, "type", schema.type, "string");
  checkField(place, "objectType", schema.objectType, "string", true);
  checkField(place, "property", schema.property, "string", true);
  checkField(place, "optional", schema.optional, "boolean", true);
  checkField(place, "mapTo", schema.mapTo, "string", true);
  const { type, objectType, optional } = resolveObjectForm(place, schema);
  if (schema.indexed === "full-text") throw notYet("Full-text indexes");
  check(place, schema.indexed === undefined || typeof schema.indexed === "boolean", "Expected 'indexed' to be a boolean or 'full-text'.");
  check(place, !(place.isPrimary && schema.indexed === false), "Primary keys must always be indexed.");
  const indexed = schema.indexed === true || place.isPrimary;
  if (indexed && !place.isPrimary && !INDEXABLE.has(type)) {
    const shown = type === "list" ? `array<${objectType}>` : type;
    throw indexError(place, shown);
  }
  if (indexed && !place.isPrimary && type === "mixed") throw notYet("Indexes on mixed properties");
  return {
    name: place.name,
    type,
    ...(objectType === undefined ? {} : { objectType }),
    ...(schema.property === undefined ? {} : { property: schema.property }),
    optional,
    indexed,
    mapTo: schema.mapTo ?? place.name,
    ...("default" in schema && schema.default !== undefined ? { default: schema.default } : {}),
  };
}

function resolveObjectForm(place: PropertyPlace, schema: PropertySchema): { type: PropertyType; objectType?: string; optional: boolean } {
  const { type, objectType } = schema;
  if (schema.presentation === "counter" || type === "counter") throw notYet("Counters");
  if (type === "set" || type === "dictionary") refuseCollection(place, type === "set" ? "<>" : "{}");
  if (type === "list") {
    check(place, typeof objectType === "string" && objectType.length > 0, "A 'list' must contain only one type of value, please specify its 'objectType'.");
    const element = parseTypeString(place, `${objectType}[]`);
    const isLink = !PRIMITIVE_TYPES.has(element.objectType ?? "");
    check(
      place,
      !(isLink && schema.optional === true),
      "User-defined types in lists and sets are always non-optional and cannot be made optional. Remove 'optional' or change its value to 'false'.",
    );
    return { ...element, optional: element.optional || schema.optional === true };
  }
  if (type === "object") {
    check(place, typeof objectType === "string" && objectType.length > 0, "A relationship must specify its 'objectType'.");
    check(
      place,
      schema.optional !== false,
      "User-defined types as standalone objects and in dictionaries are always optional and cannot be made non-optional. Remove 'optional' or change its value to 'true'.",
    );
    refuseReserved(place, objectType);
    return { type: "object", objectType, optional: true };
  }
  if (type === "linkingObjects") {
    check(place, typeof objectType === "string" && objectType.length > 0, "'linkingObjects' must specify its 'objectType'.");
    check(place, typeof schema.property === "string" && schema.property.length > 0, "The linking object's property name must be specified.");
    return { type: "linkingObjects", objectType, optional: false };
  }
  check(place, objectType === undefined, `'objectType' cannot be defined when 'type' is '${type}'.`);
  const parsed = parseTypeString(place, type);
  if (schema.optional === true && parsed.type !== "list") parsed.optional = true;
  if (schema.optional === true && parsed.type === "list") {
    check(place, PRIMITIVE_TYPES.has(parsed.objectType ?? ""), "User-defined types in lists and sets are always non-optional and cannot be made optional. Remove 'optional' or change its value to 'false'.");
    parsed.optional = true;
  }
  return parsed;
}

function refuseReserved(place: PropertyPlace, type: string): void {
  if (type === "counter") throw notYet("Counters");
  if (type === "set") throw notYet("Sets");
  if (type === "dictionary") throw notYet("Dictionaries");
  check(place, type !== "list", "The element type must be specified (Example: 'int[]').");
  check(
    place,
    type !== "linkingObjects",
    "To define an inverse relationship, use { type: 'linkingObjects', objectType: 'MyObjectType', property: 'myObjectTypesProperty' }",
  );
  check(place, type !== "object", "To define a relationship, use either 'MyObjectType' or { type: 'object', objectType: 'MyObjectType' }");
  check(place, !/[?[\]{}<>]/.test(type), `'${type}' is not a valid type.`);
}

function refuseCollection(place: PropertyPlace, suffix: string): void {
  if (suffix === "<>") throw notYet(`Sets (property '${place.objectName}.${place.name}')`);
  if (suffix === "{}") throw notYet(`Dictionaries (property '${place.objectName}.${place.name}')`);
}

function endsWithCollection(text: string): boolean {
  return text.endsWith("[]") || text.endsWith("{}") || text.endsWith("<>");
}

function checkField(place: PropertyPlace, field: string, value: unknown, type: "string" | "boolean", isOptional = false): void {
  if ((isOptional && value === undefined) || typeof value === type) return;
  throw new TypeAssertionError(`a ${type}`, value, `${place.objectName}.${place.name}.${field}`);
}

function check(place: PropertyPlace, condition: boolean, message: string): asserts condition {
  if (!condition) throw new PropertySchemaParseError(message, place.objectName, place.name);
}

function indexError(place: PropertyPlace, type: string): Error {
  const message = `Schema validation failed due to the following errors:\n- Property '${place.objectName}.${place.name}' of type '${type}' cannot be indexed.`;
  return Object.assign(new Error(message), { code: "SCHEMA_INVALID" });
}
