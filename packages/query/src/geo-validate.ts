/**
 * Refuses regions that are none: coordinates off the globe, rings that are open, too short, or cross themselves or each other.
 *
 * Edges are the shorter arcs of great circles.
 *
 * @module
 */
import { QueryError } from "./errors.ts";
import type { GeoPosition, GeoRegion } from "./geo-region.ts";

/** A point on the unit sphere. */
export type Vector = readonly [x: number, y: number, z: number];

const DEGREE = Math.PI / 180;

/** Throws unless the region is one. @throws {QueryError} `QUERY_ARGUMENT_INVALID` */
export function validateRegion(region: GeoRegion): void {
  switch (region.kind) {
    case "circle":
      requirePosition(region.center);
      if (!(region.radius >= 0)) throw invalid("The radius of a circle must be a non-negative number");
      return;
    case "box":
      requirePosition(region.bottomLeft);
      requirePosition(region.topRight);
      return;
    case "polygon":
      if (region.rings.length === 0) throw invalid("Polygon has no rings.");
      region.rings.forEach(requireRing);
      requireDisjoint(region.rings);
      requireHoles(region.rings);
  }
}

function requirePosition([longitude, latitude]: GeoPosition): void {
  if (Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90) return;
  throw invalid(`Longitude/latitude is out of bounds, lng: ${String(longitude)} lat: ${String(latitude)}`);
}

function requireRing(ring: readonly GeoPosition[], index: number): void {
  const [first] = ring;
  const last = ring.at(-1);
  if (first === undefined || last === undefined) throw invalid("Ring has no vertices");
  ring.forEach(requirePosition);
  if (!isSame(first, last)) {
    throw invalid(`Ring is not closed, first vertex '[${first.join(", ")}]' does not equal last vertex '[${last.join(", ")}]'`);
  }
  const vertices = ring.filter((vertex, at) => at < ring.length - 1 && !isSame(vertex, ring[at + 1] as GeoPosition));
  const distinct = new Set(vertices.map(String));
  if (vertices.length < 3) {
    throw invalid(`Ring ${String(index)} must have at least 3 different vertices, ${String(vertices.length)} unique vertices were provided`);
  }
  if (distinct.size < vertices.length) throw invalid(`Ring ${String(index)} is not valid: 'Duplicate vertices'`);
  const edges = edgesOf(ring);
  for (const [at, edge] of edges.entries()) {
    for (let other = at + 2; other < edges.length; other++) {
      // The last edge ends where the first begins.
      if (at === 0 && other === edges.length - 1) continue;
      if (crosses(edge, edges[other] as Edge)) throw invalid(`Ring ${String(index)} is not valid: 'Edges ${String(at)} and ${String(other)} cross'`);
    }
  }
}

function requireDisjoint(rings: readonly (readonly GeoPosition[])[]): void {
  const edges = rings.map(edgesOf);
  for (const [index, ring] of edges.entries()) {
    for (let other = index + 1; other < edges.length; other++) {
      const isCrossing = ring.some((edge) => (edges[other] as Edge[]).some((otherEdge) => crosses(edge, otherEdge)));
      if (isCrossing) throw invalid(`Polygon isn't valid: 'Ring ${String(index)} crosses ring ${String(other)}'`);
    }
  }
}

/** The rings do not cross: a hole that begins inside of the first ring is inside of it. */
function requireHoles([outer, ...holes]: readonly (readonly GeoPosition[])[]): void {
  for (const [index, [first]] of holes.entries()) {
    if (outer === undefined || first === undefined || isAround(outer, vectorOf(first))) continue;
    throw invalid(`Secondary ring ${String(index + 1)} not contained by first exterior ring - secondary rings must be holes in the first ring`);
  }
}

/** True if a ring goes round a point, seen from there: the angles to its vertices add up to a whole turn. */
function isAround(ring: readonly GeoPosition[], point: Vector): boolean {
  const vertices = ring.map(vectorOf);
  const middle = vertices.slice(1).reduce<Vector>((sum, vertex) => [sum[0] + vertex[0], sum[1] + vertex[1], sum[2] + vertex[2]], [0, 0, 0]);
  // A ring goes round the opposite point, too.
  if (dot(middle, point) < 0) return false;
  let turn = 0;
  for (const [at, vertex] of vertices.slice(1).entries()) {
    const from = cross(point, vertices[at] as Vector);
    const to = cross(point, vertex);
    turn += Math.atan2(dot(point, cross(from, to)), dot(from, to));
  }
  // A vertex of a hole may lie on the first ring: half a turn, or less.
  return Math.abs(turn) > Math.PI / 4;
}

type Edge = readonly [from: Vector, to: Vector];

function edgesOf(ring: readonly GeoPosition[]): Edge[] {
  const points = ring.filter((vertex, at) => at === 0 || !isSame(vertex, ring[at - 1] as GeoPosition)).map(vectorOf);
  return points.slice(1).map((to, at) => [points[at] as Vector, to]);
}

/** True if the two arcs have a point inside both in common. */
function crosses([a, b]: Edge, [c, d]: Edge): boolean {
  const sides = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (sides.includes(0)) return false;
  const [sideC, sideD, sideA, sideB] = sides as [number, number, number, number];
  if (sideC === sideD || sideA === sideB) return false;
  // The circles meet in two opposite points: on both arcs it has to be the same one.
  return sideC === sideB;
}

/** On which side of the great circle through two points a third one lies. */
function side(from: Vector, to: Vector, point: Vector): number {
  return Math.sign(dot(cross(from, to), point));
}

/** The point on the unit sphere. */
export function vectorOf([longitude, latitude]: GeoPosition): Vector {
  const cosine = Math.cos(latitude * DEGREE);
  return [cosine * Math.cos(longitude * DEGREE), cosine * Math.sin(longitude * DEGREE), Math.sin(latitude * DEGREE)];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function isSame(left: GeoPosition, right: GeoPosition): boolean {
  return left[0] === right[0] && left[1] === right[1];
}

function invalid(reason: string): QueryError {
  return new QueryError("QUERY_ARGUMENT_INVALID", `The Geospatial query argument region is invalid: '${reason}'`);
}
