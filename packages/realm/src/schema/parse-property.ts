/**
 * Parses one property of a schema, shorthand or object form, into its canonical form.
 *
 * @module
 */
import { PropertySchemaParseError, TypeAssertionError } from "../errors.ts";
import { COLLECTION_TYPES, PRIMITIVE_TYPES } from "./types.ts";
import type { CanonicalProperty, CollectionType, PropertySchema, PropertyType } from "./types.ts";

/** Names a property for its error messages. */
interface PropertyPlace {
  objectName: string;
  name: string;
  isPrimary: boolean;
}

/** What a declaration of a type says. */
interface ParsedType {
  type: PropertyType;
  objectType?: string;
  optional: boolean;
  presentation?: "counter";
}

const PROPERTY_FIELDS = new Set(["type", "objectType", "property", "optional", "indexed", "mapTo", "default", "presentation"]);
const INDEXABLE = new Set(["bool", "int", "string", "date", "objectId", "uuid", "mixed"]);
const SUFFIXES: Readonly<Record<string, CollectionType>> = { "[]": "list", "<>": "set", "{}": "dictionary" };
const ALWAYS_REQUIRED = "User-defined types in lists and sets are always non-optional and cannot be made optional.";
const ALWAYS_OPTIONAL = "User-defined types as standalone objects and in dictionaries are always optional and cannot be made non-optional.";

/** Canonical form of one property. */
export function parseProperty(objectName: string, name: string, schema: unknown, isPrimary: boolean): CanonicalProperty {
  const place = { objectName, name, isPrimary };
  refuseName(place, name);
  if (typeof schema === "string") return parseShorthand(place, schema);
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return parseObjectForm(place, schema as PropertySchema);
  throw new TypeAssertionError("a string or an object", schema, `${name}' on '${objectName}`);
}

function parseShorthand(place: PropertyPlace, declaration: string): CanonicalProperty {
  const parsed = parseTypeString(place, declaration);
  check(place, !(place.isPrimary && parsed.presentation === "counter"), "Counters cannot be primary keys.");
  return { name: place.name, ...parsed, indexed: place.isPrimary, mapTo: place.name };
}

function parseTypeString(place: PropertyPlace, declaration: string): ParsedType {
  let rest = declaration;
  let collection: CollectionType | undefined;
  let optional = false;
  check(place, rest.length > 0, "The type must be specified.");
  if (endsWithCollection(rest)) {
    const suffix = rest.slice(-2);
    rest = rest.slice(0, -2);
    check(place, rest.length > 0, `The element type must be specified (Example: 'int${suffix}')`);
    check(place, !endsWithCollection(rest), "Nested collections are not supported.");
    collection = SUFFIXES[suffix] as CollectionType;
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
    return collection === undefined ? { type: rest as PropertyType, optional: isOptional } : { type: collection, objectType: rest, optional: isOptional };
  }
  if (rest === "counter") {
    check(place, collection === undefined, "Counters cannot be used in collections.");
    return { type: "int", optional, presentation: "counter" };
  }
  refuseReserved(place, rest);
  if (collection === undefined) return { type: "object", objectType: rest, optional: true };
  if (collection === "dictionary") return { type: "dictionary", objectType: rest, optional: true };
  check(place, !optional, `${ALWAYS_REQUIRED} Remove '?' or change the type.`);
  return { type: collection, objectType: rest, optional: false };
}

function parseObjectForm(place: PropertyPlace, schema: PropertySchema): CanonicalProperty {
  const unknown = Object.keys(schema).filter((field) => !PROPERTY_FIELDS.has(field));
  check(place, unknown.length === 0, `Unexpected field(s) found: '${unknown.join("', '")}'.`);
  checkField(place, "type", schema.type, "string");
  checkField(place, "objectType", schema.objectType, "string", true);
  checkField(place, "presentation", schema.presentation, "string", true);
  checkField(place, "property", schema.property, "string", true);
  checkField(place, "optional", schema.optional, "boolean", true);
  checkField(place, "mapTo", schema.mapTo, "string", true);
  refuseName(place, schema.mapTo);
  const parsed = resolveObjectForm(place, schema);
  return {
    name: place.name,
    ...parsed,
    ...(schema.property === undefined ? {} : { property: schema.property }),
    indexed: parseIndexed(place, schema, parsed),
    mapTo: schema.mapTo ?? place.name,
    ...("default" in schema && schema.default !== undefined ? { default: schema.default } : {}),
  };
}

function parseIndexed(place: PropertyPlace, schema: PropertySchema, parsed: ParsedType): boolean | "full-text" {
  const { indexed } = schema;
  if (indexed === "full-text") {
    check(place, !place.isPrimary, "Primary keys cannot be full-text indexed.");
    if (parsed.type !== "string") throw schemaError(`Index not supported for this property: ${place.name}`);
    return indexed;
  }
  check(place, indexed === undefined || typeof indexed === "boolean", "Expected 'indexed' to be a boolean or 'full-text'.");
  check(place, !(place.isPrimary && indexed === false), "Primary keys must always be indexed.");
  if (place.isPrimary) return true;
  if (indexed === true && !INDEXABLE.has(parsed.type)) {
    const shown = parsed.type === "list" ? `array<${parsed.objectType}>` : COLLECTION_TYPES.has(parsed.type) ? `${parsed.type}<${parsed.objectType}>` : parsed.type;
    throw schemaError(`Schema validation failed due to the following errors:\n- Property '${place.objectName}.${place.name}' of type '${shown}' cannot be indexed.`);
  }
  return indexed === true;
}

