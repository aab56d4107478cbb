import { expect, it } from "vitest";
import Realm, { flags, UpdateMode } from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";

class Person extends Realm.Object<Person> {
  declare id: number;
  declare name: string;
  declare age: number;
  declare friend: Person | null;
  declare dogs: Realm.List<{ name: string }>;
  static schema: Realm.ObjectSchema = { name: "Person", primaryKey: "id", properties: { id: "int", name: { type: "string", default: "?" }, age: { type: "int", default: () => 7 }, friend: "Person?", dogs: "Dog[]" } };
}
class Stranger extends Realm.Object<Stranger> {
  static schema: Realm.ObjectSchema = { name: "Stranger", properties: {} };
}
const Dog: Realm.ObjectSchema = { name: "Dog", properties: { name: "string" } };
const Chip: Realm.ObjectSchema = { name: "Chip", embedded: true, properties: { code: "string" } };
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

forEachMode((mode) => {
  const open = () => new Realm(mode.config({ schema: [Person, Dog, Chip] }));

  it("[R-2.1] an instance says what it is, and its schema is canonical", () => {
    const realm = new Realm(mode.config({ schema: [Person, Dog, Chip, { name: "C", properties: { n: "counter?", l: { type: "linkingObjects", objectType: "C", property: "o" }, o: { type: "object", objectType: "C", mapTo: "other" } } }], schemaVersion: 3 }));
    expect([realm.path, realm.schemaVersion, realm.isEmpty, realm.isReadOnly, realm.isInMemory, realm.isInTransaction, realm.isInMigration, realm.isClosed]).toEqual([realm.path, 3, true, false, false, false, false, false]);
    const [person, , , c] = realm.schema;
    expect([person!.ctor, person!.primaryKey, person!.embedded, person!.asymmetric]).toEqual([Person, "id", false, false]);
    expect(person!.properties["dogs"]).toEqual({ name: "dogs", type: "list", objectType: "Dog", optional: false, indexed: false, mapTo: "dogs" });
    expect(person!.properties["id"]).toEqual({ name: "id", type: "int", optional: false, indexed: true, mapTo: "id" });
    expect(c!.properties).toEqual({
      n: { name: "n", type: "int", presentation: "counter", optional: true, indexed: false, mapTo: "n" },
      l: { name: "l", type: "linkingObjects", objectType: "C", property: "o", optional: false, indexed: false, mapTo: "l" },
      o: { name: "o", type: "object", objectType: "C", optional: true, indexed: false, mapTo: "other" },
    });
    realm.write(() => expect([realm.isInTransaction, realm.isEmpty]).toEqual([true, true]));
  });

  it("[R-2.2] [R-5.5] [R-6.13] after close everything that came from the realm says so", () => {
    const realm = open();
    const person = realm.write(() => realm.create(Person, { id: 1, dogs: [{ name: "Rex" }] }));
    const [people, dogs] = [realm.objects(Person), person.dogs];
    realm.close();
    realm.close();
    expect([realm.isClosed, person.isValid(), people.isValid(), dogs.isValid()]).toEqual([true, false, false, false]);
    for (const use of [() => realm.objects(Person), () => realm.write(() => 1), () => realm.create(Person, {}), () => realm.addListener("change", () => 1)]) expect(use).toThrow("Cannot access realm that has been closed");
    expect(() => person.name).toThrow("Accessing object which has been invalidated or deleted");
    expect(() => people.length).toThrow("Access to invalidated Results objects");
    expect(() => dogs.length).toThrow("List is no longer valid");
  });

  it("[R-2.3] [R-3.2] create takes a name or a class, makes nested objects, and wants a transaction", () => {
    const realm = open();
    expect(() => realm.create(Person, { id: 1 })).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      const person = realm.create(Person, { id: 1, friend: { id: 2, name: "Bob" } as never, dogs: [{ name: "Rex" }] });
      expect([person.friend!.name, person.dogs[0]!.name, person instanceof Person, person.friend instanceof Person]).toEqual(["Bob", "Rex", true, true]);
      expect(new Person(realm as never, { id: 3 }).isSameObject(realm.objectForPrimaryKey(Person, 3))).toBe(true);
      expect(realm.create("Dog", { name: "Ace" })).toBeInstanceOf(Realm.Object);
      expect(() => realm.create("Cat", {})).toThrow("Object type 'Cat' not found in schema.");
      expect(() => realm.create(Stranger, {})).toThrow("Constructor was not registered in the schema for this Realm");
      expect(() => realm.create("Dog", 5 as never)).toThrow("Expected 'values' to be an object, got a number");
      expect(() => realm.create("Chip", { code: "x" })).toThrow("Cannot create an object of embedded type 'Chip'");
    });
    expect(realm.objects(Person).length).toBe(3);
  });

  it("[R-2.4] update modes create, refuse, change, and reach nested objects", async () => {
    const realm = open();
    realm.write(() => realm.create(Person, { id: 1, name: "Ann", age: 30, friend: { id: 2, name: "Bob" } as never }));
    const again = (mode?: unknown) => () => realm.write(() => realm.create(Person, { id: 1, name: "Anna", friend: { id: 2, name: "Robert" } as never }, mode as never));
    expect(again()).toThrow("Attempting to create an object of type 'Person' with an existing primary key value '1'.");
    expect(again(UpdateMode.Never)).toThrow("existing primary key");
    expect(again("sometimes")).toThrow("Unsupported 'updateMode'. Only 'never', 'modified' or 'all' is supported.");
    again(UpdateMode.Modified)();
    expect(realm.objects(Person).map((person) => [person.name, person.age])).toEqual([["Anna", 30], ["Robert", 7]]);
    again(true)();
    const heard: unknown[] = [];
    realm.objectForPrimaryKey(Person, 1)!.addListener((_person, { changedProperties }) => heard.push(changedProperties));
    await turn();
    again("modified")();
    await turn();
    realm.write(() => realm.create(Person, { id: 1, age: 31, name: "Anna" }, UpdateMode.Modified));
    await turn();
    expect(heard).toEqual([[], ["age"]]);
  });

  it("[R-2.5] create takes an array of values when its flag is set", () => {
    const realm = open();
    expect(() => realm.write(() => realm.create("Dog", ["Rex"] as never))).toThrow("Expected 'values' to be an object, got an array");
    flags.ALLOW_VALUES_ARRAYS = true;
    const person = realm.write(() => realm.create(Person, [1, "Ann", 9, null, [["Rex"]]] as never));
    flags.ALLOW_VALUES_ARRAYS = false;
    expect([person.name, person.age, person.dogs[0]!.name]).toEqual(["Ann", 9, "Rex"]);
  });

  it("[R-2.6] [R-2.8] delete takes an object, an array, a list or a result; deleteAll takes everything", () => {
    const realm = open();
    const other = new Realm(mode.config({ path: mode.path("other.realm"), schema: [Dog] }));
    const stranger = other.write(() => other.create("Dog", { name: "x" }));
    const person = realm.write(() => realm.create(Person, { id: 1, dogs: ["a", "b", "c", "d"].map((name) => ({ name })) }));
    expect(() => realm.delete(person)).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      expect(() => realm.delete(stranger)).toThrow("Can't delete an object from another Realm");
      expect(() => realm.delete({})).toThrow("Expected 'subject' to be an instance of Realm.Object, got an object");
      realm.delete(person.dogs[0]);
      expect(person.dogs.length).toBe(3);
      realm.delete([person.dogs[0], person.dogs[1]]);
      realm.delete(person.dogs);
      expect(realm.objects("Dog").length).toBe(0);
      realm.create("Dog", { name: "z" });
      realm.delete(realm.objects("Dog"));
      realm.deleteAll();
    });
    expect([realm.isEmpty, person.isValid()]).toEqual([true, false]);
    expect(() => realm.deleteAll()).toThrow("Cannot modify managed objects outside of a write transaction.");
  });

  it("[R-2.9] [R-2.10] objects are found by key and by class", () => {
    const realm = open();
    realm.write(() => realm.create(Person, { id: 1 }));
    expect([realm.objectForPrimaryKey(Person, 1)!.age, realm.objectForPrimaryKey("Person", 2)]).toEqual([7, null]);
    expect(() => realm.objectForPrimaryKey("Dog", 1)).toThrow("Expected a primary key on 'Dog'");
    expect(() => realm.objectForPrimaryKey(Person, "1")).toThrow("Expected 'id' to be a number or bigint, got a string");
    expect(() => realm.objects("Cat")).toThrow("Object type 'Cat' not found in schema.");
    expect(() => realm.objects(Stranger)).toThrow("Constructor was not registered in the schema for this Realm");
    expect(() => realm.objects("Chip")).toThrow("You cannot query an embedded object.");
    expect(() => realm.objects(5 as never)).toThrow("Expected 'type' to be a string or a class, got a number");
  });

  it("[R-2.11] [R-2.12] transactions commit, roll back, and do not nest", async () => {
    const realm = open();
    expect(realm.write(() => realm.create("Dog", { name: "a" }).name)).toBe("a");
    expect(() => realm.write(() => { realm.create("Dog", { name: "b" }); throw new Error("stop"); })).toThrow("stop");
    expect(realm.objects("Dog").length).toBe(1);
    const promise = realm.write(async () => "later");
    expect(realm.isInTransaction).toBe(false);
    expect(await promise).toBe("later");
    expect(() => realm.commitTransaction()).toThrow("Can't commit a non-existing write transaction");
    expect(() => realm.cancelTransaction()).toThrow("Can't cancel a non-existing write transaction");
    realm.beginTransaction();
    expect(() => realm.beginTransaction()).toThrow("The Realm is already in a write transaction");
    expect(() => realm.write(() => 1)).toThrow("The Realm is already in a write transaction");
    realm.create("Dog", { name: "c" });
    realm.cancelTransaction();
    realm.beginTransaction();
    realm.create("Dog", { name: "d" });
    realm.commitTransaction();
    expect(realm.objects<{ name: string }>("Dog").map((dog) => dog.name)).toEqual(["a", "d"]);
    realm.write(() => { realm.create("Dog", { name: "e" }); realm.cancelTransaction(); });
    expect(realm.objects("Dog").length).toBe(2);
  });

  it("[R-2.15] [R-7.8] a realm tells before and after, once for a listener added twice, and refuses other events", async () => {
    const realm = open();
    const heard: string[] = [];
    const listener = (sender: Realm, name: string): void => { heard.push(`${name} ${sender === realm}`); };
    for (const name of ["change", "change", "beforenotify"] as const) realm.addListener(name, listener);
    expect(() => realm.addListener("invalid" as never, listener)).toThrow("Unknown event name 'invalid': only 'change', 'schema' and 'beforenotify' are supported.");
    expect(() => realm.addListener("change", 5 as never)).toThrow("Expected 'callback' to be a function, got a number");
    realm.write(() => realm.create("Dog", { name: "a" }));
    expect(heard).toEqual([]);
    await turn();
    expect(heard).toEqual(["beforenotify true", "change true"]);
    realm.removeListener("beforenotify", listener);
    realm.write(() => realm.create("Dog", { name: "b" }));
    await turn();
    realm.removeAllListeners("change");
    realm.removeAllListeners();
    realm.write(() => realm.create("Dog", { name: "c" }));
    await turn();
    expect(heard).toEqual(["beforenotify true", "change true", "change true"]);
  });

  it("[R-2.16] _updateSchema adds classes and properties in a transaction, and tells", async () => {
    const realm = open();
    const other = open();
    const dog = realm.write(() => realm.create("Dog", { name: "Rex" }));
    realm.write(() => realm.create(Person, { id: 1 }));
    const heard: unknown[] = [];
    realm.addListener("schema", (_realm, name, schema) => heard.push([name, schema!.map((entry) => entry.name).sort()]));
    const more: Realm.ObjectSchema[] = [{ name: "Dog", properties: { name: "string", age: { type: "int", indexed: true, default: 3 }, toys: "string<>" } }, { name: "Cat", properties: { lives: "int", dog: "Dog?" } }];
    expect(() => realm._updateSchema(more)).toThrow("Can only create object schema within a transaction.");
    realm.beginTransaction();
    realm._updateSchema(more);
    realm.create("Cat", { lives: 9 });
    realm.cancelTransaction();
    expect(() => realm.objects("Cat")).toThrow("Object type 'Cat' not found in schema.");
    expect(realm.schema.find((entry) => entry.name === "Dog")!.properties["age"]).toBe(undefined);
    realm.write(() => {
      realm._updateSchema(more);
      realm.create("Cat", { lives: 9, dog: realm.objects("Dog")[0] });
      realm.create("Dog", { name: "Ace", age: 1, toys: ["b"] });
    });
    await turn();
    expect(heard).toEqual([["schema", ["Cat", "Chip", "Dog", "Person"]]]);
    expect(realm.objects("Dog").map((each) => [each["name"], each["age"], [...each["toys"]]])).toEqual([["Rex", 3, []], ["Ace", 1, ["b"]]]);
    const person = realm.objects(Person)[0]!;
    realm.write(() => realm._updateSchema([{ ...Person.schema, properties: { first: "string?", ...Person.schema.properties, age: { type: "int", indexed: true } } }]));
    realm.write(() => { person.age = 77; });
    expect([realm.objects(Person).filtered("age == 77").length, realm.objects(Person).filtered("age == 7").length, realm.objects("Person")[0]!["first"], person.name]).toEqual([1, 0, null, "?"]);
    expect([realm.objects("Dog").filtered("age == 3").length, other.objects("Cat").length, dog.isValid()]).toEqual([1, 1, true]);
    expect(() => realm.write(() => realm._updateSchema([{ name: "Dog", properties: { name: "int" } }]))).toThrow("Migration is required due to the following errors");
    Realm.shutdown();
    expect(new Realm(mode.config({})).objects("Dog").filtered("age == 1")[0]!["name"]).toBe("Ace");
  });

  it("[R-2.17] objects are found by the identity that React bindings keep", () => {
    const realm = open();
    const person = realm.write(() => realm.create(Person, { id: 1 }));
    const key = person._objectKey();
    expect(person._objectId()).toBe(key);
    expect(realm._objectForObjectKey(Person, key)!.isSameObject(person)).toBe(true);
    realm.write(() => realm.delete(person));
    expect(realm._objectForObjectKey(Person, key)).toBe(undefined);
  });
});
