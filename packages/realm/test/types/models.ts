/**
 * Class models, their plain forms, and what a realm gives for them. Never run: `types.test.ts` has the compiler check it.
 *
 * @module
 */
import Realm, { BSON, List, RealmObject } from "@holdfast/realm";
import type { Unmanaged } from "@holdfast/realm";

/** Fails to compile unless both types are one. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
declare function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void;

class Person extends Realm.Object<Person, "name"> {
  declare _id: Realm.BSON.ObjectId;
  declare name: Realm.Types.String;
  declare age: Realm.Types.Int;
  declare friends: Realm.List<Person>;
  declare tags: Realm.Types.Set<string>;
  declare scores: Realm.Types.Dictionary<number>;
  declare best: Person | null;
  declare visits: Realm.Types.Counter;
  declare born?: Realm.Types.Date;
  declare anything: Realm.Types.Mixed;
  declare bytes: Realm.Types.Data;
  declare tasks: Realm.Types.LinkingObjects<Task, "owner">;
  greet(): string {
    return `Hello ${this.name}`;
  }
  static schema: Realm.ObjectSchema = { name: "Person", properties: { name: "string", age: "int" } };
}

class Task extends RealmObject<Task> {
  declare title: string;
  declare owner: Person;
  static schema = { name: "Task", properties: { title: "string", owner: "Person" } };
}

const config: Realm.Configuration = { schema: [Person, Task, { name: "Plain", properties: { x: "int", y: { type: "int", optional: true } } }], schemaVersion: 1 };
declare const realm: Realm;
void config;

// What a realm gives.
const person = realm.create(Person, { name: "Ann", friends: [{ name: "Bob" }], tags: ["a"], scores: { a: 1 }, visits: 3, best: null });
same<typeof person, Person>();
same<ReturnType<typeof person.greet>, string>();
const people = realm.objects(Person);
same<typeof people, Realm.Results<Person>>();
same<(typeof people)[0], Person>();
same<ReturnType<typeof people.filtered>, Realm.Results<Person>>();
const found = realm.objectForPrimaryKey(Person, 1);
same<typeof found, Person | null>();
for (const friend of person.friends) same<typeof friend, Person>();
const score: number = person.scores["a"] as number;
void score;
const typed = realm.objects<{ x: number }>("Plain");
same<(typeof typed)[0]["x"], number>();
void realm.objects("Plain")[0]!["whatever"].deep;
void new Person(realm, { name: "Cid" });
void new Task(realm, { title: "t" });
const back = person.linkingObjects(Task, "owner");
same<typeof back, Realm.Results<Task>>();
const written = realm.write(() => 5);
same<typeof written, number>();
const later: Promise<string> = realm.writeAsync(async () => "x");
void later;
realm.writeAsync(function* () {
  yield;
  return 1;
});

// Listeners.
people.addListener((collection, changes) => {
  same<typeof collection, Realm.OrderedCollection<Person>>();
  same<typeof changes.insertions, number[]>();
});
person.addListener((object, changes) => {
  same<typeof object.name, string>();
  const names: (keyof Person & string)[] = changes.changedProperties;
  void names;
}, ["name", "friends.name"]);
person.scores.addListener((_dictionary, changes) => same<typeof changes.insertions, string[]>());
realm.addListener("change", (sender, name, schema) => {
  void [sender.path, name, schema];
});

// Plain forms.
const plain: Unmanaged<Person, "name"> = { name: "x", friends: [{ name: "y" }], scores: { a: 1 }, visits: 1 };
void plain;
// @ts-expect-error a required property is missing
const missing: Unmanaged<Person, "name"> = { age: 1 };
void missing;
// @ts-expect-error a method is no property
const method: Unmanaged<Person> = { greet: () => "" };
void method;
// @ts-expect-error inverse relationships are not assigned
const inverse: Unmanaged<Person> = { tasks: [] };
void inverse;

// What does not compile.
// @ts-expect-error a wrong type
realm.create(Person, { name: 5 });
// @ts-expect-error a required property is missing
void new Person(realm, {});
// @ts-expect-error results are not written by index
people[0] = person;
// @ts-expect-error the length is read only
people.length = 3;
// @ts-expect-error an unknown event
realm.addListener("changed", () => undefined);
// @ts-expect-error a key of the wrong type
void ({ encryptionKey: "secret" } satisfies Realm.Configuration);
// @ts-expect-error an unknown property of the configuration
void ({ pathh: "x" } satisfies Realm.Configuration);
// @ts-expect-error the primary key of a class is a name
void ({ name: "X", primaryKey: 5, properties: {} } satisfies Realm.ObjectSchema);

// Types by name.
same<Realm.Types.Decimal128, Realm.BSON.Decimal128>();
same<Realm.Types.Int, number>();
same<Realm.Types.Bool, boolean>();
same<Realm.Types.List<string>, Realm.List<string>>();
same<Realm.Types.ObjectId, InstanceType<typeof BSON.ObjectId>>();
const names: Realm.List<string> = person.friends.length > 0 ? (null as unknown as List<string>) : (null as unknown as Realm.List<string>);
void names;
const mode: Realm.UpdateMode = Realm.UpdateMode.Modified;
realm.create(Person, { name: "x" }, mode);
const sorting: Realm.SortDescriptor = ["name", true];
people.sorted([sorting, "age"]);
const instance: Realm.Object = person as unknown as Realm.Object;
void instance;
