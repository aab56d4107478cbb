import { afterAll, beforeAll, describe, expect, it } from "vitest";
import Realm from "../../src/index.ts";

const PLACES: readonly (readonly [name: string, longitude: number, latitude: number])[] = [
  ["Berlin", 13.405, 52.52], ["Copenhagen", 12.568, 55.676], ["Munich", 11.576, 48.137], ["New York", -74.006, 40.713],
  ["Paris", 2.352, 48.857], ["Pole", 0, 90], ["Quito", -78.467, -0.181], ["Suva", 178.442, -18.141], ["Sydney", 151.209, -33.868],
];

let realm: Realm;

beforeAll(() => {
  realm = new Realm({
    path: "geo.realm",
    inMemory: true,
    schema: [
      { name: "Place", primaryKey: "name", properties: { name: "string", at: "Point", seen: "Point[]" } },
      { name: "Point", embedded: true, properties: { type: "string", coordinates: "double[]" } },
      { name: "Trip", primaryKey: "id", properties: { id: "int", places: "Place[]" } },
    ],
  });
  realm.write(() => {
    for (const [name, ...coordinates] of PLACES) realm.create("Place", { name, at: { type: "Point", coordinates }, seen: [{ type: "point", coordinates: [...coordinates, 12] }] });
    realm.create("Place", { name: "no altitude", at: null });
    realm.create("Place", { name: "not a point", at: { type: "Polygon", coordinates: [13, 52] } });
    realm.create("Place", { name: "one number", at: { type: "Point", coordinates: [13] } });
    for (const [id, names] of [["Berlin", "Sydney"], ["Quito"], []].entries()) realm.create("Trip", { id, places: names.map((name) => realm.objectForPrimaryKey("Place", name)) } as never);
  });
});

afterAll(() => {
  Realm.shutdown();
});

function find(text: string, ...args: unknown[]): string[] {
  return realm.objects<{ name: string }>("Place").filtered(text, ...args).map(({ name }) => name);
}

/** Kilometres on the ground as radians. */
const km = (distance: number): number => distance / 6371;

describe("circles", () => {
  it("hold what is near, as the crow flies over the globe", () => {
    expect(find("at GEOWITHIN geoCircle([13.4, 52.5], $0)", km(400))).toEqual(["Berlin", "Copenhagen"]);
    expect(find("at GEOWITHIN $0", { center: [13.4, 52.5], distance: km(600) })).toEqual(["Berlin", "Copenhagen", "Munich"]);
    expect(find("at GEOWITHIN $0", { center: { latitude: 89.9, longitude: 100 }, distance: km(50) })).toEqual(["Pole"]);
    expect(find("at GEOWITHIN $0", { center: { type: "Point", coordinates: [-178, -17] }, distance: km(500) })).toEqual(["Suva"]);
    expect(find("at GEOWITHIN geoCircle([2.352, 48.857], 0)")).toEqual(["Paris"]);
    expect(find("at GEOWITHIN geoCircle([0, 0], 3.2)")).toHaveLength(PLACES.length);
  });
});

describe("boxes and polygons", () => {
  it("a box is what its corners span", () => {
    expect(find("at GEOWITHIN geoBox([2.0, 48.0], [14.0, 53.0])")).toEqual(["Berlin", "Munich", "Paris"]);
    expect(find("at GEOWITHIN $0", { bottomLeft: [-80, -5], topRight: [-70, 45] })).toEqual(["New York", "Quito"]);
  });

  it("a polygon holds what is inside, whichever way its ring goes round", () => {
    const ring = [[0, 45], [15, 45], [15, 54], [0, 54], [0, 45]];
    const inside = ["Berlin", "Munich", "Paris"];
    expect(find("at GEOWITHIN geoPolygon({[0, 45], [15, 45], [15, 54], [0, 54], [0, 45]})")).toEqual(inside);
    expect(find("at GEOWITHIN $0", { outerRing: ring })).toEqual(inside);
    expect(find("at GEOWITHIN $0", { outerRing: ring.toReversed() })).toEqual(inside);
    expect(find("at GEOWITHIN $0", { type: "Polygon", coordinates: [ring] })).toEqual(inside);
  });

  it("what lies in a hole lies outside", () => {
    const hole = [[10, 47], [12, 47], [12, 49], [10, 49], [10, 47]];
    expect(find("at GEOWITHIN $0", { outerRing: [[0, 45], [15, 45], [15, 54], [0, 54], [0, 45]], holes: [hole] })).toEqual(["Berlin", "Paris"]);
    expect(find("at GEOWITHIN geoPolygon({[0, 45], [15, 45], [15, 54], [0, 54], [0, 45]}, {[10, 47], [12, 47], [12, 49], [10, 49], [10, 47]})")).toEqual(["Berlin", "Paris"]);
  });

  it("a polygon may lie across the date line", () => {
    expect(find("at GEOWITHIN geoPolygon({[175, -25], [-175, -25], [-175, -10], [175, -10], [175, -25]})")).toEqual(["Suva"]);
  });
});

