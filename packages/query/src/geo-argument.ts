/**
 * Reads regions that applications pass as arguments: Realm's three shapes and GeoJSON polygons.
 *
 * @module
 */
import type { GeoPosition, GeoRegion } from "./geo-region.ts";

/** The region that an argument is; undefined if it is none. */
export function readGeoArgument(argument: unknown): GeoRegion | undefined {
  if (typeof argument !== "object" || argument === null) return undefined;
  const shape = argument as Readonly<Record<string, unknown>>;
  if ("center" in shape && typeof shape["distance"] === "number") {
    const center = readPosition(shape["center"]);
    return center === undefined ? undefined : { kind: "circle", center, radius: shape["distance"] };
  }
  if ("bottomLeft" in shape && "topRight" in shape) {
    const bottomLeft = readPosition(shape["bottomLeft"]);
    const topRight = readPosition(shape["topRight"]);
    return bottomLeft === undefined || topRight === undefined ? undefined : { kind: "box", bottomLeft, topRight };
  }
  if ("outerRing" in shape) return polygonOf([shape["outerRing"], ...listOf(shape["holes"] ?? [])]);
  if (shape["type"] === "Polygon" && Array.isArray(shape["coordinates"])) return polygonOf(listOf(shape["coordinates"]));
  return undefined;
}

function polygonOf(rings: readonly unknown[]): GeoRegion | undefined {
  const read = rings.map((ring) => listOf(ring).map(readPosition));
  if (read.some((ring) => ring.includes(undefined))) return undefined;
  return { kind: "polygon", rings: read as GeoPosition[][] };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [undefined];
}

/** `[longitude, latitude]`, `{ longitude, latitude }`, or a GeoJSON point. */
function readPosition(point: unknown): GeoPosition | undefined {
  if (typeof point !== "object" || point === null) return undefined;
  const shape = point as { readonly longitude?: unknown; readonly latitude?: unknown; readonly coordinates?: unknown };
  const pair = Array.isArray(point) ? (point as unknown[])
    : shape.coordinates === undefined ? [shape.longitude, shape.latitude]
    : Array.from(shape.coordinates as Iterable<unknown>);
  const [longitude, latitude] = pair;
  return typeof longitude === "number" && typeof latitude === "number" ? [longitude, latitude] : undefined;
}
