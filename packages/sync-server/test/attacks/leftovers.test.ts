/**
 * What an object's merge state still has of a time when the object was out of a user's sight: what must not come along when it is back, and what does.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operationsBetween } from "@holdfast/sync-protocol";
import type { AckMessage, Operation, PlainObject, SyncSchema } from "@holdfast/sync-protocol";
import type { Rules } from "../../src/permissions/rules.ts";
import { objectName } from "../../src/store/store.ts";
import type { RawClient } from "../support/raw-client.ts";
import { Bench } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";

const SCHEMA: SyncSchema = {
  classes: [
    {
      name: "Task",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "owner", type: "string" }, { name: "any", type: "mixed", optional: true }, { name: "list", type: "mixed", optional: true, collection: "list" },
        { name: "dict", type: "mixed", optional: true, collection: "dict" }, { name: "part", type: "object", objectType: "Part", optional: true }, { name: "shelf", type: "object", objectType: "Part", optional: true, collection: "dict" },
        { name: "parts", type: "object", objectType: "Part", collection: "list" }, { name: "words", type: "string", collection: "set" }, { name: "tags", type: "string", collection: "list" }, { name: "count", type: "int", counter: true },
        { name: "text", type: "string", optional: true },
      ],
    },
    { name: "Part", embedded: true, properties: [{ name: "label", type: "string", optional: true }, { name: "any", type: "mixed", optional: true }] },
  ],
};
const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
const RULES: Rules = { classes: { Task: [{ name: "admin", applyWhen: "%%user.custom_data.isAdmin == true", read: true, insert: true, update: true, delete: true }, { name: "owner", read: "owner == %%user.id", update: "owner == %%user.id" }] } };
const MARKER = "the-hidden-marker";
const part = (label: string): PlainObject[string] => ({ $object: { label, any: [label] } });

/** What stands in an object while it is out of sight, and what takes its place there. */
const CASES: readonly (readonly [string, PlainObject, PlainObject])[] = [
  ["a list in a mixed value, replaced by a text", { any: [MARKER] }, { any: "x" }],
  ["a list in a mixed value, replaced by a dictionary", { any: [MARKER, [MARKER]] }, { any: { $dict: { a: 1 } } }],
  ["a dictionary in a mixed value, replaced by a list", { any: { $dict: { [MARKER]: MARKER } } }, { any: [1] }],
  ["a list in a mixed value, taken away", { any: [MARKER] }, { any: null }],
  ["a list in a list, replaced by a number", { list: [[MARKER], 1] }, { list: [2, 1] }],
  ["a list in a list, removed", { list: [1, [MARKER]] }, { list: [1] }],
  ["a list in an entry, replaced by a number", { dict: { $dict: { a: [MARKER] } } }, { dict: { $dict: { a: 1 } } }],
  ["an entry with a list, taken out", { dict: { $dict: { a: [MARKER], b: 1 } } }, { dict: { $dict: { b: 1 } } }],
  ["an embedded object, taken away", { part: part(MARKER) }, { part: null }],
  ["a value in an embedded object, replaced", { part: part(MARKER) }, { part: { $object: { label: "x", any: "y" } } }],
  ["an entry with an embedded object, taken out", { shelf: { $dict: { a: part(MARKER) } } }, { shelf: { $dict: {} } }],
  ["an embedded object in a list, removed", { parts: [part(MARKER), part("x")] }, { parts: [part("x")] }],
  ["elements of a list, removed", { tags: [MARKER, "x", MARKER] }, { tags: ["x"] }],
  ["a text", { text: MARKER }, { text: "x" }],
];
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
  for (const name of ["root", "second", "third"]) bench.authenticator.customData.set(name, { isAdmin: true });
});
afterEach(() => bench.end());

function difference(client: RawClient, pk: string, wanted: PlainObject | undefined): readonly Operation[] {
  return operationsBetween(client.states.get(objectName("Task", pk)), wanted, { schema: SCHEMA, clock: client.pen.clock, type: "Task", pk });
}

/** Makes an object look like this, as a device would. */
function become(client: RawClient, pk: string, wanted: PlainObject): Promise<AckMessage> {
  return client.up(...difference(client, pk, wanted));
}