describe("paths", () => {
  it("lists of points, points of linked objects, quantifiers and NOT", () => {
    const north = "geoBox([0.0, 45.0], [15.0, 54.0])";
    expect(find(`seen GEOWITHIN ${north}`)).toEqual(["Berlin", "Munich", "Paris"]);
    expect(find(`NOT at GEOWITHIN ${north} && at != NULL && at.type == 'Polygon'`)).toEqual(["not a point"]);
    const trips = (text: string): number[] => realm.objects<{ id: number }>("Trip").filtered(text).map(({ id }) => id);
    expect(trips(`places.at GEOWITHIN ${north}`)).toEqual([0]);
    expect(trips(`ALL places.at GEOWITHIN ${north}`)).toEqual([2]);
    expect(trips(`SUBQUERY(places, $p, $p.at GEOWITHIN ${north}).@count == 1`)).toEqual([0]);
  });
});

describe("what is no region or no point is refused", () => {
  it.each([
    ["at GEOWITHIN geoCircle([0, 0], -1)", "The Geospatial query argument region is invalid: 'The radius of a circle must be a non-negative number'"],
    ["at GEOWITHIN geoCircle([181, 0], 1)", "The Geospatial query argument region is invalid: 'Longitude/latitude is out of bounds, lng: 181 lat: 0'"],
    ["at GEOWITHIN geoPolygon({[0, 0], [1, 1], [0, 1]})", "The Geospatial query argument region is invalid: 'Ring is not closed, first vertex '[0, 0]' does not equal last vertex '[0, 1]''"],
    ["at GEOWITHIN geoPolygon({[0, 0], [1, 1], [0, 0]})", "The Geospatial query argument region is invalid: 'Ring 0 must have at least 3 different vertices, 2 unique vertices were provided'"],
    ["at GEOWITHIN geoPolygon({[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]})", "The Geospatial query argument region is invalid: 'Ring 0 is not valid: 'Edges 0 and 2 cross''"],
    ["at GEOWITHIN geoPolygon({[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]}, {[1, 1], [3, 1], [3, 1.5], [1, 1.5], [1, 1]})", "The Geospatial query argument region is invalid: 'Polygon isn't valid: 'Ring 0 crosses ring 1''"],
    ["at GEOWITHIN geoPolygon({[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]}, {[5, 5], [6, 5], [6, 6], [5, 5]})", "The Geospatial query argument region is invalid: 'Secondary ring 1 not contained by first exterior ring - secondary rings must be holes in the first ring'"],
    ["name GEOWITHIN geoCircle([0, 0], 1)", "The left hand side of 'geoWithin' must be a link to geoJSON formatted data. But the provided type is 'string'"],
    ["at GEOWITHIN $0", "The right hand side of 'geoWithin' must be a geospatial constant value, and the argument $0 is none"],
  ])("%s", (text, message) => {
    expect(() => find(text, { center: 1 })).toThrow(message);
  });

  it("a class of other objects than points is refused", () => {
    expect(() => realm.objects("Trip").filtered("places GEOWITHIN geoCircle([0, 0], 1)")).toThrow("Query 'places' links to data in the wrong format for a geoWithin query");
  });
});
