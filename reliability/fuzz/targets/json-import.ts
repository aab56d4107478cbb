/**
 * JSON exports of a realm, read into an empty one: refused with a code and nothing added, or what an export of it says once more.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import type { Random } from "../fuzzer/random.ts";
import { codeOf } from "../fuzzer/failure.ts";
import { openOn, smallVolume } from "../images/memory-realm.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import type { JsonWords } from "./json-mutations.ts";
import { mutateJson } from "./json-mutations.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const SCHEMA: Realm.ObjectSchema[] = [
  {
    name: "Task", primaryKey: "id",
    properties: {
      id: "int", title: "string?", done: "bool", ratio: "float", weight: "double", price: "decimal128?", due: "date?", photo: "data?", oid: "objectId?", uid: "uuid?", any: "mixed", votes: "counter",
      tags: "string[]", numbers: "int<>", extras: "mixed{}", labels: "string?{}", next: "Task?", notes: "Note[]", place: "Place?", places: "Place[]",
    },
  },
  { name: "Note", properties: { text: "string", task: "Task?", tasks: { type: "linkingObjects", objectType: "Task", property: "notes" } } },
  { name: "Place", embedded: true, properties: { x: "double", inner: "Place?" } },
];

const TASK = {
  id: 1, title: "a", done: true, ratio: 0.5, weight: { $type: "double", value: "NaN" }, price: "1.5", due: "2026-01-01T00:00:00.000Z", photo: "AAE=", oid: "0123456789abcdef01234567", uid: "01234567-89ab-4def-8123-456789abcdef",
  any: { $type: "list", value: [1, "x", null] }, votes: 3, tags: ["a", "b"], numbers: [1, 2], extras: { a: 1 }, labels: { a: null }, next: { $link: "Task", $key: 2 }, notes: [{ $link: "Note", $id: 0 }], place: { x: 1, inner: { x: 2 } }, places: [{ x: 3 }],
};
const SEEDS = [
  { format: "holdfast-realm", formatVersion: 1, schemaVersion: 0, classes: [{ name: "Task", primaryKey: "id", properties: {}, objects: [TASK, { id: 2 }] }, { name: "Note", properties: {}, objects: [{ $id: 0, text: "n", task: { $link: "Task", $key: 1 } }] }] },
  { format: "holdfast-realm", formatVersion: 1, schemaVersion: 0, classes: [{ name: "Task", objects: [{ id: 1 }] }] },
  { format: "holdfast-realm", formatVersion: 1, schemaVersion: 0, classes: [] },
];
const WORDS: JsonWords = {
  names: ["format", "formatVersion", "classes", "name", "objects", "$id", "$link", "$key", "$type", "value", ...Object.keys(TASK), "text", "task", "tasks", "x", "inner", "__proto__", "constructor", "a.b", "$", ""],
  values: [
    null, true, 0, -1, 1, 2, 1e308, -0, 0.1, 2 ** 53, 2 ** 63, "", "a", "\ud800", "\0", "NaN", "Infinity", "-Infinity", "9223372036854775807", "9223372036854775808", "1e6145", "2026-01-01T00:00:00Z", "275761-01-01T00:00:00Z", "AAE", "=", "Task", "Note", "Place", "Nobody",
    [], {}, [null], { $link: "Task", $key: 1 }, { $link: "Task", $key: 99 }, { $link: "Note", $id: 0 }, { $link: "Place" }, { $link: "Nobody", $key: 1 },
    { $type: "int", value: "5" }, { $type: "double", value: "NaN" }, { $type: "list", value: [] }, { $type: "dictionary", value: {} }, { $type: "data", value: "AAE=" }, { $type: "date", value: "x" }, { $type: "uuid", value: 1 }, { $type: "nothing", value: 1 }, { id: 3 }, TASK,
  ],
};

/** The target. Input: JSON of an export; the first byte may be a space, then objects that are there are updated. */
export const target: FuzzTarget = {
  name: "json-import",
  what: "JSON exports read into a realm: refused with a code and nothing added, or kept: the next export reads back to the same",
  maxBytes: 8192,
  limits: { steps: 6_000_000, bytes: 96_000_000 },
  isText: true,
  dictionary: [...WORDS.names, ...WORDS.values.map((value) => JSON.stringify(value))].filter((word) => word !== ""),
  seeds: () => SEEDS.map((seed) => encoder.encode(JSON.stringify(seed))),
  mutate: (input, random: Random) => mutateJson(input, random, WORDS),
  run(input) {
    const text = decoder.decode(input);
    let json: Realm.RealmJson;
    try {
      json = JSON.parse(text) as Realm.RealmJson;
    } catch {
      return;
    }
    const exported = imported(json, text.startsWith(" "));
    if (exported === undefined) return;
    const again = imported(JSON.parse(exported) as Realm.RealmJson, false);
    if (again !== exported) throw new PromiseBroken("EXPORT_NOT_STABLE", `${exported.slice(0, 300)} became ${again?.slice(0, 300) ?? "an error"}`);
  },
};

/** The export of a new realm that the text was read into; undefined if it was refused. */
function imported(json: Realm.RealmJson, isUpdate: boolean): string | undefined {
  const realm = openOn(smallVolume(), { schema: SCHEMA });
  try {
    const code = codeOf(() => realm.importJson(json, isUpdate));
    if (code === undefined) return JSON.stringify(realm.exportJson());
    for (const name of ["Task", "Note"]) if (realm.objects(name).length > 0) throw new PromiseBroken("REFUSED_AND_ADDED", `${code}, and objects of ${name} are there`);
    return undefined;
  } finally {
    realm.close();
  }
}
