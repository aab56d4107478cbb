/**
 * Regions behind GEOWITHIN: `geoBox([0.1, 0.2], [1, 1])`, `geoCircle([0.5, 1], 0.1)`, `geoPolygon({[0, 0], …}, {hole})`.
 *
 * @module
 */
import type { ArgumentReference, GeoRegionNode } from "./ast.ts";
import type { GeoPosition } from "./geo-region.ts";
import { constantOf } from "./literals.ts";
import { countOf, current, expect, parseItems, take, unexpected } from "./parser-state.ts";
import type { ParserState } from "./parser-state.ts";

type Coordinate = number | ArgumentReference;

/** A region or the argument that holds one. */
export function parseGeoRegion(state: ParserState): GeoRegionNode {
  const token = current(state);
  if (token.kind === "argument") {
    state.index++;
    return { kind: "argument", index: countOf(token, 1) };
  }
  if (take(state, "GEOBOX")) {
    expect(state, "(");
    const bottomLeft = parsePosition(state);
    expect(state, ",");
    const topRight = parsePosition(state);
    expect(state, ")");
    return { kind: "box", bottomLeft, topRight };
  }
  if (take(state, "GEOCIRCLE")) {
    expect(state, "(");
    const center = parsePosition(state);
    expect(state, ",");
    const radius = parseCoordinate(state);
    expect(state, ")");
    return { kind: "circle", center, radius };
  }
  if (!take(state, "GEOPOLYGON")) throw unexpected(state);
  expect(state, "(");
  return { kind: "polygon", rings: parseItems(state, ")", parseRing) };
}

function parseRing(state: ParserState): GeoPosition<Coordinate>[] {
  expect(state, "{");
  return parseItems(state, "}", parsePosition);
}

function parsePosition(state: ParserState): GeoPosition<Coordinate> {
  expect(state, "[");
  const longitude = parseCoordinate(state);
  expect(state, ",");
  const latitude = parseCoordinate(state);
  // The altitude counts for nothing.
  if (take(state, ",")) parseCoordinate(state);
  expect(state, "]");
  return [longitude, latitude];
}

function parseCoordinate(state: ParserState): Coordinate {
  const token = current(state);
  const constant = constantOf(token);
  if (token.kind !== "argument" && constant?.type !== "int" && constant?.type !== "double") throw unexpected(state);
  state.index++;
  if (token.kind === "argument") return { kind: "argument", index: countOf(token, 1) };
  return Number((constant as { readonly value: number | bigint }).value);
}
