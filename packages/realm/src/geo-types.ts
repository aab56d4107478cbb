/**
 * The forms that arguments of geospatial queries have.
 *
 * @module
 */

/** Longitude, latitude, and an altitude that is not used. */
export type GeoPosition = [longitude: number, latitude: number] | [longitude: number, latitude: number, altitude: number];

/** A point as GeoJSON has it. */
export interface CanonicalGeoPoint {
  coordinates: GeoPosition;
  type: "Point";
}

/** A point: GeoJSON's, an object that says what is what, or a position. */
export type GeoPoint = CanonicalGeoPoint | { longitude: number; latitude: number; altitude?: number } | GeoPosition;

/** All points up to a distance in radians from a centre. */
export interface GeoCircle {
  center: GeoPoint;
  distance: number;
}

/** All points between two corners. */
export interface GeoBox {
  bottomLeft: GeoPoint;
  topRight: GeoPoint;
}

/** A polygon as GeoJSON has it. */
export interface CanonicalGeoPolygon {
  coordinates: GeoPosition[][];
  type: "Polygon";
}

/** A polygon: GeoJSON's, or rings of points. A ring ends with the point that it begins with. */
export type GeoPolygon = CanonicalGeoPolygon | { outerRing: GeoPoint[]; holes?: GeoPoint[][] };
