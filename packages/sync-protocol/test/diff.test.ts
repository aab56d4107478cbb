/**
 * Differences: which operations a change becomes.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { completed, materialise, operationsBetween, type Intent, type IsGone, type Operation, type PlainObject, type PlainValue } from "../src/index.ts";
import { atTime, mergedValue, put, scene, TABLE } from "./support/scene.ts";
import { Replica } from "./support/replica.ts";
import { THINGS } from "./support/things.ts";

/** What a change becomes, without stamps. */
function acts(start: PlainObject, wanted: PlainObject, intents?: Readonly<Record<string, Intent>>): string[] {
  const { one } = scene(start);
  return one.become(wanted, intents).map(described);
}

function described({ path, do: action }: Operation): string {
  const place = path.map((step) => (typeof step === "string" ? (/^[0-9a-f.]{32,}$/.test(step) ? "#" : step) : `${step.at.length >= 32 ? "#" : step.at}:${step.box}`)).join("/");
  const value = "value" in action ? ` ${JSON.stringify(action.value)}` : "values" in action ? ` ${JSON.stringify(action.values)}` : "by" in action ? ` ${JSON.stringify(action.by)}` : "";
  return `${action.act} ${place}${value}${"fresh" in action ? " fresh" : ""}${"isDefault" in action ? " default" : ""}`;
}

describe("the operations of a change", () => {
  it.each<[string, PlainObject, PlainObject, string[]]>([
    ["nothing", { text: "x", list: [1, [2]], set: { $set: [1, 2] } }, { text: "x", list: [1, [2]], set: { $set: [2, 1] } }, []],
    ["a property", { text: "x" }, { text: "y" }, ['set text "y"']],
    ["null", { text: "x" }, { text: null }, ["set text null"]],
    ["a property that was never set, to what it reads as", {}, { text: null, list: [], part: null }, []],
    ["an append", { list: ["a"] }, { list: ["a", "b", "c"] }, ['insert list:list ["b","c"]']],
    ["a remove", { list: ["a", "b", "c"] }, { list: ["a", "c"] }, ["remove list:list"]],
    ["an assignment by index", { list: ["a", "b", "c"] }, { list: ["a", "x", "c"] }, ['set list:list/# "x"']],
    ["a move", { list: ["a", "b", "c", "d"] }, { list: ["d", "a", "b", "c"] }, ["move list:list"]],
    ["a link in place of another one", { links: [{ $link: ["Table", 1] }, { $link: ["Table", 2] }] }, { links: [{ $link: ["Table", 1] }, { $link: ["Table", 3] }] }, ["remove links:list", 'insert links:list [{"$link":["Table",3]}]']],
    ["an entry taken out, one put in", { dict: { $dict: { a: "1" } } }, { dict: { $dict: { b: "2" } } }, ["unset dict:dict/a", 'set dict:dict/b "2"']],
    ["values of a set", { set: { $set: [1, 2] } }, { set: { $set: [2, 3] } }, ["drop set:set 1", "add set:set 3"]],
    ["inside an embedded object", { part: { $object: { a: 1, b: 2, items: [] } } }, { part: { $object: { a: 1, b: 3, items: [7] } } }, ["set part:object/b 3", "insert part:object/items:list [7]"]],
    ["a new embedded object", {}, { part: { $object: { a: 1, b: null, items: [] } } }, ['set part {"$new":"object"}', "set part:object/a 1"]],
    ["containers in containers", { any: [{ $dict: { k: 1 } }] }, { any: [{ $dict: { k: [2] } }] }, ['set any:list/#:dict/k {"$new":"list"}', "insert any:list/#:dict/k:list [2]"]],
  ])("%s", (_name, start, wanted, expected) => {
    expect(acts(start, wanted)).toEqual(expected);
  });

  it("a delete, a create, and neither", () => {
    const { one } = scene({ text: "x" });
    expect(one.become(undefined).map(described)).toEqual(["delete "]);
    expect(one.become(undefined)).toEqual([]);
    expect(one.become({ text: "y" }).map(described)).toEqual(["create ", 'set text "y"']);
  });

  it("a counter is incremented, unless it is to be set", () => {
    const replica = new Replica({ number: 1 });
    replica.become({ hits: 5 });
    expect(replica.become({ hits: 8 }).map(described)).toEqual(["inc hits 3"]);
    expect(replica.become({ hits: 8 }, { hits: "set" }).map(described)).toEqual(["set hits 8"]);
    expect(replica.become({ hits: { $int: "9223372036854775807" } }).map(described)).toEqual(['inc hits {"$int":"9223372036854775799"}']);
    expect(replica.shown()?.["hits"]).toEqual({ $int: "9223372036854775807" });
  });

  it("intents: replaced, default", () => {
    expect(acts({ list: [1, 2] }, { list: [1, 2] }, { list: "replace" })).toEqual(["clear list:list", "insert list:list [1,2]"]);
    expect(acts({ part: { $object: { a: 1 } } }, { part: { $object: { a: 2 } } }, { part: "replace" })).toEqual(['set part {"$new":"object"} fresh', "set part:object/a 2"]);
    expect(acts({}, { text: "d" }, { text: "default" })).toEqual(['set text "d" default']);
    expect(acts({ part: { $object: { a: 1, items: [1] } } }, { part: { $object: { a: 1, items: [2] } } }, { "part.items": "replace" })).toEqual(["clear part:object/items:list", "insert part:object/items:list [2]"]);
  });

  it("a property that the class does not have, and one that is no such collection, are refused", () => {
    const { one } = scene({});
    expect(() => one.become({ other: 1 })).toThrow(expect.objectContaining({ code: "SCHEMA_INVALID" }) as Error);
    expect(() => one.become({ list: { $set: [] } })).toThrow(expect.objectContaining({ code: "VALUE_INVALID" }) as Error);
  });
});

