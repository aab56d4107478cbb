/**
 * Everything that this package throws: one class, one list of codes, and Realm's own error classes.
 *
 * Codes are API, messages are not, except for those that are Realm's: applications match on them.
 *
 * @module
 */

/** Codes of errors that this package throws itself. Errors of the storage engine keep theirs. */
export type RealmErrorCode =
  | "ARGUMENT_INVALID"
  | "CLASS_UNKNOWN"
  | "COMMIT_UNKNOWN"
  | "CONFIGURATION_CONFLICT"
  | "CONFIGURATION_INVALID"
  | "DATA_DAMAGED"
  | "DECORATOR_UNCOMPILED"
  | "FILE_MISSING"
  | "FORMAT_FOREIGN"
  | "JSON_INVALID"
  | "KEY_DIFFERS"
  | "KEY_INVALID"
  | "KEY_MISSING"
  | "KEY_SUPERFLUOUS"
  | "KEY_WRONG"
  | "LISTENER_INVALID"
  | "MIGRATION_REQUIRED"
  | "NOT_YET"
  | "OBJECT_EXISTS"
  | "OBJECT_INVALID"
  | "OWNER_SILENT"
  | "PLATFORM_UNSUPPORTED"
  | "PRIMARY_KEY_INVALID"
  | "PROCEDURE_UNKNOWN"
  | "REALM_CLOSED"
  | "REALM_READ_ONLY"
  | "RECORDS_UNSUPPORTED"
  | "SCHEMA_CHANGED"
  | "SCHEMA_INVALID"
  | "SCHEMA_MISSING"
  | "SCHEMA_VERSION_LOW"
  | "STORE_LOCKED"
  | "SYNC_MISSING"
  | "SYNC_REQUIRED"
  | "TRANSACTION_MISSING"
  | "TRANSACTION_OPEN"
  | "TYPE_MISMATCH"
  | "VALUE_MISSING"
  | "VALUE_OUT_OF_RANGE"
  | "WORKER_GONE";

/** What to do about the errors that applications meet most. Messages stay Realm's, for those who match on them; consoles show this beside. */
const HINTS: Readonly<Record<string, string>> = {
  CLASS_UNKNOWN: "Add the class to 'schema' in the configuration, or correct its name.",
  CONFIGURATION_CONFLICT: "Open the file with the configuration that it is open with already, or close that instance first.",
  COMMIT_UNKNOWN: "Read whether the change is there, and write it again only if it is not.",
  FORMAT_FOREIGN: "Write its objects as JSON with realm-js, and read them into a new realm with 'importJson'; or open another path.",
  KEY_DIFFERS: "Pass the key that the file is open with already, or close that instance first.",
  KEY_MISSING: "Pass 'encryptionKey' with the 64 bytes that the file was written with.",
  KEY_SUPERFLUOUS: "Open the file without a key; 'writeCopyTo' makes an encrypted copy, and 'Realm.rekey' encrypts it in place.",
  KEY_WRONG: "Fetch the key that the file was written with. The file is whole: do not delete it.",
  MIGRATION_REQUIRED: "Raise 'schemaVersion', and carry values over in 'onMigration'. While developing, 'deleteRealmIfMigrationNeeded' starts with an empty file.",
  NOT_A_STORE: "Check the path. An encrypted file of realm-js looks like this: Holdfast does not read those. If this was a realm of ours, 'Realm.salvage' brings out what can be read; a backup is better.",
  OBJECT_EXISTS: "Give 'create' an update mode ('modified' or 'all'), or another primary key.",
  OBJECT_INVALID: "It was deleted, or its realm was closed: ask isValid() first, or fetch it again.",
  REALM_CLOSED: "Open the realm again, and fetch objects and collections from the new instance.",
  SCHEMA_VERSION_LOW: "The file was opened by a newer version of the application: use a 'schemaVersion' that is not lower.",
  TRANSACTION_MISSING: "Make the change inside realm.write(() => ...).",
  TRANSACTION_OPEN: "Do the work in the transaction that is open, or wait for it; 'realm.isInTransaction' tells.",
};

