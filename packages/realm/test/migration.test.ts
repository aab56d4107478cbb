import { expect, it } from "vitest";
import Realm from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

const first: Realm.ObjectSchema[] = [{ name: "Person", primaryKey: "id", properties: { id: "int", first: "string", last: "string", age: "string", best: "Person?" } }];
const second: Realm.ObjectSchema[] = [{ name: "Person", primaryKey: "id", properties: { id: "int", name: { type: "string", indexed: true, default: "" }, age: "int?", best: "Person?" } }];

forEachMode((mode) => {
  const fill = () => {
    const realm = new Realm(mode.config({ schema: first }));
    realm.write(() => {
      const ann = realm.create("Person", { id: 1, first: "Ann", last: "Lee", age: "30" });
      realm.create("Person", { id: 2, first: "Bob", last: "Ray", age: "40", best: ann });
    });
    realm.close();
  };

  it("a schema that changed without a new version is refused, and the file stays", () => {
    fill();
    expect(() => new Realm(mode.config({ schema: second }))).toThrow(
      "Migration is required due to the following errors:\n- Property 'Person.first' has been removed.\n- Property 'Person.last' has been removed.\n- Property 'Person.age' has been changed from 'string' to 'int'.\n- Property 'Person.name' has been added.",
    );
    expect(new Realm(mode.config({ schema: first })).objects("Person").length).toBe(2);
  });

  it("a migration copies values from the old realm to the new one", () => {
    fill();
    const realm = new Realm(mode.config({
      schema: second,
      schemaVersion: 3,
      onMigration: (before, after) => {
        expect([before.schemaVersion, after.schemaVersion, after.isInMigration]).toEqual([0, 3, true]);
        for (const old of before.objects<{ id: number; first: string; last: string; age: string }>("Person")) {
          const now = after.objectForPrimaryKey<{ name: string; age: number }>("Person", old.id)!;
          now.name = `${old.first} ${old.last}`;
          now.age = Number(old.age);
        }
      },
    }));
    expect(realm.objects("Person").toJSON()).toMatchObject([{ id: 1, name: "Ann Lee", age: 30, best: null }, { id: 2, name: "Bob Ray", age: 40, best: { id: 1 } }]);
    expect(realm.objects("Person").filtered("name BEGINSWITH 'Bob'").length).toBe(1);
    realm.write(() => realm.delete(realm.objectForPrimaryKey("Person", 1)!));
    expect(realm.objectForPrimaryKey<{ best: unknown }>("Person", 2)!.best).toBe(null);
    realm.close();
    expect(Realm.schemaVersion(mode.path(), mode.config({}).encryptionKey)).toBe(3);
    expect(() => new Realm(mode.config({ schema: second, schemaVersion: 2 }))).toThrow("Provided schema version 2 is less than last set version 3.");
  });

  it("a migration that throws leaves file and version as they were", () => {
    fill();
    expect(() => new Realm(mode.config({ schema: second, schemaVersion: 1, onMigration: () => { throw new Error("stop"); } }))).toThrow("stop");
    const realm = new Realm(mode.config({ schema: first }));
    expect([realm.schemaVersion, realm.objectForPrimaryKey<{ first: string }>("Person", 1)!.first]).toEqual([0, "Ann"]);
  });

  it("deleteRealmIfMigrationNeeded empties the file when the schema changed, and only then", () => {
    fill();
    const same = new Realm(mode.config({ schema: first, deleteRealmIfMigrationNeeded: true }));
    expect(same.objects("Person").length).toBe(2);
    same.close();
    const realm = new Realm(mode.config({ schema: second, deleteRealmIfMigrationNeeded: true }));
    expect(realm.objects("Person").length).toBe(0);
    expect(() => new Realm(mode.config({ schema: second, deleteRealmIfMigrationNeeded: true, onMigration: () => undefined }))).toThrow("Cannot set 'deleteRealmIfMigrationNeeded' when 'onMigration' is set.");
  });

  it("a class or an index is added without a new version", () => {
    fill();
    const indexed = structuredClone(first) as [Realm.ObjectSchema];
    indexed[0].properties["first"] = { type: "string", indexed: true };
    const realm = new Realm(mode.config({ schema: [...indexed, { name: "New", properties: { x: "int" } }] }));
    expect(realm.objects("Person").filtered("first == 'Bob'").length).toBe(1);
    expect(realm.write(() => realm.create("New", { x: 1 }))).toMatchObject({ x: 1 });
  });

  it("a file opened without a schema shows its own", () => {
    fill();
    const realm = new Realm(mode.config({}));
    expect(realm.schema.map((entry) => [entry.name, entry.primaryKey])).toEqual([["Person", "id"]]);
    expect(realm.objects<{ first: string }>("Person")[1]!.first).toBe("Bob");
  });

  it("onFirstOpen runs once, shouldCompact is asked, readOnly refuses writes", () => {
    const opens: number[] = [];
    const onFirstOpen = (realm: Realm) => { opens.push(realm.create<{ id: number }>("Person", { id: 9, first: "a", last: "b", age: "1" }).id); };
    new Realm(mode.config({ schema: first, onFirstOpen })).close();
    new Realm(mode.config({ schema: first, onFirstOpen, shouldCompact: (total, used) => total >= used })).close();
    expect(opens).toEqual([9]);
    const realm = new Realm(mode.config({ readOnly: true }));
    expect(realm.objects("Person").length).toBe(1);
    expect(() => realm.write(() => undefined)).toThrow("Can't perform transactions on read-only Realms.");
    expect(() => new Realm({ path: mode.path("none.realm"), readOnly: true })).toThrow("No such file or directory");
  });
});
