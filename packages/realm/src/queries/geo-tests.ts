/**
 * GEOWITHIN: points on the sphere in boxes, circles and polygons.
 *
 * @module
 */
import type { CheckedGeoWithin } from "@holdfast/query";
import { QueryError } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import type { PredicateCompiler } from "./operands.ts";
import type { QuerySource } from "./query-source.ts";

/** The test over rows. */
export function compileGeoWithin(_predicate: CheckedGeoWithin, _source: QuerySource, _compile: PredicateCompiler): (row: Row) => boolean {
  throw new QueryError("QUERY_NOT_YET", "Not yet supported in queries: GEOWITHIN");
}
