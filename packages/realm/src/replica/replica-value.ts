/**
 * Values of objects as replication reads and writes them: each says its own type, and nothing in them is live.
 *
 * null, boolean and string as themselves; a bigint is an int, a number a double or float; a `Date` a date; bytes data.
 *
 * @module
 */

/** A value of one of the types that JavaScript has no class for. */
export interface ReplicaBytes {
  readonly kind: "decimal128" | "objectId" | "uuid";
  /** As BSON has them. */
  readonly bytes: Uint8Array;
}

/** A link to an object with a primary key. */
export interface ReplicaLink {
  readonly kind: "link";
  readonly className: string;
  readonly key: ReplicaKey;
}

/** The elements of a list or set; a set's stand in no particular order. */
export interface ReplicaList {
  readonly kind: "list" | "set";
  readonly elements: readonly ReplicaValue[];
}

export interface ReplicaDictionary {
  readonly kind: "dictionary";
  readonly entries: ReadonlyMap<string, ReplicaValue>;
}

/** An embedded object. */
export interface ReplicaEmbedded {
  readonly kind: "embedded";
  readonly fields: ReplicaFields;
}

/** A primary key. */
export type ReplicaKey = null | string | bigint | ReplicaBytes;

/** Any value of a property. */
export type ReplicaValue = null | boolean | string | number | bigint | Date | Uint8Array | ReplicaBytes | ReplicaLink | ReplicaList | ReplicaDictionary | ReplicaEmbedded;

/** The values of an object by the properties' names in the file, its primary key among them. */
export type ReplicaFields = Readonly<Record<string, ReplicaValue>>;
