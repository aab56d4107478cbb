/**
 * Views that are found by their constants are those that asking all of them finds: on random filters, rows and changes.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import type { ObjectState, SyncSchema } from "@holdfast/sync-protocol";
import { equalityKeyOf } from "../src/filters/equality.ts";
import type { Scalar } from "../src/filters/filter.ts";
import { testValue } from "../src/filters/predicate.ts";
import type { MergedBatch } from "../src/merge/merge-batch.ts";
import type { Image } from "../src/merge/image.ts";
import { SILENT } from "../src/operations/log.ts";
import { Metrics } from "../src/operations/metrics.ts";
import { compileRules } from "../src/permissions/rules.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { ChangeBatch, deltaOf, downText, spansInView } from "../src/sessions/delta.ts";
import type { Delta } from "../src/sessions/delta.ts";
import { Feed } from "../src/sessions/feed.ts";
import { userRights } from "../src/sessions/user-rights.ts";
import { makeView } from "../src/sessions/view.ts";
import type { View } from "../src/sessions/view.ts";
import { ViewIndex } from "../src/sessions/view-index.ts";
import { objectName } from "../src/store/store.ts";
import type { ChangeEntry, Store } from "../src/store/store.ts";
import { seededRandom } from "./support/random.ts";

const SCHEMA: SyncSchema = {
  classes: [
    {
      name: "Thing",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "int" }, { name: "owner", type: "string", optional: true }, { name: "age", type: "int", optional: true }, { name: "weight", type: "double", optional: true },
        { name: "done", type: "bool" }, { name: "at", type: "date", optional: true }, { name: "price", type: "decimal128", optional: true }, { name: "uid", type: "uuid", optional: true },
        { name: "photo", type: "data", optional: true }, { name: "tags", type: "string", collection: "list" }, { name: "scores", type: "int", collection: "set", optional: true },
        { name: "secret", type: "string", optional: true },
      ],
    },
    { name: "Other", primaryKey: "_id", properties: [{ name: "_id", type: "int" }, { name: "owner", type: "string" }] },
  ],
};
const layout = new SchemaLayout(SCHEMA);
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 7);
const UUID = "0b0e1f2a-0000-4000-8000-00000000000a";

type Pick = <T>(from: readonly T[]) => T;

const USERS = ["ann", "Ann", "bob", "", "eve"];
const rules = compileRules(
  {
    classes: {
      Thing: [
        { name: "all", applyWhen: "%%user.custom_data.readsAll == true", read: true },
        { name: "team", applyWhen: "%%user.custom_data.level > 0", read: "owner IN %%user.custom_data.teams AND done == false", fields: { secret: { read: false } } },
        { name: "own", read: "owner == %%user.id OR ANY tags == %%user.id" },
      ],
      Other: [{ name: "own", read: "owner == %%user.id" }],
    },
  },
  layout,
);

function randomQuery(pick: Pick, depth: number): string {
  if (depth > 0 && pick([true, false])) {
    const inner = (): string => randomQuery(pick, depth - 1);
    return pick([() => `(${inner()} AND ${inner()})`, () => `(${inner()} OR ${inner()})`, () => `NOT (${inner()})`])();
  }
  const owner = (): string => pick(["'ann'", "'Ann'", "'bob'", "''", "null"]);
  const age = (): string => pick(["0", "1", "42", "2.5", "9007199254740993", "9007199254740992", "9007199254740992.0", "9223372036854775807", "inf", "null"]);
  const weight = (): string => pick(["0", "-0.0", "1.5", "42", "9007199254740993", "nan", "inf", "null"]);
  return pick([
    () => "TRUEPREDICATE", () => `owner ${pick(["==", "!=", "==[c]"])} ${owner()}`, () => `owner IN${pick(["", "[c]"])} {${owner()}, ${owner()}}`, () => `age ${pick(["==", "==", ">", "!="])} ${age()}`,
    () => `age IN {${age()}, ${age()}}`, () => `weight ${pick(["==", "==", "<"])} ${weight()}`, () => `done == ${pick(["true", "false"])}`, () => `at == ${pick(["1970-01-01@00:00:00", "null"])}`,
    () => `price == ${pick(["1.5", "1000", "null"])}`, () => `uid == ${pick([`uuid(${UUID})`, "null"])}`, () => `photo == ${pick(['B64"aGk="', "null"])}`, () => `${pick(["ANY", "ANY", "ALL", "NONE"])} tags == ${owner().replace("null", "'x'")}`,
    () => `ANY scores ${pick(["==", "!="])} ${age()}`, () => `ANY tags IN {'ann', 'x'}`, () => `tags.@count == ${pick(["0", "1"])}`,
  ])();
}

function randomImage(pick: Pick, id: number): Image {
  const owner = (): string => pick(["ann", "Ann", "bob", "", "x"]);
  const int = (): Image[string] => pick<Image[string]>([0, 1, 42, { $int: "9007199254740993" }, { $int: "9007199254740992" }, { $int: "9223372036854775807" }, null]);
  return {
    _id: id, owner: pick([owner(), null]), age: int(), weight: pick<Image[string]>([0.5, 1.5, { $double: "0" }, { $double: "-0" }, { $double: "42" }, { $double: "NaN" }, { $double: "9007199254740992" }, { $double: "Infinity" }, null]),
    done: pick([true, false]), at: pick<Image[string]>([{ $date: 0 }, { $date: 1 }, null]), price: pick<Image[string]>([{ $decimal: "1.50" }, { $decimal: "1.5" }, { $decimal: "1E+3" }, null]),
    uid: pick<Image[string]>([{ $uuid: UUID }, null]), photo: pick<Image[string]>([{ $data: "aGk=" }, null]), tags: Array.from({ length: pick([0, 1, 2]) }, owner), scores: { $set: pick([[], [0], [1, 42], [null, 0]]) },
  };
}

/** Versions of some transactions on a few objects, which are made, changed, deleted and made again. */
function randomEntries(pick: Pick, images: Map<number, Image>, version: number): ChangeEntry[] {
  return Array.from({ length: pick([1, 3, 8]) }, (_each, ordinal) => {
    const pk = pick([0, 1, 2, 3, 4, 5]);
    const before = images.get(pk);
    const after = before !== undefined && pick([0, 1, 2]) === 0 ? undefined : { ...(before ?? randomImage(pick, pk)), ...(pick([true, false]) ? randomImage(pick, pk) : { done: pick([true, false]) }) };
    if (after === undefined) images.delete(pk);
    else images.set(pk, after);
    const h = `${(version * 100 + ordinal).toString(16).padStart(16, "0")}${"0".repeat(16)}`;
    const type = "Thing";
    const ops = [after === undefined ? { type, pk, h, path: [], do: { act: "delete" as const } } : { type, pk, h, path: [pick(["done", "secret"])], do: { act: "set" as const, value: true } }];
    return { version, ordinal, client: pick(["c0", "c1", "c2", "c3", ""]), type, pk, ops, text: {}, before, after };
  });
}