for (const kind of STORE_KINDS.filter(({ name }) => name === "sqlite" || name === "postgres")) {
  describe.skipIf(kind.missing !== undefined)(`what merge states keep on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function serve(): ReturnType<Bench["serve"]> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      return bench.serve(place, { rules: RULES, schema: SCHEMA });
    }

    async function connect(server: Awaited<ReturnType<typeof serve>>, user: string, previous?: RawClient): Promise<RawClient> {
      return bench.connect(server, user, { schema: SCHEMA, ...(previous === undefined ? {} : { previous }) });
    }

    it("what took the place of something while an object was out of view is all that comes along when it is back: live, in a bootstrap, and after a time away", async () => {
      const server = await serve();
      const [root, live, away] = await Promise.all([connect(server, "root"), connect(server, "ann"), connect(server, "ann")]);
      await root.subscribe(ALL);
      for (const [name] of CASES) await become(root, name, { owner: "ann" });
      await live.subscribe(ALL);
      await away.subscribe(ALL);
      await away.close();
      for (const [name, first, second] of CASES) {
        await become(root, name, { owner: "bob" });
        await become(root, name, first);
        await become(root, name, second);
        await become(root, name, { owner: "ann" });
      }
      await live.settle();
      const [again, anew] = [await connect(server, "ann", away), await connect(server, "ann")];
      await again.subscribe(ALL, { resume: again.resume });
      await anew.subscribe(ALL);
      for (const client of [live, again, anew]) {
        expect(client.objects()).toMatchObject(Object.fromEntries(CASES.map(([name, , second]) => [name, { owner: "ann", ...second }])));
        const rows = client.received.flatMap((message) => (message.msg === "boot" || message.msg === "down" ? (message.rows ?? []) : []));
        expect(rows.filter((row) => JSON.stringify(row).includes(MARKER)).map(({ pk }) => pk)).toEqual([]);
        expect(JSON.stringify(client.received)).not.toContain(MARKER);
      }
    });

    it("a container that shows again comes with all that is in it, to who came meanwhile, who was away, and who brought it back", async () => {
      const server = await serve();
      const [root, second, third] = await Promise.all([connect(server, "root"), connect(server, "second"), connect(server, "third")]);
      for (const client of [root, second, third]) await client.subscribe(ALL);
      await become(root, "a", { owner: "ann" });
      for (const client of [second, third]) await client.settle();
      // Written by one who has not heard of any of the others.
      third.pen.clock.nowMs = () => Date.now() + 20_000;
      const late = difference(third, "a", { any: ["third"] });
      await become(root, "a", { any: ["first"] });
      await second.settle();
      second.pen.clock.nowMs = () => Date.now() + 10_000;
      await become(second, "a", { any: 5 });
      const [live, away, unaware] = await Promise.all([connect(server, "ann"), connect(server, "ann"), connect(server, "second")]);
      for (const client of [live, away, unaware]) await client.subscribe(ALL);
      expect(JSON.stringify([live.received, unaware.received])).not.toContain("first");
      await away.close();
      await third.up(...late);
      for (const client of [live, root, second, third, unaware]) await client.settle();
      const again = await connect(server, "ann", away);
      await again.subscribe(ALL, { resume: again.resume });
      const { any } = root.objects()["a"] ?? {};
      expect(any).toEqual(["first", "third"]);
      for (const client of [live, again, second, third, unaware]) expect(client.objects()["a"]).toEqual(root.objects()["a"]);
      // And goes on from there.
      await become(unaware, "a", { any: ["first", "second", "third"] });
      for (const client of [live, again, root, third]) {
        await client.settle();
        expect(client.objects()["a"]?.["any"]).toEqual(["first", "second", "third"]);
      }
    });

    it("docs/threat-model.md, \"what the merge state of an object in view keeps\": that, and nothing else, comes along", async () => {
      const server = await serve();
      const [root, ann] = await Promise.all([connect(server, "root"), connect(server, "ann")]);
      await root.subscribe(ALL);
      await become(root, "a", { owner: "bob", words: { $set: ["dropped", "kept"] }, dict: { $dict: { "taken out": MARKER } }, tags: [MARKER], any: [MARKER], count: 1 });
      await become(root, "a", { words: { $set: ["kept"] }, dict: { $dict: {} }, tags: [], any: null });
      await root.up(root.pen.inc("a", "count", 4321), root.pen.inc("a", "count", -4320));
      await become(root, "a", { owner: "ann" });
      await ann.subscribe(ALL);
      const { f: fields = {} } = ann.states.get(objectName("Task", "a")) ?? {};
      const stamp = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
      expect(fields["words"]?.b).toEqual({ set: { e: { '"dropped"': { h: stamp, x: 1 }, '"kept"': { h: stamp } } } });
      expect(fields["dict"]?.b).toEqual({ dict: { f: { "taken out": { h: stamp } } } });
      expect(fields["tags"]?.b).toEqual({ list: { p: [{ i: stamp, r: stamp }] } });
      expect(fields["any"]).toEqual({ h: stamp, v: null, b: { list: { p: [] } } });
      expect(Object.values(fields["count"]?.n ?? {})).toEqual([1, 4321, -4320].slice(fields["count"]?.v === undefined ? 0 : 1));
      expect(ann.objects()["a"]).toMatchObject({ count: 2 });
      expect(JSON.stringify(ann.received)).not.toContain(MARKER);
    });
  });
}
