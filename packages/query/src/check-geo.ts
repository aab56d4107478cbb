/**
 * Checks GEOWITHIN: that the left side leads to points, and that the region is one.
 *
 * @module
 */
import { argumentAt } from "./arguments.ts";
import { pathOf } from "./ast.ts";
import type { GeoRegionNode, GeoWithin } from "./ast.ts";
import { coordinateOf } from "./check-context.ts";
import type { Context } from "./check-context.ts";
import { checkPath } from "./check-path.ts";
import type { CheckedGeoWithin, CheckedPath } from "./checked.ts";
import { QueryError } from "./errors.ts";
import { readGeoArgument } from "./geo-argument.ts";
import type { GeoPosition, GeoRegion } from "./geo-region.ts";
import { validateRegion } from "./geo-validate.ts";
import { printPath } from "./print.ts";
import { typeName } from "./values.ts";

/** `path GEOWITHIN region`. */
export function checkGeoWithin({ path: source, region }: GeoWithin, context: Context): CheckedGeoWithin {
  const path = checkPath(source, context);
  if (path.type !== "object") {
    throw new QueryError("QUERY_TYPE_MISMATCH", `The left hand side of 'geoWithin' must be a link to geoJSON formatted data. But the provided type is '${typeName(path.type)}'`);
  }
  const checked = regionOf(region, context);
  validateRegion(checked);
  return { kind: "geoWithin", path, coordinates: coordinatesOf(path, printPath(source), context), region: checked };
}

/** A point is an object with `type`, a string, and `coordinates`, a list of doubles. */
function coordinatesOf(path: CheckedPath, text: string, context: Context): CheckedPath {
  const className = path.property.objectType ?? "";
  const target = context.schema.findClass(className);
  const type = target?.findProperty("type");
  const coordinates = target?.findProperty("coordinates");
  const isPoint = type?.type === "string" && type.collection === undefined && coordinates?.type === "double" && coordinates.collection === "list";
  if (!isPoint) throw new QueryError("QUERY_TYPE_MISMATCH", `Query '${text}' links to data in the wrong format for a geoWithin query`);
  const { variable: _, ...rest } = context;
  return checkPath(pathOf("coordinates"), { ...rest, className });
}

function regionOf(region: GeoRegionNode, context: Context): GeoRegion {
  const position = ([longitude, latitude]: GeoPosition<Parameters<typeof coordinateOf>[0]>): GeoPosition => [coordinateOf(longitude, context), coordinateOf(latitude, context)];
  switch (region.kind) {
    case "argument": {
      const read = readGeoArgument(argumentAt(context.args, region.index));
      if (read !== undefined) return read;
      throw new QueryError("QUERY_ARGUMENT_INVALID", `The right hand side of 'geoWithin' must be a geospatial constant value, and the argument $${String(region.index)} is none`);
    }
    case "box":
      return { kind: "box", bottomLeft: position(region.bottomLeft), topRight: position(region.topRight) };
    case "circle":
      return { kind: "circle", center: position(region.center), radius: coordinateOf(region.radius, context) };
    case "polygon":
      return { kind: "polygon", rings: region.rings.map((ring) => ring.map(position)) };
  }
}
