/**
 * The names that `@type` is compared with, and which types each of them means.
 *
 * @module
 */
import { QueryError } from "./errors.ts";

/** One bit for each type that a value can have. */
export const TYPE_BITS = {
  null: 1, int: 2, double: 4, float: 8, bool: 16, date: 32, string: 64, data: 128, uuid: 256, objectId: 512, decimal128: 1024,
  link: 2048, dictionary: 4096, list: 8192,
} as const;

const BITS_BY_NAME: ReadonlyMap<string, number> = new Map([
  ["null", TYPE_BITS.null],
  ...["int", "integer", "int16", "int32", "int64", "short", "long", "byte", "char"].map((name) => [name, TYPE_BITS.int] as const),
  ["bool", TYPE_BITS.bool], ["boolean", TYPE_BITS.bool],
  ["string", TYPE_BITS.string],
  ...["binary", "data", "bytearray", "byte[]", "bindata"].map((name) => [name, TYPE_BITS.data] as const),
  ...["date", "datetimeoffset", "timestamp"].map((name) => [name, TYPE_BITS.date] as const),
  ["float", TYPE_BITS.float],
  ["double", TYPE_BITS.double],
  ["decimal128", TYPE_BITS.decimal128], ["decimal", TYPE_BITS.decimal128],
  ["objectlink", TYPE_BITS.link], ["link", TYPE_BITS.link],
  ["objectid", TYPE_BITS.objectId],
  ["uuid", TYPE_BITS.uuid], ["guid", TYPE_BITS.uuid],
  ["numeric", TYPE_BITS.int + TYPE_BITS.double + TYPE_BITS.float + TYPE_BITS.decimal128],
  ["object", TYPE_BITS.dictionary], ["dictionary", TYPE_BITS.dictionary],
  ["array", TYPE_BITS.list], ["list", TYPE_BITS.list],
  ["collection", TYPE_BITS.list + TYPE_BITS.dictionary],
]);

/** The bits that a name stands for. @throws {QueryError} `QUERY_INVALID` for a name that there is not. */
export function typeBits(name: string): number {
  const bits = BITS_BY_NAME.get(name.toLowerCase());
  if (bits !== undefined) return bits;
  const names = [...BITS_BY_NAME.keys()].join(", ");
  throw new QueryError("QUERY_INVALID", `Unable to parse the type attribute string '${name}', supported case insensitive values are: [${names}]`);
}