/** An error with a stable `code`. */
export class RealmError extends Error {
  override name = "RealmError";
  readonly code: string;
  /** What to do, for the errors that applications meet most. */
  declare readonly hint?: string;
  constructor(code: RealmErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    const hint = HINTS[code];
    if (hint !== undefined) this.hint = hint;
  }
}

/** A check that failed because of how the API was used. */
export class AssertionError extends Error {
  override name = "AssertionError";
  readonly code: string;
  constructor(message = "Assertion failed", code: RealmErrorCode = "ARGUMENT_INVALID") {
    super(message);
    this.code = code;
  }
}

/** A value of another type than the one that was asked for. */
export class TypeAssertionError extends AssertionError {
  override name = "TypeAssertionError";
  readonly #expected: string;
  readonly #value: unknown;
  constructor(expected: string, value: unknown, target?: string) {
    super(typeMessage(expected, value, target), "TYPE_MISMATCH");
    this.#expected = expected;
    this.#value = value;
  }
  /** Words the message for a field of a configuration. */
  onConfiguration(): this {
    this.message = this.message.replace(/^Expected '([^']*)' to be/, "Expected '$1' on realm configuration to be");
    return this;
  }
  /** Says what was found in other words. */
  insteadOf(found: string): this {
    this.message = this.message.replace(/got .*$/, `got ${found}`);
    return this;
  }
  /** Names the value that was checked, once the caller knows the name. */
  rename(target: string): this {
    this.message = typeMessage(this.#expected, this.#value, target);
    return this;
  }
}

/** A schema that cannot be used. */
export class SchemaParseError extends Error {
  override name = "SchemaParseError";
  readonly code: string = "SCHEMA_INVALID";
}

/** An object schema that cannot be used. */
export class ObjectSchemaParseError extends SchemaParseError {
  override name = "ObjectSchemaParseError";
  readonly objectName: string;
  constructor(message: string, objectName: string) {
    super(message);
    this.objectName = objectName;
  }
}

/** A property of an object schema that cannot be used. */
export class PropertySchemaParseError extends SchemaParseError {
  override name = "PropertySchemaParseError";
  readonly objectName: string;
  readonly propertyName: string;
  constructor(message: string, objectName: string, propertyName: string) {
    super(`Invalid type declaration for property '${propertyName}' on '${objectName}': ${message}`);
    this.objectName = objectName;
    this.propertyName = propertyName;
  }
}

/** What stands in the file is no schema, object or key of ours, though the engine found it whole. Names no value. */
export function dataDamaged(what: string, options?: ErrorOptions): RealmError {
  return new RealmError("DATA_DAMAGED", `The file holds ${what}: it was written by something else or changed. Verify it and restore a backup.`, options);
}

/** Builds a `RangeError` with a code. */
export function rangeError(message: string): RangeError & { readonly code: string } {
  return Object.assign(new RangeError(message), { code: "VALUE_OUT_OF_RANGE" });
}

/** Builds a `TypeError` with a code. */
export function typeError(code: RealmErrorCode, message: string): TypeError & { readonly code: string } {
  return Object.assign(new TypeError(message), { code });
}

/** Builds the error for a part of Realm's API that is not there yet. */
export function notYet(feature: string): RealmError {
  return new RealmError("NOT_YET", `${feature}: not yet supported by Holdfast. The package's README lists what is missing.`);
}

/** Throws unless the condition holds. */
export function assert(condition: unknown, message: string, code?: RealmErrorCode): asserts condition {
  if (!condition) throw new AssertionError(message, code);
}

/** What a value is, in Realm's words: "a string", "null", "an instance of Foo". */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return value.name ? `a function or class named ${value.name}` : "a function";
  if (typeof value !== "object") return Number.isNaN(value) ? "NaN" : `a ${typeof value}`;
  const name = (value as object).constructor?.name;
  return name === undefined || name === "Object" || name === "" ? "an object" : `an instance of ${name}`;
}

function typeMessage(expected: string, value: unknown, target?: string): string {
  return `Expected ${target === undefined ? "value" : `'${target}'`} to be ${expected}, got ${describeType(value)}`;
}