describe("links to what is gone", () => {
  const isGone: IsGone = (_type, pk) => pk === 8;
  const link = (pk: number): PlainValue => ({ $link: ["Table", pk] });

  it("an edit by someone who does not see them leaves them where they are", () => {
    const { one } = scene({ links: [link(7), link(8), link(9)], link: link(8), any: { $dict: { k: link(8) } } });
    const wanted: PlainObject = { ...materialise(one.state, { isGone }), links: [link(9), link(7), link(5)] };
    expect(wanted["link"]).toBe(null);
    const operations = operationsBetween(one.state, wanted, { schema: TABLE, clock: one.clock, type: "Table", pk: 1, isGone });
    expect(operations.every(({ path }) => typeof path[0] !== "string" && path[0]?.at === "links")).toBe(true);
    one.receive(operations);
    expect(materialise(one.state, { isGone })?.["links"]).toEqual([link(9), link(7), link(5)]);
    expect(materialise(one.state)).toMatchObject({ link: link(8), any: { $dict: { k: link(8) } } });
    expect(one.shown()?.["links"]).toHaveLength(4);
  });
});

describe("what nobody wrote", () => {
  it("reads as the default, null, an empty collection or the type's zero, inside embedded objects too", () => {
    expect(completed({ part: { $object: { label: "x" } }, parts: [{ $object: {} }], shelf: { $dict: { k: { $object: { count: 2 } } } } }, THINGS, "Thing")).toEqual({
      hits: 0,
      title: null,
      any: null,
      tags: [],
      friends: [],
      numbers: { $set: [] },
      notes: { $dict: {} },
      part: { $object: { count: 0, label: "x", sizes: [], inner: null } },
      parts: [{ $object: { count: 0, label: null, sizes: [], inner: null } }],
      shelf: { $dict: { k: { $object: { count: 2, label: null, sizes: [], inner: null } } } },
    });
  });
});

describe("edits that two replicas make at once", () => {
  it("assignments to one index: one element, the later value", () => {
    const { one, two, all } = scene({ list: ["a", "b", "c"] });
    atTime(one, 300, put("list", ["a", "late", "c"]));
    atTime(two, 200, put("list", ["a", "early", "c"]));
    expect(mergedValue({ all }, "list")).toEqual(["a", "late", "c"]);
  });

  it("an assignment and a remove: it is gone", () => {
    const { one, two, all } = scene({ list: ["a", "b", "c"] });
    atTime(one, 300, put("list", ["a", "late", "c"]));
    atTime(two, 200, put("list", ["a", "c"]));
    expect(mergedValue({ all }, "list")).toEqual(["a", "c"]);
  });

  it("changes in two elements that are embedded objects, one of which moves", () => {
    const part = (a: number): PlainValue => ({ $object: { count: a, label: null, sizes: [], inner: null } });
    const [one, two] = [new Replica({ number: 1 }), new Replica({ number: 2 })];
    one.become({ parts: [part(1), part(2), part(3)] });
    two.receive(one.written);
    const ofTwo = two.become({ parts: [part(1), part(2), part(9)] });
    one.become({ parts: [part(3), part(1), part(2)] });
    one.receive(ofTwo);
    expect(one.shown()?.["parts"]).toEqual([part(9), part(1), part(2)]);
  });
});
