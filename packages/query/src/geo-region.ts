/**
 * Regions of the globe that GEOWITHIN knows, with degrees of longitude and latitude. Altitude is read and passed over.
 *
 * @module
 */

/** `[longitude, latitude]` in degrees. */
export type GeoPosition<Coordinate = number> = readonly [longitude: Coordinate, latitude: Coordinate];

/** A box, a circle with its radius in radians, or a polygon with holes. */
export type GeoRegion<Coordinate = number> =
  | { readonly kind: "box"; readonly bottomLeft: GeoPosition<Coordinate>; readonly topRight: GeoPosition<Coordinate> }
  | { readonly kind: "circle"; readonly center: GeoPosition<Coordinate>; readonly radius: Coordinate }
  /** The first ring is the outer one, the others are holes; each ends with the point that it begins with. */
  | { readonly kind: "polygon"; readonly rings: readonly (readonly GeoPosition<Coordinate>[])[] };
