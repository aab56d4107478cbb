import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { forEachMode, TEST_KEY } from "../support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];
const OTHER_KEY = TEST_KEY.map((byte) => 255 - byte);
const never = "/nonexistent-folder/never.realm";
const refuse = (config: unknown): string => {
  try {
    new Realm(config as never).close();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected an error");
};
const keyed = (encryptionKey: unknown) => refuse({ path: never, encryptionKey, schema });

it("[R-13.1] [R-13.2] [R-13.3] a key of another type or length is refused before any file is touched", () => {
  const forms: [unknown, string][] = [["x", "a string"], [5, "a number"], [null, "null"], [{}, "an object"], [true, "a boolean"]];
  for (const [key, found] of forms) expect(keyed(key)).toBe(`Expected 'encryptionKey' on realm configuration to be an ArrayBuffer, ArrayBufferView (Uint8Array), or Int8Array, got ${found}.`);
  for (const length of [0, 1, 32, 63, 65, 128]) expect(keyed(new Uint8Array(length))).toContain("Encryption key must be 64 bytes.");
  expect(keyed(Array.from({ length: 64 }, () => 256))).toContain("Expected 'encryptionKey[0]' to be an integer from 0 to 255");
  expect(existsSync("/nonexistent-folder")).toBe(false);
});

it("[R-1.7] [R-13.9] a realm in memory takes no key, is shared by its path and gone with its last instance", () => {
  expect(refuse({ path: "m.realm", inMemory: true, encryptionKey: TEST_KEY })).toBe("Encryption is not supported for in-memory realms");
  const config: Realm.Configuration = { path: "m.realm", inMemory: true, schema };
  const [first, second] = [new Realm(config), new Realm(config)];
  first.write(() => first.create("Note", { id: 1, text: "t" }));
  expect([second.objects("Note").length, second.isInMemory, Realm.exists("m.realm")]).toEqual([1, true, false]);
  expect(refuse({ path: "m.realm", schema })).toContain("already opened with different inMemory settings.");
  first.close();
  second.close();
  const again = new Realm(config);
  expect(again.objects("Note").length).toBe(0);
  again.close();
});

it("[R-11.1] everything is there as a named export, on Realm, and through require", async () => {
  const api = (await import("../../src/index.ts")) as unknown as Record<string, unknown>;
  const names = ["Object", "Collection", "OrderedCollection", "List", "Set", "Dictionary", "Results", "Counter", "ProgressRealmPromise", "BSON", "Types", "UpdateMode", "NumericLogLevel", "RealmEvent", "AssertionError", "TypeAssertionError", "SchemaParseError", "PropertySchemaParseError", "index", "mapTo", "kmToRadians", "miToRadians", "flags"];
  for (const name of names) {
    expect([name, api[name] !== undefined]).toEqual([name, true]);
    if (!name.endsWith("ToRadians")) expect([name, (Realm as unknown as Record<string, unknown>)[name] === api[name]]).toEqual([name, true]);
  }
  expect([api["default"], api["Realm"], api["module.exports"]]).toEqual([Realm, Realm, Realm]);
  expect([Object.keys(Realm.UpdateMode), Object.keys(Realm.NumericLogLevel).length, Object.values(Realm.RealmEvent), ["ObjectId", "ObjectID", "Decimal128", "UUID", "Binary", "EJSON"].every((name) => name in Realm.BSON)]).toEqual([["Never", "Modified", "All"], 9, ["change", "schema", "beforenotify"], true]);
  expect([Realm.kmToRadians(6378.1), Realm.miToRadians(1).toFixed(9), Realm.Types.Date]).toEqual([1, (1.609344 / 6378.1).toFixed(9), Date]);
  // Node gives a module's export "module.exports" to whoever requires it.
  const text = execFileSync(process.execPath, ["--conditions=@holdfast/source", "-e", `const Realm = require(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))}); console.log(typeof Realm, Realm.name, typeof Realm.Object);`], { encoding: "utf8" });
  expect(text.trim()).toBe("function Realm function");
});

forEachMode((mode) => {
  const isEncrypted = mode.name === "encrypted";
  const fill = () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("Note", { id: 1, text: "a secret sentence" }));
    realm.close();
  };

  it("[R-1.9] [R-13.4] a key is taken in every form of 64 bytes", () => {
    const view = new Uint8Array(80);
    view.set(TEST_KEY, 8);
    const forms: unknown[] = [TEST_KEY.slice().buffer, new Int8Array(TEST_KEY), TEST_KEY, Buffer.from(TEST_KEY), new DataView(view.buffer, 8, 64), new Float64Array(TEST_KEY.slice().buffer), view.subarray(8, 72), [...TEST_KEY]];
    for (const encryptionKey of forms) new Realm({ path: mode.path("forms.realm"), schema, encryptionKey: encryptionKey as never }).close();
    expect(Realm.schemaVersion(mode.path("forms.realm"), TEST_KEY)).toBe(0);
  });

  it("[R-13.5] [R-13.6] [R-13.7] [R-13.11] no key, a wrong key and a superfluous key are refused, by open and by promise", async () => {
    fill();
    const path = mode.path();
    const before = readFileSync(path);
    const opened = `Failed to open Realm file at path '${path}': `;
    const expected: [Realm.Configuration, string][] = isEncrypted
      ? [[{ path, schema }, `${opened}header has invalid mnemonic.`], [{ path, schema, encryptionKey: OTHER_KEY }, `${opened}Realm file decryption failed`]]
      : [[{ path, schema, encryptionKey: TEST_KEY }, `${opened}Attempt to open unencrypted file with encryption key`]];
    for (const [config, message] of expected) {
      expect(refuse(config)).toContain(message);
      await expect(Realm.open(config)).rejects.toThrow(message);
      expect(() => Realm.schemaVersion(path, config.encryptionKey)).toThrow(message);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("[R-13.8] a file that is open under one key is not opened under another", () => {
    const realm = new Realm(mode.config({ schema }));
    expect(refuse({ path: mode.path(), schema, encryptionKey: OTHER_KEY })).toBe(`Realm at path '${realm.path}' already opened with a different encryption key.`);
    if (isEncrypted) expect(refuse({ path: mode.path(), schema })).toContain("already opened with a different encryption key.");
  });

  it("[R-13.10] schemaVersion words its refusals as Realm does", () => {
    expect(() => Realm.schemaVersion(mode.path(), "x" as never)).toThrow("Expected value to be an instance of ArrayBuffer, got a string");
    expect(() => Realm.schemaVersion(mode.path(), new Uint8Array(5))).toThrow("Encryption key must be 64 bytes.");
  });

  it("[R-13.12] a read-only realm opens with its key", () => {
    fill();
    expect(new Realm(mode.config({ schema, readOnly: true })).objects("Note").length).toBe(1);
  });

  it("[R-2.14] [R-13.13] [R-13.14] [R-13.15] [R-13.16] writeCopyTo copies to plain, the same and another key, and refuses what it must", () => {
    fill();
    const realm = new Realm(mode.config({ schema }));
    for (const [name, key] of [["plain", {}], ["same", { encryptionKey: TEST_KEY }], ["other", { encryptionKey: OTHER_KEY }]] as const) {
      realm.writeCopyTo({ path: mode.path(`${name}.realm`), ...key });
      const copy = new Realm({ path: mode.path(`${name}.realm`), schema, ...key });
      expect(copy.objects("Note")[0]!["text"]).toBe("a secret sentence");
      copy.close();
    }
    expect(() => realm.writeCopyTo({ path: mode.path("plain.realm") })).toThrow(expect.objectContaining({ code: "TARGET_EXISTS" }));
    expect(() => realm.writeCopyTo(undefined as never)).toThrow("Expected 'realm configuration' to be an object, got undefined");
    expect(() => realm.writeCopyTo(34 as never)).toThrow("Expected 'realm configuration' to be an object, got a number");
    expect(() => realm.writeCopyTo({ path: mode.path("x.realm"), encryptionKey: new Uint8Array(3) })).toThrow("Encryption key must be 64 bytes.");
    expect(() => realm.writeCopyTo({ path: mode.path("none/x.realm") })).toThrow("parent directory does not exist");
    realm.beginTransaction();
    expect(() => realm.writeCopyTo({ path: mode.path("t.realm") })).toThrow("Can only convert Realms outside a transaction.");
    realm.cancelTransaction();
    const before = Realm.defaultPath;
    Realm.defaultPath = mode.path("default-copy.realm");
    realm.writeCopyTo({});
    expect(existsSync(mode.path("default-copy.realm"))).toBe(true);
    Realm.defaultPath = before;
    realm.close();
    expect(() => realm.writeCopyTo({ path: mode.path("y.realm") })).toThrow("Cannot access realm that has been closed");
    for (const name of ["x.realm", "t.realm", "y.realm"]) expect(existsSync(mode.path(name))).toBe(false);
  });

  it("[R-13.17] what is no realm is refused and kept, however short", () => {
    for (const [text, message] of [["x".repeat(9000), "header has invalid mnemonic"], ["x".repeat(10), "file is non-empty but too small (10 bytes) to be a valid Realm."]] as const) {
      writeFileSync(mode.path(), text);
      expect(refuse(mode.config({ schema, deleteRealmIfMigrationNeeded: true }))).toContain(message);
      expect(readFileSync(mode.path(), "utf8")).toBe(text);
    }
  });

  it("[R-13.18] a changed bit in a page is found", () => {
    fill();
    const whole = readFileSync(mode.path());
    const pagesAt = 24_576 + 1_048_576;
    const read = (): string => {
      const realm = new Realm(mode.config({ schema }));
      try {
        return String(realm.objects("Note").map((note) => note["text"]));
      } finally {
        realm.close();
      }
    };
    const found: string[] = [];
    for (let offset = pagesAt + 100; offset < whole.length; offset += 8192) {
      const changed = Buffer.from(whole);
      changed[offset] = (changed[offset] as number) ^ 1;
      writeFileSync(mode.path(), changed);
      try {
        found.push(read());
      } catch (error) {
        found.push(String((error as { code?: string }).code));
      }
    }
    // A page that nothing read was not found out, and did no harm; nothing else was ever read.
    expect(new Set(found).isSubsetOf(new Set(["a secret sentence", "PAGE_DAMAGED"]))).toBe(true);
    expect(found).toContain("PAGE_DAMAGED");
  });

  it("[R-1.28] [R-13.19] another process opens the same file, and its commits are seen", () => {
    const realm = new Realm(mode.config({ schema }));
    const key = isEncrypted ? Buffer.from(TEST_KEY).toString("hex") : "";
    execFileSync(process.execPath, ["--conditions=@holdfast/source", fileURLToPath(new URL("../support/child.ts", import.meta.url)), "write", mode.path(), key]);
    realm.write(() => undefined);
    expect(realm.objectForPrimaryKey("Note", 100)!["text"]).toBe("from the child");
  });

  it("[R-13.20] no side file holds what the realm holds", () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("Note", { id: 1, text: "a secret sentence" }));
    const folder = dirname(mode.path());
    const holders = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
      try {
        return readFileSync(join(folder, name)).includes("secret sentence");
      } catch {
        return false;
      }
    });
    expect(holders).toEqual(isEncrypted ? [] : ["test.realm"]);
  });
});
