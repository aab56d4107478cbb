/**
 * GEOWITHIN: points on the sphere in boxes, circles and polygons.
 *
 * Edges are the shorter arcs of great circles, those of a box too. A ring around more than half of the globe means what is on its
 * other side, whichever way it goes round.
 *
 * @module
 */
import type { CheckedGeoWithin, CheckedPath, GeoPosition, GeoRegion } from "@holdfast/query";
import { geoArea, geoContains, geoDistance } from "d3-geo";
import type { GeoPermissibleObjects } from "d3-geo";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { compileOperand } from "./operands.ts";
import type { PredicateCompiler } from "./operands.ts";
import { quantifier } from "./quantified.ts";
import type { QuerySource } from "./query-source.ts";
import { fieldOf, withRow } from "./value-reader.ts";

const HALF_GLOBE = 2 * Math.PI;
const POINT = /^point$/i;

type PositionTest = (position: GeoPosition) => boolean;

/** The test over rows. */
export function compileGeoWithin(predicate: CheckedGeoWithin, source: QuerySource, compile: PredicateCompiler): (row: Row) => boolean {
  const { path, region } = predicate;
  const className = path.property.objectType ?? "";
  const table = source.table(className);
  const readType = fieldOf(source, className, "type").read;
  const readCoordinates = fieldOf(source, className, "coordinates").read;
  const isInside = regionTest(region);
  const test = (point: Row): boolean => {
    const coordinates = readCoordinates(point);
    if (!isPoint(readType(point), coordinates)) return false;
    return isInside([coordinates[0], coordinates[1]]);
  };
  if (isItself(path)) return test;
  const operand = compileOperand(path, source, compile);
  const testKey = (key: unknown): boolean => key !== null && withRow(table, key as Uint8Array, test);
  return operand.isMultiple ? quantifier(operand, () => testKey) : (row) => testKey(operand.read(row));
}

/** The variable of a subquery: the object is the point. */
function isItself({ steps }: CheckedPath): boolean {
  return steps.length === 0;
}

function isPoint(type: StoredValue, coordinates: StoredValue): coordinates is [number, number] {
  return typeof type === "string" && POINT.test(type) && Array.isArray(coordinates) && typeof coordinates[0] === "number" && typeof coordinates[1] === "number";
}

function regionTest(region: GeoRegion): PositionTest {
  switch (region.kind) {
    case "circle": {
      const { center, radius } = region;
      return (position) => geoDistance([...center], [...position]) <= radius;
    }
    case "box": {
      const { bottomLeft, topRight } = region;
      return ringTest([bottomLeft, [bottomLeft[0], topRight[1]], topRight, [topRight[0], bottomLeft[1]], bottomLeft]);
    }
    case "polygon": {
      const [outer, ...holes] = region.rings.map(ringTest);
      return (position) => outer?.(position) === true && !holes.some((isInHole) => isInHole(position));
    }
  }
}

function ringTest(ring: readonly GeoPosition[]): PositionTest {
  const polygon = polygonOf(ring);
  // The library takes the side on the right of the ring's way; here the smaller side is meant.
  const smaller = geoArea(polygon) > HALF_GLOBE ? polygonOf(ring.toReversed()) : polygon;
  return (position) => geoContains(smaller, [...position]);
}

function polygonOf(ring: readonly GeoPosition[]): GeoPermissibleObjects {
  return { type: "Polygon", coordinates: [ring.map((position) => [...position])] };
}
