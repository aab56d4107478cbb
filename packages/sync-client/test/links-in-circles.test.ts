/**
 * Links that lead back: an object that links to itself, and objects that link to each other, as they appear on a device.
 */
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { Configuration } from "@holdfast/realm";
import { settle, shown } from "./support/clients.ts";
import { Link } from "./support/link.ts";
import { forEachMode } from "./support/modes.ts";
import type { World } from "./support/modes.ts";
import { ReferenceServer } from "./support/reference-server.ts";

const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Node", primaryKey: "_id", properties: { _id: "string", next: "Node?", all: "Node[]", some: "Node<>", byName: "Node{}", any: "mixed", part: "Part?", from: { type: "linkingObjects", objectType: "Node", property: "next" } } },
  { name: "Part", embedded: true, properties: { whole: "Node?" } },
];

interface Node {
  _id: string;
  next: Node | null;
  all: Realm.List<Node>;
  some: Realm.Set<Node>;
  byName: Record<string, Node | null>;
  any: Node | null;
  part: { whole: Node | null } | null;
  from: Realm.Results<Node>;
}

afterEach(() => Realm.shutdown());

forEachMode((world) => {
  const initialSubscriptions = { update: (subscriptions: { add(query: object): unknown }, realm: Realm) => void subscriptions.add(realm.objects("Node")) };
  const open = (name: string, server: ReferenceServer): Promise<Realm> => Realm.open({ ...(world as World).config(name, new Link(server), { initialSubscriptions }), schema: SCHEMA } as Configuration);

  /** Gives an object links to another one, of every kind there is. */
  const link = (realm: Realm, from: string, to: string): void => {
    const [source, target] = [from, to].map((_id) => realm.create("Node", { _id } as never, "modified" as never) as unknown as Node) as [Node, Node];
    source.next = target;
    source.all.push(target, target);
    source.some.add(target);
    source.byName["k"] = target;
    source.any = target;
    source.part = { whole: target };
  };
  const linksOf = (realm: Realm, _id: string): unknown => {
    const { next, all, some, byName, any, part, from } = realm.objectForPrimaryKey<Node>("Node", _id) as unknown as Node;
    return [next?._id, all.map((node) => node._id), [...some].map((node) => node._id), byName["k"]?._id, any?._id, part?.whole?._id, from.map((node) => node._id)];
  };
  const full = (to: string, from: string): unknown => [to, [to, to], [to], to, to, to, [from]];

  it("an object that links to itself shows its links when it first appears, in a bootstrap and in a frame, and when it comes again", async () => {
    const server = new ReferenceServer();
    const a = await open("a", server);
    const b = await open("b", server);
    a.write(() => link(a, "x", "x"));
    await settle(a, b);
    expect(linksOf(b, "x")).toEqual(full("x", "x"));
    const c = await open("c", server);
    expect(linksOf(c, "x")).toEqual(full("x", "x"));
    a.write(() => a.delete(a.objectForPrimaryKey("Node", "x")));
    await settle(a, b);
    expect(b.objects("Node").length).toBe(0);
    a.write(() => link(a, "x", "x"));
    await settle(a, b, c);
    for (const realm of [b, c]) expect(linksOf(realm, "x")).toEqual(full("x", "x"));
    expect(shown(c)).toEqual(shown(a));
    // What is shown and what is kept agree: a write elsewhere in the object takes no link away from anybody.
    b.write(() => ((b.objectForPrimaryKey<Node>("Node", "x") as unknown as Node).any = null));
    await settle(b, a);
    expect(linksOf(a, "x")).toEqual(["x", ["x", "x"], ["x"], "x", undefined, "x", ["x"]]);
    expect(world.errors).toEqual([]);
  });

  it("two objects that link to each other show both links, in a bootstrap and in a frame", async () => {
    const server = new ReferenceServer();
    const a = await open("a", server);
    const b = await open("b", server);
    a.write(() => {
      link(a, "x", "y");
      link(a, "y", "x");
    });
    await settle(a, b);
    const c = await open("c", server);
    for (const realm of [b, c]) expect([linksOf(realm, "x"), linksOf(realm, "y")]).toEqual([full("y", "y"), full("x", "x")]);
    expect(world.errors).toEqual([]);
  });
});
