/**
 * How values travel between a page and a worker: as structured cloning carries them, and tagged where it would lose something.
 *
 * An array begins with a tag. A `Uint8Array` is an id or a decimal, told by its first byte; data is an `ArrayBuffer`.
 *
 * @module
 */

/** First elements of arrays. */
export const TAG = {
  /** Elements follow. */
  list: 0,
  /** Class, row key ("" for an embedded object), values by name. */
  object: 1,
  /** Class, row key. */
  reference: 2,
  /** Keys and values in turn: a dictionary, or a plain object. */
  entries: 3,
  /** Elements follow. */
  set: 4,
  /** Number of the operation of the same transaction that makes the object. */
  made: 5,
} as const;

/** First bytes of ids and decimals. A decimal follows as text. */
export const ID_TAG = { objectId: 1, uuid: 2, decimal128: 3 } as const;

/** A value on its way. */
export type Wire = undefined | null | boolean | number | bigint | string | Date | ArrayBuffer | Uint8Array | readonly unknown[];

/** An object of a class on its way: tag, class, row key, values. */
export type WireObject = readonly [tag: typeof TAG.object, type: string, key: string, values: Readonly<Record<string, Wire>>];

/** A `Uint8Array` of tag and bytes. */
export function tagged(tag: number, bytes: ArrayLike<number>): Uint8Array {
  const result = new Uint8Array(bytes.length + 1);
  result[0] = tag;
  result.set(bytes, 1);
  return result;
}

/** What an id or a decimal of the `bson` package, or one of ours, is on its way; undefined for everything else. */
export function wireOfId(value: object): Uint8Array | undefined {
  // A dictionary may have a key of that name.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  const candidate = value as { _bsontype?: string; id?: ArrayLike<number>; buffer?: Uint8Array; sub_type?: number };
  switch (candidate._bsontype) {
    case "ObjectId":
    case "ObjectID":
      return tagged(ID_TAG.objectId, candidate.id as ArrayLike<number>);
    case "Decimal128":
      return tagged(ID_TAG.decimal128, new TextEncoder().encode(String(value)));
    case "UUID":
    case "Binary": {
      const bytes = candidate.buffer;
      return bytes?.length === 16 ? tagged(ID_TAG.uuid, bytes) : undefined;
    }
    default:
      return undefined;
  }
}

/** The bytes of a view on their own. */
export function bufferOf(view: ArrayBufferView): ArrayBuffer {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer;
}

/** Deeper than this a value is taken for one that contains itself. */
export const MAX_DEPTH = 100;

/** Builds a plain object; a key may be any string. */
export function objectOf(entries: readonly unknown[], decode: (value: Wire) => unknown): Record<string, unknown> {
  const pairs: [string, unknown][] = [];
  for (let index = 1; index < entries.length; index += 2) pairs.push([entries[index] as string, decode(entries[index + 1] as Wire)]);
  return Object.fromEntries(pairs);
}
