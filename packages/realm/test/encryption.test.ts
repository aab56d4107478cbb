import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import Realm from "../src/index.ts";
import { forEachMode, TEST_KEY } from "./support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];
const OTHER_KEY = TEST_KEY.map((byte) => 255 - byte);
const code = (run: () => unknown): [string, string] => {
  try {
    run();
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message];
  }
  throw new Error("expected an error");
};

forEachMode((mode) => {
  const isEncrypted = mode.name === "encrypted";
  const fill = () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("Note", { id: 1, text: "a secret sentence" }));
    realm.close();
  };

  it("only an encrypted file hides its text", () => {
    fill();
    expect(readFileSync(mode.path()).includes("secret sentence")).toBe(!isEncrypted);
  });

  it("every way to open a file with the wrong key is refused and leaves the file as it was", () => {
    fill();
    const path = mode.path();
    const before = readFileSync(path);
    if (isEncrypted) {
      const firstHalf = Uint8Array.from(TEST_KEY, (byte, index) => (index < 32 ? byte : byte ^ 1));
      const secondHalf = Uint8Array.from(TEST_KEY, (byte, index) => (index < 32 ? byte ^ 1 : byte));
      for (const key of [OTHER_KEY, firstHalf, secondHalf]) {
        expect(code(() => new Realm({ path, schema, encryptionKey: key }))).toEqual([
          "KEY_WRONG",
          `Failed to open Realm file at path '${path}': Realm file decryption failed (the encryption key is not the one this file was written with)`,
        ]);
        expect(code(() => new Realm({ path, schema: [], schemaVersion: 9, encryptionKey: key, deleteRealmIfMigrationNeeded: true }))[0]).toBe("KEY_WRONG");
      }
      expect(code(() => new Realm({ path, schema }))[0]).toBe("KEY_MISSING");
      expect(code(() => new Realm({ path, schema }))[1]).toContain("header has invalid mnemonic");
      expect(code(() => Realm.schemaVersion(path, OTHER_KEY))[0]).toBe("KEY_WRONG");
    } else {
      const [name, message] = code(() => new Realm({ path, schema, encryptionKey: OTHER_KEY, deleteRealmIfMigrationNeeded: true }));
      expect([name, message.includes("Attempt to open unencrypted file with encryption key"), message.includes("writeCopyTo")]).toEqual(["KEY_SUPERFLUOUS", true, true]);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("a file that is open under one key is not opened under another", () => {
    const realm = new Realm(mode.config({ schema }));
    expect(code(() => new Realm({ path: mode.path(), schema, encryptionKey: OTHER_KEY }))).toEqual(["KEY_DIFFERS", `Realm at path '${realm.path}' already opened with a different encryption key.`]);
    expect(new Realm(mode.config({ schema })).objects("Note").length).toBe(0);
  });

  it("writeCopyTo writes plain and encrypted copies and refuses an existing target", () => {
    fill();
    const realm = new Realm(mode.config({ schema }));
    const copies: [string, Realm.Configuration][] = [["plain", {}], ["same", { encryptionKey: TEST_KEY }], ["other", { encryptionKey: OTHER_KEY }]];
    for (const [name, key] of copies) {
      const path = mode.path(`${name}.realm`);
      realm.writeCopyTo({ path, ...key });
      const copy = new Realm({ path, schema, ...key });
      expect(copy.objects<{ text: string }>("Note")[0]!.text).toBe("a secret sentence");
      expect(readFileSync(path).includes("secret sentence")).toBe(name === "plain");
      copy.close();
      const before = readFileSync(path);
      expect(code(() => realm.writeCopyTo({ path, ...key }))[0]).toBe("TARGET_EXISTS");
      expect(readFileSync(path).equals(before)).toBe(true);
    }
    expect(() => realm.writeCopyTo(undefined as never)).toThrow("Expected 'realm configuration' to be an object, got undefined");
    expect(() => realm.writeCopyTo({ path: mode.path("no/such/folder.realm") })).toThrow("parent directory does not exist");
    realm.beginTransaction();
    expect(() => realm.writeCopyTo({ path: mode.path("t.realm") })).toThrow("Can only convert Realms outside a transaction.");
  });

  it("rekey changes the key in place", () => {
    fill();
    Realm.rekey(mode.config({}), OTHER_KEY);
    expect(readFileSync(mode.path()).includes("secret sentence")).toBe(false);
    expect(code(() => new Realm(mode.config({ schema })))[0]).toBe(isEncrypted ? "KEY_WRONG" : "KEY_MISSING");
    const realm = new Realm({ path: mode.path(), schema, encryptionKey: OTHER_KEY });
    expect(realm.objects("Note").length).toBe(1);
    expect(code(() => Realm.rekey({ path: mode.path(), encryptionKey: OTHER_KEY }, undefined))[0]).toBe("STORE_IN_USE");
    realm.close();
    Realm.rekey({ path: mode.path(), encryptionKey: OTHER_KEY }, undefined);
    expect(new Realm({ path: mode.path(), schema }).objects("Note").length).toBe(1);
  });
});

describe("keys", () => {
  const refuse = (value: unknown): string => code(() => new Realm({ path: "/nonexistent-folder/never.realm", encryptionKey: value as never, schema: [] }))[1];
  it("an unfit key is refused before any file is touched, saying what was expected and found", () => {
    expect(refuse("x".repeat(64))).toBe("Expected 'encryptionKey' on realm configuration to be an ArrayBuffer, ArrayBufferView (Uint8Array), or Int8Array, got a string.");
    expect(refuse(null)).toContain("got null");
    expect(refuse({})).toContain("got an object");
    for (const length of [0, 1, 32, 63, 65, 128]) expect(refuse(new Uint8Array(length))).toContain("Encryption key must be 64 bytes.");
    expect(refuse(Array.from({ length: 63 }, () => 1))).toContain("got 63 elements");
    for (const element of [256, -1, 1.5]) expect(refuse([...Array.from({ length: 63 }, () => 1), element])).toContain("Expected 'encryptionKey[63]' to be an integer from 0 to 255");
    expect(refuse([...Array.from({ length: 63 }, () => 1), "7"])).toContain("got a string");
    expect(existsSync("/nonexistent-folder")).toBe(false);
    expect(() => new Realm({ inMemory: true, encryptionKey: TEST_KEY })).toThrow("Encryption is not supported for in-memory realms");
  });
  it("a generated key has 64 bytes and never comes twice", () => {
    const keys = Array.from({ length: 20 }, () => Realm.generateEncryptionKey());
    expect(new Set(keys.map((key) => key.join())).size).toBe(20);
    expect(keys.every((key) => key.length === 64)).toBe(true);
  });
});

forEachMode((mode) => {
  it("a key is taken as a buffer, any view, or a list of 64 integers", () => {
    const view = new Uint8Array(80);
    view.set(TEST_KEY, 8);
    const forms = [TEST_KEY, TEST_KEY.slice().buffer, [...TEST_KEY], view.subarray(8, 72), new DataView(view.buffer, 8, 64), Buffer.from(TEST_KEY)];
    for (const encryptionKey of forms) {
      const realm = new Realm({ path: mode.path("forms.realm"), schema, encryptionKey: encryptionKey as never });
      expect(realm.schemaVersion).toBe(0);
      realm.close();
    }
  });
  it("a file that is no realm is refused and kept", () => {
    writeFileSync(mode.path(), "x".repeat(9000));
    expect(() => new Realm(mode.config({ schema, deleteRealmIfMigrationNeeded: true }))).toThrow("header has invalid mnemonic");
    expect(readFileSync(mode.path(), "utf8")).toBe("x".repeat(9000));
  });
});
