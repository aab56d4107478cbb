import { expect, it } from "vitest";
import Realm from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

const refuse = (config: unknown): string => {
  try {
    const realm = new Realm(config as never);
    realm.close();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected an error");
};
const property = (type: unknown): string => refuse({ path: "/nonexistent-folder/x", schema: [{ name: "X", properties: { p: type } }] });

it("configurations are refused with Realm's messages", () => {
  expect(refuse({ path: 5 })).toBe("Expected 'path' on realm configuration to be a string, got a number");
  expect(refuse({ path: "" })).toBe("The path cannot be empty. Provide a path or remove the field.");
  expect(refuse({ schema: {} })).toBe("Expected 'realm schema' to be an array, got an object");
  expect(refuse(7)).toBe("Expected 'realm configuration' to be an object, got a number");
  expect(refuse({ inMemory: "yes" })).toBe("Expected 'inMemory' on realm configuration to be a boolean, got a string");
});

it("schemas are refused with Realm's messages", () => {
  expect(property("[]")).toBe("Invalid type declaration for property 'p' on 'X': The element type must be specified (Example: 'int[]')");
  expect(property("int[][]")).toContain("Nested collections are not supported.");
  expect(property("int[]?")).toContain("Collections cannot be optional.");
  expect(property("X?[]")).toContain("User-defined types in lists and sets are always non-optional and cannot be made optional.");
  expect(property({ type: "float", indexed: true })).toContain("Property 'X.p' of type 'float' cannot be indexed.");
  expect(property("Nowhere")).toContain("Property 'X.p' of type 'object' has unknown object type 'Nowhere'");
  expect(refuse({ schema: [{ name: "X", primaryKey: "p", properties: { p: "bool" } }] })).toContain("Property 'X.p' of type 'bool' cannot be made the primary key.");
  expect(refuse({ schema: [{ name: "X", properties: {}, extra: 1 }] })).toContain("Unexpected field(s) found on the schema for object 'X': 'extra'");
  expect(refuse({ schema: [function Foo() {}] })).toBe("Class 'Foo' must extend Realm.Object");
});

it("a property that could not be reached on an object is refused, not dropped in silence", () => {
  const properties = JSON.parse('{"id":"int","__proto__":"string"}') as Record<string, string>;
  expect(refuse({ inMemory: true, schema: [{ name: "X", properties }] })).toContain("Invalid type declaration for property '__proto__' on 'X'");
  expect(property({ type: "int", mapTo: "__proto__" })).toContain("'__proto__' cannot be the name of a property");
});

forEachMode((mode) => {
  const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];

  it("open resolves to a realm and rejects with the constructor's error", async () => {
    const opening = Realm.open(mode.config({ schema }));
    opening.cancel();
    expect((await opening).isClosed).toBe(false);
    await expect(Realm.open({ path: "" })).rejects.toThrow("The path cannot be empty.");
  });

  it("files are found, measured, compacted and deleted", () => {
    expect(Realm.exists(mode.path())).toBe(false);
    expect(Realm.schemaVersion(mode.path())).toBe(-1);
    const realm = new Realm(mode.config({ schema, schemaVersion: 4 }));
    realm.write(() => { for (let id = 0; id < 2000; id++) realm.create("Note", { id, text: "x".repeat(100) }); });
    realm.write(() => realm.delete(realm.objects("Note").filtered("id >= 10")));
    expect(realm.compact()).toBe(true);
    expect(realm.objects("Note").length).toBe(10);
    realm.beginTransaction();
    expect(() => realm.compact()).toThrow("Cannot compact a Realm within a transaction.");
    realm.cancelTransaction();
    realm.close();
    expect(Realm.schemaVersion(mode.path(), mode.config({}).encryptionKey)).toBe(4);
    expect(Realm.exists({ path: mode.path() })).toBe(true);
    Realm.deleteFile({ path: mode.path() });
    expect(Realm.exists(mode.path())).toBe(false);
  });

  it("a second instance has to fit the first", () => {
    const realm = new Realm(mode.config({ schema }));
    const other = new Realm(mode.config({ schema }));
    realm.beginTransaction();
    expect(other.isInTransaction).toBe(true);
    realm.create("Note", { id: 1, text: "t" });
    realm.commitTransaction();
    expect(other.objects("Note").length).toBe(1);
    expect(() => new Realm(mode.config({ schema, schemaVersion: 2 }))).toThrow("already opened with different schema version");
    expect(() => new Realm(mode.config({ schema: [{ name: "Note", properties: { x: "int" } }] }))).toThrow("already opened on current thread with different schema.");
    Realm.shutdown();
    expect([realm.isClosed, other.isClosed]).toEqual([true, true]);
    expect(() => realm.objects("Note")).toThrow("Cannot access realm that has been closed");
  });
});