function randomView(pick: Pick): View {
  const user = { userId: pick(USERS), customData: pick([{}, { readsAll: true }, { level: 1, teams: ["ann", "bob"] }, { level: 1, teams: "bob" }]), expiresAt: 0 };
  const queries = Array.from({ length: pick([1, 1, 2]) }, () => ({ type: "Thing", query: randomQuery(pick, 2) }));
  return makeView({ queries: pick([true, false]) ? queries : [...queries, { type: "Other", query: "TRUEPREDICATE" }], roles: userRights(rules, user).roles, layout });
}

describe(`the view index, seed ${String(SEED)}`, () => {
  const random = seededRandom(SEED);
  const pick: Pick = (from) => from[Math.floor(random() * from.length)]!;

  it("tells every listener exactly what asking every view tells it", () => {
    const feed = new Feed({} as Store, SILENT, new Metrics());
    const listeners = new Map<{ heard: Delta[]; receive(delta: Delta): void; lost(): void }, { view: View; client: string }>();
    const images = new Map<number, Image>();
    let told = 0;
    let rowsTold = 0;
    for (let version = 1; version <= 400; version++) {
      // Sessions come, change what they want, and go.
      for (let change = pick([0, 1, 2, 3]); change > 0; change--) {
        const heard: Delta[] = [];
        const listener = listeners.size > 30 || (listeners.size > 5 && pick([0, 1]) === 0) ? pick([...listeners.keys()]) : { heard, receive: (delta: Delta) => void heard.push(delta), lost: () => undefined };
        if (listeners.has(listener) && pick([0, 1]) === 0) {
          feed.leave(listener);
          listeners.delete(listener);
        } else {
          const following = { view: randomView(pick), client: pick(["c0", "c1", "c2", "c3", "c4"]) };
          feed.follow(listener, following);
          listeners.set(listener, following);
        }
      }
      const entries = randomEntries(pick, images, version);
      const objects = [...Map.groupBy(entries, ({ type, pk }) => objectName(type, pk)).values()].map((group) => ({ type: group[0]!.type, pk: group[0]!.pk, state: { c: `of version ${String(version)}` } as ObjectState }));
      feed.committed({ version, salt: "salt" }, { entries, objects } as unknown as MergedBatch);
      const batch = new ChangeBatch(entries, { version, salt: "salt" });
      const states = new Map(objects.map(({ type, pk, state }) => [objectName(type, pk), state]));
      for (const [listener, { view, client }] of listeners) {
        const expected = downText(deltaOf(batch, view, spansInView(batch, view), states), client, { resume: () => "token", cseq: () => 0 });
        const heard = listener.heard.splice(0);
        expect(heard.length).toBeLessThanOrEqual(1);
        const actual = heard[0] === undefined ? undefined : downText(heard[0], client, { resume: () => "token", cseq: () => 0 });
        expect(actual).toBe(expected);
        if (expected !== undefined) told++;
        if (expected?.includes('"rows"') === true) rowsTold++;
      }
    }
    // Neither silence nor noise alone would have shown anything.
    expect(told).toBeGreaterThan(300);
    expect(rowsTold).toBeGreaterThan(50);
    for (const listener of listeners.keys()) feed.leave(listener);
    expect(feed.viewCount).toBe(0);
  });

  it("asks of two thousand views only those that have the constant", () => {
    let asked = 0;
    const feed = new Feed({} as Store, SILENT, new Metrics());
    let heard = 0;
    for (let user = 0; user < 2000; user++) {
      const view = makeView({ queries: [{ type: "Thing", query: "done == false" }], roles: userRights(rules, { userId: `user ${String(user)}`, customData: {}, expiresAt: 0 }).roles, layout });
      const classes = new Map([...view.classes].map(([type, shown]) => [type, { ...shown, shows: (image: Image) => (asked++, shown.shows(image)) }]));
      feed.follow({ receive: () => void heard++, lost: () => undefined }, { view: { ...view, classes }, client: `client ${String(user)}` });
    }
    const image: Image = { ...randomImage(pick, 1), owner: "user 77", done: false, tags: ["user 78"] };
    const entry: ChangeEntry = { version: 1, ordinal: 0, client: "client 77", type: "Thing", pk: 1, ops: [], text: {}, before: undefined, after: image };
    feed.committed({ version: 1, salt: "" }, { entries: [entry], objects: [{ type: "Thing", pk: 1, state: {} }] } as unknown as MergedBatch);
    expect(heard).toBe(2);
    expect(asked).toBeLessThan(10);
  });

  it("a view that fails, or a listener, takes nothing from the others, and is told that it has lost something", () => {
    const feed = new Feed({} as Store, SILENT, new Metrics());
    const told: string[] = [];
    const follow = (name: string, user: string, receive: () => void = () => void told.push(name), change: (view: View) => View = (view) => view): void => {
      const view = makeView({ queries: [{ type: "Thing", query: "done == false" }], roles: userRights(rules, { userId: user, customData: {}, expiresAt: 0 }).roles, layout });
      feed.follow({ receive, lost: () => void told.push(`${name} lost`) }, { view: change(view), client: `client ${name}` });
    };
    const fails = (): never => {
      throw new Error("no");
    };
    follow("view", "user 1", undefined, (view) => ({ ...view, classes: Object.assign(new Map(view.classes), { get: fails }), digest: "fails" }));
    follow("filter", "user 1", undefined, (view) => ({ ...view, classes: new Map([...view.classes].map(([type, shown]) => [type, { ...shown, shows: fails }])), digest: "filter fails" }));
    follow("listener", "user 2", fails);
    follow("beside it", "user 2");
    follow("other", "user 3");
    const entriesOf = (version: number): ChangeEntry[] => ["1", "2", "3"].map((user, ordinal) => ({ version, ordinal, client: "another", type: "Thing", pk: ordinal + 1, ops: [], text: {}, before: undefined, after: { ...randomImage(pick, ordinal + 1), owner: `user ${user}`, done: false, tags: [] } }));
    for (const version of [1, 2]) feed.committed({ version, salt: "" }, { entries: entriesOf(version), objects: entriesOf(version).map(({ type, pk }) => ({ type, pk, state: {} })) } as unknown as MergedBatch);
    expect(feed.version).toBe(2);
    expect(told).toEqual(["filter lost", "view lost", "listener lost", "beside it", "other", "beside it", "other"]);
  });

  it("two values have one key exactly if they are equal to a filter", () => {
    const values: Readonly<Record<"int" | "double" | "string" | "bool", readonly Scalar[]>> = {
      int: [null, 0, -0, 0n, 1, 1n, 42.5, 2 ** 53, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2 ** 63, Number.POSITIVE_INFINITY, Number.NaN],
      double: [null, 0, -0, 1, 1.5, 2 ** 53, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      string: [null, "", "a", "A", "\u{1f600}", "0", "null"],
      bool: [null, true, false],
    };
    for (const type of ["int", "double", "string", "bool"] as const) {
      for (const left of values[type]) {
        for (const right of values[type]) {
          const isEqual = testValue(left, type, { kind: "relation", operator: "==", isFolded: false, term: { kind: "scalar", value: right } });
          expect(new Set([equalityKeyOf(left, type), equalityKeyOf(right, type)]).size, `${type} ${String(left)} ${String(right)}`).toBe(isEqual ? 1 : 2);
        }
      }
    }
    expect(equalityKeyOf("1.5", "decimal128")).toBe(undefined);
  });

  it("forgets a view that is taken out, and no other", () => {
    const index = new ViewIndex<number>();
    const images = Array.from({ length: 20 }, (_each, id) => randomImage(pick, id));
    const views = Array.from({ length: 200 }, () => randomView(pick));
    const found = (): Set<number> => {
      const owners = new Set<number>();
      for (const image of images) index.forEachShowing("Thing", image, (owner) => owners.add(owner));
      return owners;
    };
    for (const [owner, view] of views.entries()) index.add(owner, view);
    const all = found();
    expect(all.size).toBeGreaterThan(50);
    for (const owner of views.keys()) if (owner % 3 !== 0) index.remove(owner);
    expect([...found()].toSorted()).toEqual([...all].filter((owner) => owner % 3 === 0).toSorted());
    for (const owner of views.keys()) index.remove(owner);
    expect(found().size).toBe(0);
  });
});
