import { inspect } from "node:util";
import { expect, it } from "vitest";
import Realm, { BSON } from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

class Task extends Realm.Object<Task> {
  declare _id: number;
  declare title: string;
  declare done: boolean;
  declare tags: Realm.List<string>;
  declare owner: Person | null;
  get shout(): string {
    return this.title.toUpperCase();
  }
  static schema: Realm.ObjectSchema = {
    name: "Task",
    primaryKey: "_id",
    properties: { _id: "int", title: "string", done: { type: "bool", default: false }, tags: "string[]", owner: "Person?", steps: "Step[]" },
  };
}
class Person extends Realm.Object<Person> {
  declare name: string;
  declare age: number;
  declare tasks: Realm.Results<Task>;
  static schema: Realm.ObjectSchema = {
    name: "Person",
    properties: { name: "string", age: { type: "int", indexed: true, default: 0 }, friends: "Person[]", tasks: { type: "linkingObjects", objectType: "Task", property: "owner" } },
  };
}
const Step: Realm.ObjectSchema = { name: "Step", embedded: true, properties: { text: "string" } };

forEachMode((mode) => {
  const open = () => new Realm(mode.config({ schema: [Task, Person, Step] }));

  it("an object that was created is there after closing and opening again", () => {
    const realm = open();
    const made = realm.write(() => realm.create(Task, { _id: 1, title: "first", tags: ["a", "b"] }));
    expect(made).toBeInstanceOf(Task);
    expect(made.shout).toBe("FIRST");
    realm.close();
    expect(() => made.title).toThrow("Accessing object which has been invalidated or deleted");
    const again = open();
    const task = again.objectForPrimaryKey(Task, 1)!;
    expect({ ...task.toJSON() }).toEqual({ _id: 1, title: "first", done: false, tags: ["a", "b"], owner: null, steps: [] });
    expect(again.objectForPrimaryKey("Task", 2)).toBe(null);
  });

  it("properties look like own properties", () => {
    const realm = open();
    const task = realm.write(() => realm.create(Task, { _id: 1, title: "t" }));
    expect(Object.keys(task)).toEqual(["_id", "title", "done", "tags", "owner", "steps"]);
    expect("title" in task).toBe(true);
    expect({ ...task }).toMatchObject({ _id: 1, title: "t", done: false });
    expect(task.keys()).toEqual(Object.keys(task));
    expect(task).toBeInstanceOf(Realm.Object);
    expect(task.objectSchema().name).toBe("Task");
  });

  it("inspecting an object that links to itself ends", () => {
    const realm = open();
    const person = realm.write(() => {
      const ann = realm.create(Person, { name: "Ann" }) as Person & { friends: Realm.List };
      ann.friends.push(ann);
      return ann;
    });
    expect(inspect(person)).toBe("Person { name: 'Ann', age: 0, friends: [ '[Person]' ] }");
  });

  it("objects are live: a change is seen by every accessor and by results", () => {
    const realm = open();
    const task = realm.write(() => realm.create(Task, { _id: 1, title: "t" }));
    const other = realm.objectForPrimaryKey(Task, 1)!;
    const open_ = realm.objects(Task).filtered("done == false");
    expect(open_.length).toBe(1);
    realm.write(() => {
      task.done = true;
      task.title = "new";
    });
    expect(other.title).toBe("new");
    expect(open_.length).toBe(0);
    expect(() => { task.done = false; }).toThrow("Cannot modify managed objects outside of a write transaction.");
  });

  it("an exception in a write takes everything back", () => {
    const realm = open();
    expect(() => realm.write(() => { realm.create(Task, { _id: 1, title: "t" }); throw new Error("no"); })).toThrow("no");
    expect(realm.objects(Task).length).toBe(0);
    expect(() => realm.write(() => realm.write(() => 1))).toThrow("The Realm is already in a write transaction");
    expect(() => realm.commitTransaction()).toThrow("Can't commit a non-existing write transaction");
  });

  it("update modes create, refuse and change", () => {
    const realm = open();
    realm.write(() => realm.create("Task", { _id: 1, title: "t", tags: ["x"] }));
    expect(() => realm.write(() => realm.create("Task", { _id: 1, title: "u" }))).toThrow("Attempting to create an object of type 'Task' with an existing primary key value '1'.");
    realm.write(() => realm.create("Task", { _id: 1, title: "u" }, "modified"));
    realm.write(() => realm.create("Task", { _id: 2, title: "v", owner: { name: "Ann" } }, true));
    expect(realm.objects<Task>("Task").map((task) => [task.title, [...task.tags], task.owner?.name])).toEqual([["u", ["x"], undefined], ["v", [], "Ann"]]);
    expect(() => realm.write(() => realm.create("Task", { _id: 3, title: "v" }, "some" as never))).toThrow("Unsupported 'updateMode'");
    expect(() => realm.write(() => realm.create("Task", { _id: 3 }))).toThrow("Missing value for property 'Task.title'");
    expect(() => realm.write(() => realm.create("Task", { _id: 3, title: 5 }))).toThrow("Expected 'title' to be a string, got a number");
    expect(() => realm.write(() => realm.create("Task", { _id: 1.5, title: "x" }))).toThrow(RangeError);
  });

  it("a deleted target reads as null, leaves lists, and takes its embedded objects along", () => {
    const realm = open();
    realm.write(() => {
      const ann = realm.create(Person, { name: "Ann" });
      const bob = realm.create(Person, { name: "Bob", friends: [ann, ann] });
      realm.create(Task, { _id: 1, title: "t", owner: ann, steps: [{ text: "one" }, { text: "two" }] });
      expect(ann.tasks.length).toBe(1);
      expect(ann.linkingObjectsCount()).toBe(2);
      expect((bob as unknown as { friends: Realm.List }).friends.length).toBe(2);
    });
    const task = realm.objectForPrimaryKey(Task, 1)! as Task & { steps: Realm.List<{ text: string }> };
    expect(task.steps.map((step) => step.text)).toEqual(["one", "two"]);
    const ann = realm.objects(Person).filtered("name == 'Ann'")[0]!;
    realm.write(() => realm.delete(ann));
    expect(ann.isValid()).toBe(false);
    expect(task.owner).toBe(null);
    expect((realm.objects(Person)[0] as unknown as { friends: Realm.List }).friends.length).toBe(0);
    const [one] = task.steps;
    realm.write(() => realm.delete(task));
    expect(() => one!.text).toThrow("invalidated or deleted");
    expect(() => realm.objects("Step")).toThrow("You cannot query an embedded object.");
    realm.write(() => realm.deleteAll());
    expect(realm.isEmpty).toBe(true);
  });

  it("lists change like arrays, in transactions", () => {
    const realm = open();
    const { tags } = realm.write(() => realm.create(Task, { _id: 1, title: "t", tags: ["a"] }));
    expect(() => tags.push("b")).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      expect(tags.push("b", "c")).toBe(3);
      expect(tags.pop()).toBe("c");
      expect(tags.shift()).toBe("a");
      tags.unshift("x", "y");
      expect(tags.splice(1, 1, "z", "w")).toEqual(["y"]);
      tags.move(0, 2);
      tags.swap(0, 1);
      tags[0] = "first";
      expect(() => { tags[9] = "far"; }).toThrow(RangeError);
      expect(() => tags.push(5 as never)).toThrow("Expected 'tags[4]' to be a string, got a number");
      expect(() => tags.remove(77)).toThrow("Index cannot be greater than the size of the list.");
    });
    expect([...tags]).toEqual(["first", "z", "x", "b"]);
    expect(tags[1]).toBe("z");
    expect(tags[-1]).toBe(undefined);
    expect(tags.includes("x")).toBe(true);
    expect(Object.keys(tags)).toEqual(["0", "1", "2", "3"]);
    expect([...tags.sorted(true)]).toEqual(["z", "x", "first", "b"]);
  });

  it("results sort, filter, aggregate, snapshot and behave like arrays", () => {
    const realm = open();
    realm.write(() => [30, 10, 20].forEach((age, index) => realm.create(Person, { name: `p${index}`, age })));
    const people = realm.objects(Person);
    expect(people.sorted("age").map((person) => person.age)).toEqual([10, 20, 30]);
    expect(people.sorted("age", true)[0]!.age).toBe(30);
    expect([people.min("age"), people.max("age"), people.sum("age"), people.avg("age")]).toEqual([10, 30, 60, 20]);
    const frozen = people.snapshot();
    const old = people.filtered("age > $0", 15);
    realm.write(() => realm.delete(people.filtered("age == 30")));
    expect([frozen.length, frozen[0], people.length, old.length]).toEqual([3, null, 2, 1]);
    realm.write(() => { for (const person of people) realm.create(Person, { name: "copy", age: person.age }); });
    expect(people.length).toBe(4);
    expect(people.indexOf(people[2]!)).toBe(2);
    expect(() => { (people as unknown as unknown[])[0] = 1; }).toThrow("Modifying a Results collection is not supported");
    realm.write(() => people.update("age", 7));
    expect(people.filtered("age == 7").length).toBe(4);
  });

  it("every primitive type comes back as it went in", () => {
    const types = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed"];
    const values: Record<string, unknown> = {
      bool: true, int: 42, float: 1.5, double: Math.PI, string: "naïve 😀\0", data: new Uint8Array([1, 2, 3]).buffer, date: new Date(1234567890123),
      decimal128: BSON.Decimal128.fromString("12.50"), objectId: new BSON.ObjectId(), uuid: new BSON.UUID(), mixed: "anything",
    };
    const properties = Object.fromEntries(types.flatMap((type) => [[type, type], [`${type}Null`, `${type}?`], [`${type}List`, `${type}[]`]]));
    const realm = new Realm(mode.config({ schema: [{ name: "All", properties }] }));
    const input = Object.fromEntries(types.flatMap((type) => [[type, values[type]], [`${type}List`, [values[type], values[type]]]]));
    const object = realm.write(() => realm.create("All", input)) as Record<string, unknown>;
    for (const type of types) {
      const text = (value: unknown) => (value instanceof ArrayBuffer ? new Uint8Array(value).join() : JSON.stringify(value));
      expect([type, text(object[type])]).toEqual([type, text(values[type])]);
      expect(object[`${type}Null`]).toBe(null);
      expect([...(object[`${type}List`] as Iterable<unknown>)].map(text)).toEqual([text(values[type]), text(values[type])]);
    }
  });

  it("plain values that contain themselves, and defaults that create their own class without end, are ARGUMENT_INVALID and leave nothing behind", () => {
    const Node: Realm.ObjectSchema = { name: "Node", properties: { depth: "int", next: "Node?" } };
    const Endless: Realm.ObjectSchema = { name: "Endless", properties: { again: { type: "Endless", default: {} } } };
    const realm = new Realm(mode.config({ schema: [Node, Endless] }));
    const chain = (length: number): object => Array.from({ length }).reduce<object>((next, _, depth) => ({ depth, next }), { depth: -1, next: null });
    const endless: Record<string, unknown> = { depth: 0 };
    endless["next"] = endless;
    for (const create of [() => realm.create("Node", endless), () => realm.create("Node", chain(401)), () => realm.create("Endless", {})]) {
      expect(() => realm.write(create)).toThrow(expect.objectContaining({ code: "ARGUMENT_INVALID" }) as Error);
    }
    expect([realm.objects("Node").length, realm.objects("Endless").length]).toEqual([0, 0]);
    realm.write(() => realm.create("Node", chain(400)));
    expect(realm.objects("Node").length).toBe(401);
  });
});
