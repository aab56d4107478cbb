import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import Realm, { flags } from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string?" } }];
const refuse = (config: unknown): string => {
  try {
    new Realm(config as never).close();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected an error");
};

it("[R-1.18] every field of a configuration is checked for its type", () => {
  const wrong: [string, unknown, string][] = [
    ["path", 5, "a string, got a number"], ["schemaVersion", "1", "a number, got a string"], ["inMemory", 1, "a boolean, got a number"], ["readOnly", "x", "a boolean, got a string"],
    ["onMigration", {}, "a function, got an object"], ["deleteRealmIfMigrationNeeded", 0, "a boolean, got a number"], ["shouldCompact", true, "a function, got a boolean"],
    ["onFirstOpen", "x", "a function, got a string"], ["disableFormatUpgrade", "x", "a boolean, got a string"], ["fifoFilesFallbackPath", 1, "a string, got a number"],
    ["excludeFromIcloudBackup", "x", "a boolean, got a string"], ["migrationOptions", 1, "an object, got a number"],
  ];
  for (const [field, value, message] of wrong) expect([field, refuse({ [field]: value })]).toEqual([field, `Expected '${field}' on realm configuration to be ${message}`]);
  expect(refuse({ schemaVersion: -1 })).toContain("Expected 'schemaVersion' on realm configuration to be 0 or a positive integer");
  expect(refuse({ integers: "big" })).toContain("Expected 'integers' on realm configuration to be 'number', 'exact' or 'bigint', got 'big'.");
  expect(refuse(null)).toBe("Expected 'realm configuration' to be an object, got null");
});

it("[R-1.12] deleteRealmIfMigrationNeeded excludes readOnly and onMigration", () => {
  expect(refuse({ deleteRealmIfMigrationNeeded: true, readOnly: true })).toBe("Cannot set 'deleteRealmIfMigrationNeeded' when 'readOnly' is set.");
  expect(refuse({ deleteRealmIfMigrationNeeded: true, schema, onMigration: () => undefined })).toBe("Cannot set 'deleteRealmIfMigrationNeeded' when 'onMigration' is set.");
});

it("[R-1.23] copyBundledRealmFiles says that it is React Native's", () => {
  expect(() => Realm.copyBundledRealmFiles()).toThrow(expect.objectContaining({ code: "PLATFORM_UNSUPPORTED" }));
});

it("[R-1.24] createTemplateObject gives defaults and zeros of required properties", () => {
  const template = Realm.createTemplateObject({
    name: "T",
    properties: { a: "int", b: "string?", c: { type: "string", default: "x" }, d: { type: "double", default: () => 2 }, e: "bool", f: "date", g: "Other", h: "string[]" },
  });
  expect(template).toEqual({ a: 0, c: "x", d: 2, e: false, f: new Date(0) });
});

it("[R-1.26] clearTestState wants its flag, and closes all realms", () => {
  expect(() => Realm.clearTestState()).toThrow("Set the flags.ALLOW_CLEAR_TEST_STATE = true before calling this.");
  const realm = new Realm({ path: "clear.realm", inMemory: true, schema });
  flags.ALLOW_CLEAR_TEST_STATE = true;
  Realm.clearTestState();
  flags.ALLOW_CLEAR_TEST_STATE = false;
  expect([realm.isClosed, Realm.flags]).toEqual([true, flags]);
});

it("[R-1.27] the log goes by level and category to a logger of either form", () => {
  const entries: unknown[] = [];
  Realm.setLogger((entry) => entries.push(entry));
  Realm.setLogLevel("debug", "Realm.Storage");
  const realm = new Realm({ path: "log.realm", inMemory: true, schema });
  realm.write(() => realm.create("Note", { id: 1, text: "a secret" }));
  expect(entries).toContainEqual({ category: "Realm.Storage.Transaction", level: "debug", message: expect.stringContaining("commit") });
  expect(JSON.stringify(entries)).not.toContain("secret");
  const pairs: unknown[] = [];
  Realm.setLogger((level: string, message: string) => pairs.push([level, typeof message]));
  realm.write(() => undefined);
  expect(pairs).toContainEqual(["debug", "string"]);
  pairs.length = 0;
  Realm.setLogLevel("off");
  realm.write(() => undefined);
  expect(pairs).toEqual([]);
  expect(() => Realm.setLogLevel("loud" as never)).toThrow("Expected 'level' to be one of 'all', 'trace'");
  expect(() => Realm.setLogLevel("info", "Realm.Kitchen" as never)).toThrow("Expected 'category' to be one of 'Realm'");
  expect(() => Realm.setLogger(5 as never)).toThrow("Expected 'logger' to be a function, got a number");
  Realm.shutdown();
  const warn = vi.spyOn(console, "debug").mockImplementation(() => undefined);
  new Realm({ path: "log.realm", inMemory: true, schema }).write(() => undefined);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  Realm.shutdown();
});

forEachMode((mode) => {
  it("[R-1.1] [R-1.4] a realm opens by path, by configuration and with neither; missing folders are made", () => {
    const { encryptionKey } = mode.config({});
    const path = mode.path("a/b/c/deep.realm");
    const realm = new Realm(mode.config({ path, schema }));
    expect([realm.path.endsWith(join("a", "b", "c", "deep.realm")), existsSync(path)]).toEqual([true, true]);
    if (encryptionKey === undefined) {
      realm.close();
      expect(new Realm(path).schema.map((entry) => entry.name)).toEqual(["Note"]);
    }
    expect(() => new Realm("")).toThrow("The path cannot be empty. Provide a path or remove the field.");
  });

  it("[R-1.3] defaultPath is where a realm without a path stands, and can be set", () => {
    const before = Realm.defaultPath;
    expect(before.endsWith("default.realm")).toBe(true);
    Realm.defaultPath = mode.path("elsewhere.realm");
    const realm = new Realm({ ...mode.config({ schema }), path: undefined as never });
    expect(realm.path).toBe(Realm.defaultPath);
    Realm.defaultPath = before;
    if (mode.name === "plain") {
      realm.close();
      Realm.defaultPath = mode.path("elsewhere.realm");
      expect(new Realm().path).toBe(Realm.defaultPath);
      Realm.defaultPath = before;
    }
    expect(() => { Realm.defaultPath = 5 as never; }).toThrow("Expected 'defaultPath' to be a string, got a number");
  });

  it("[R-1.2] open gives a promise that can be cancelled, and rejects as the constructor throws", async () => {
    const opening = Realm.open(mode.config({ schema }));
    expect(opening).toBeInstanceOf(Realm.ProgressRealmPromise);
    opening.cancel();
    expect((await opening).isClosed).toBe(false);
    await expect(Realm.open({ path: "" })).rejects.toThrow("The path cannot be empty.");
    await expect(Realm.open({ path: mode.path(), schema: {} as never })).rejects.toThrow("Expected 'realm schema' to be an array, got an object");
  });

  it("[R-1.5] [R-1.6] without a schema the file's own is read; the version starts at 0 and never falls", () => {
    new Realm(mode.config({ schema, schemaVersion: 5 })).close();
    const realm = new Realm(mode.config({}));
    expect([realm.schemaVersion, Object.keys(realm.schema[0]!.properties)]).toEqual([5, ["id", "text"]]);
    realm.close();
    expect(() => new Realm(mode.config({ schema, schemaVersion: 2 }))).toThrow("Provided schema version 2 is less than last set version 5.");
    expect(new Realm(mode.config({ path: mode.path("none.realm"), schema: [] })).schema).toEqual([]);
  });

  it("[R-1.8] readOnly reads, refuses to write and to create a file", () => {
    new Realm(mode.config({ schema })).close();
    const realm = new Realm(mode.config({ schema, readOnly: true }));
    expect([realm.isReadOnly, realm.objects("Note").length]).toEqual([true, 0]);
    expect(() => realm.write(() => undefined)).toThrow("Can't perform transactions on read-only Realms.");
    expect(() => new Realm(mode.config({ path: mode.path("none.realm"), readOnly: true }))).toThrow("No such file or directory");
    expect(existsSync(mode.path("none.realm"))).toBe(false);
  });

  it("[R-1.13] [R-1.14] shouldCompact is asked once, by the first open; onFirstOpen runs when the file is made", () => {
    let asked = 0;
    const firstOpens: boolean[] = [];
    const config = mode.config({
      schema,
      shouldCompact: (total, used) => { asked++; expect(total).toBeGreaterThanOrEqual(used); return true; },
      onFirstOpen: (realm) => { firstOpens.push(realm.isInTransaction); realm.create("Note", { id: 1 }); },
    });
    const first = new Realm(config);
    const second = new Realm(config);
    expect([asked, firstOpens, second.objects("Note").length]).toEqual([1, [true], 1]);
    first.close();
    second.close();
    expect(new Realm(config).isClosed).toBe(false);
    expect([asked, firstOpens.length]).toEqual([2, 1]);
    expect(() => new Realm(mode.config({ path: mode.path("x.realm"), schema, shouldCompact: (() => 5) as never }))).toThrow("Expected 'shouldCompact()' to be a boolean, got a number");
  });

  it("[R-1.15] [R-1.16] [R-1.17] options of other platforms and formats are accepted", () => {
    const realm = new Realm(mode.config({ schema, disableFormatUpgrade: true, fifoFilesFallbackPath: mode.path("fifo"), excludeFromIcloudBackup: true }));
    expect(realm.objects("Note").length).toBe(0);
  });

  it("[R-1.19] instances of one file share data and version, and have to fit", () => {
    const first = new Realm(mode.config({ schema, schemaVersion: 1 }));
    const second = new Realm(mode.config({ schema, schemaVersion: 1 }));
    first.write(() => first.create("Note", { id: 1 }));
    expect(second.objects("Note").length).toBe(1);
    expect(() => new Realm(mode.config({ schema, schemaVersion: 2 }))).toThrow("already opened with different schema version.");
    expect(() => new Realm(mode.config({ schema: [{ name: "Note", properties: { id: "int" } }], schemaVersion: 1 }))).toThrow("already opened on current thread with different schema.");
    expect(() => new Realm(mode.config({ schema, schemaVersion: 1, readOnly: true }))).toThrow("already opened with different read permissions.");
    expect(() => new Realm({ path: mode.path(), inMemory: true, schema, schemaVersion: 1 })).toThrow("already opened with different inMemory settings.");
  });

  it("[R-1.20] [R-1.21] [R-1.22] files are found, deleted with what stands beside them, and tell their version", () => {
    const path = mode.path();
    const { encryptionKey } = mode.config({});
    expect([Realm.exists(path), Realm.exists({ path }), Realm.schemaVersion(path, encryptionKey)]).toEqual([false, false, -1]);
    new Realm(mode.config({ schema, schemaVersion: 3 })).close();
    mkdirSync(`${path}.management`);
    expect([Realm.exists(path), Realm.schemaVersion(path, encryptionKey)]).toEqual([true, 3]);
    expect(() => Realm.schemaVersion(path, "x" as never)).toThrow("Expected value to be an instance of ArrayBuffer, got a string");
    expect(() => Realm.schemaVersion(path, new Uint8Array(3))).toThrow("Encryption key must be 64 bytes.");
    Realm.deleteFile(mode.config({}));
    expect([existsSync(path), existsSync(`${path}.management`), existsSync(`${path}.lock`)]).toEqual([false, false, false]);
  });

  it("[R-1.25] shutdown closes every realm", () => {
    const realms = [new Realm(mode.config({ schema })), new Realm(mode.config({ path: mode.path("two.realm"), schema }))];
    Realm.shutdown();
    expect(realms.map((realm) => realm.isClosed)).toEqual([true, true]);
  });

  it("[R-2.13] compact gives space back, and not in a transaction", () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => { for (let id = 0; id < 3000; id++) realm.create("Note", { id, text: "x".repeat(500) }); });
    realm.write(() => realm.deleteAll());
    const before = statSync(mode.path()).size;
    expect(realm.compact()).toBe(true);
    expect(statSync(mode.path()).size).toBeLessThan(before);
    realm.beginTransaction();
    expect(() => realm.compact()).toThrow("Cannot compact a Realm within a transaction.");
  });
});