function resolveObjectForm(place: PropertyPlace, schema: PropertySchema): ParsedType {
  const { type, objectType, presentation } = schema;
  check(place, schema.property === undefined || type === "linkingObjects", "'property' can only be specified if 'type' is 'linkingObjects'.");
  if (presentation !== undefined || type === "counter") return resolveCounter(place, schema);
  if (COLLECTION_TYPES.has(type)) return resolveCollection(place, schema, type as CollectionType);
  if (type === "object") {
    check(place, typeof objectType === "string" && objectType.length > 0, "A relationship must specify its 'objectType'.");
    check(place, schema.optional !== false, `${ALWAYS_OPTIONAL} Remove 'optional' or change its value to 'true'.`);
    refuseUserType(place, objectType);
    return { type: "object", objectType, optional: true };
  }
  if (type === "linkingObjects") {
    check(place, typeof objectType === "string" && objectType.length > 0, "'linkingObjects' must specify its 'objectType'.");
    check(place, typeof schema.property === "string" && schema.property.length > 0, "The linking object's property name must be specified.");
    return { type: "linkingObjects", objectType, optional: false };
  }
  check(place, objectType === undefined, `'objectType' cannot be defined when 'type' is '${type}'.`);
  return withOptional(place, schema, parseTypeString(place, type));
}

function withOptional(place: PropertyPlace, schema: PropertySchema, parsed: ParsedType): ParsedType {
  const { optional } = schema;
  if (optional === undefined) return parsed;
  const isUserType = parsed.type === "object" || (COLLECTION_TYPES.has(parsed.type) && !PRIMITIVE_TYPES.has(parsed.objectType ?? ""));
  if (optional) {
    check(place, !(isUserType && (parsed.type === "list" || parsed.type === "set")), `${ALWAYS_REQUIRED} Remove 'optional' or change its value to 'false'.`);
    return { ...parsed, optional: true };
  }
  check(place, !(isUserType && (parsed.type === "object" || parsed.type === "dictionary")), `${ALWAYS_OPTIONAL} Remove 'optional' or change its value to 'true'.`);
  const isMixed = parsed.type === "mixed" || parsed.objectType === "mixed";
  check(place, !isMixed, "'mixed' types are always optional and cannot be made non-optional. Remove 'optional' or change its value to 'true'.");
  return parsed;
}

function resolveCounter(place: PropertyPlace, schema: PropertySchema): ParsedType {
  const { type, objectType, presentation, optional } = schema;
  check(place, presentation === undefined || presentation === "counter", `'${String(presentation)}' is not a known presentation.`);
  check(place, !COLLECTION_TYPES.has(type) && !endsWithCollection(type), "Counters cannot be used in collections.");
  check(place, type === "int" || type === "int?" || type === "counter" || type === "counter?", "'presentation' 'counter' can only be used with type 'int'.");
  check(place, objectType === undefined, `'objectType' cannot be defined when 'type' is '${type}'.`);
  check(place, !place.isPrimary, "Counters cannot be primary keys.");
  return { type: "int", optional: optional === true || type.endsWith("?"), presentation: "counter" };
}

function resolveCollection(place: PropertyPlace, schema: PropertySchema, type: CollectionType): ParsedType {
  const { objectType } = schema;
  check(place, typeof objectType === "string" && objectType.length > 0, `A '${type}' must contain only one type of value, please specify its 'objectType'.`);
  check(place, !endsWithCollection(objectType), "Nested collections are not supported.");
  const suffix = Object.keys(SUFFIXES).find((key) => SUFFIXES[key] === type) as string;
  return withOptional(place, schema, parseTypeString(place, objectType + suffix));
}

/** Assigning to this name sets an object's prototype: the property would vanish. */
function refuseName(place: PropertyPlace, name: string | undefined): void {
  check(place, name !== "__proto__", "'__proto__' cannot be the name of a property.");
}

function refuseUserType(place: PropertyPlace, type: string): void {
  check(place, !PRIMITIVE_TYPES.has(type), `'objectType' must be the name of a class, got '${type}'.`);
  refuseReserved(place, type);
}

function refuseReserved(place: PropertyPlace, type: string): void {
  check(place, type !== "list", "The element type must be specified (Example: 'int[]').");
  check(place, type !== "set", "The element type must be specified (Example: 'int<>').");
  check(place, type !== "dictionary", "The element type must be specified (Example: 'int{}').");
  check(
    place,
    type !== "linkingObjects",
    "To define an inverse relationship, use { type: 'linkingObjects', objectType: 'MyObjectType', property: 'myObjectTypesProperty' }",
  );
  check(place, type !== "object", "To define a relationship, use either 'MyObjectType' or { type: 'object', objectType: 'MyObjectType' }");
  check(place, !/[?[\]{}<>]/.test(type), `'${type}' is not a valid type.`);
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

function schemaError(message: string): Error {
  return Object.assign(new Error(message), { code: "SCHEMA_INVALID" });
}
