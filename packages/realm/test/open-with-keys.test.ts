import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseKeys, MemoryEntries, MemoryKeyStore } from "@holdfast/key-store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import Realm, { openWithKeys, rotateKey } from "../src/index.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];
const name = "notes";
let folder = "";
let path = "";
let entries: MemoryEntries;
let keys: DatabaseKeys;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-realm-keys-"));
  path = join(folder, "notes.realm");
  entries = new MemoryEntries();
  keys = new DatabaseKeys({ store: new MemoryKeyStore(entries) });
});
afterEach(() => {
  Realm.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error as { code?: string }).code,
  );

async function writeNote(freshness: boolean | "restored" = false, text = "secret"): Promise<void> {
  const realm = await openWithKeys({ path, schema }, { keys, name, freshness });
  realm.write(() => realm.create("Note", { id: 1, text }, Realm.UpdateMode.Modified));
  realm.close();
}

describe.each([false, true])("openWithKeys, freshness %s", (freshness) => {
  it("makes key and realm the first time, and opens both ever after", async () => {
    await writeNote(freshness);
    const again = await openWithKeys({ path, schema }, { keys, name, freshness });
    expect(again.objectForPrimaryKey<{ text: string }>("Note", 1)?.text).toBe("secret");
    again.close();
    expect(() => new Realm({ path })).toThrow("is an encrypted Realm file");
  });

  it("a lost key is KEY_LOST, another database's key is KEY_MISMATCH; file and store stay as they are", async () => {
    await writeNote(freshness);
    const file = readFileSync(path);
    const empty = new DatabaseKeys({ store: new MemoryKeyStore() });
    expect(await codeOf(openWithKeys({ path, schema }, { keys: empty, name, freshness }))).toBe("KEY_LOST");
    await empty.getOrCreate({ name, databaseExists: false });
    expect(await codeOf(openWithKeys({ path, schema }, { keys: empty, name, freshness }))).toBe("KEY_MISMATCH");
    expect(readFileSync(path).equals(file)).toBe(true);
  });

  it("changes the key in place, and the store has one key afterwards", async () => {
    await writeNote(freshness);
    const before = (await keys.read({ name })) as Uint8Array;
    await rotateKey({ path, schema }, { keys, name, freshness });
    const after = (await keys.read({ name })) as Uint8Array;
    expect(after).not.toEqual(before);
    expect(() => new Realm({ path, schema, encryptionKey: before })).toThrow("Realm file decryption failed");
    await writeNote(freshness, "after");
  });

  it("an interrupted change of keys is finished by the next open", async () => {
    await writeNote(freshness);
    const realm = await openWithKeys({ path, schema }, { keys, name, freshness });
    expect(await codeOf(rotateKey({ path, schema }, { keys, name, freshness }))).toBe("STORE_IN_USE");
    realm.close();
    expect((await entries.names()).length).toBeGreaterThan(1);
    await writeNote(freshness);
    expect(await codeOf(keys.read({ name }))).toBe("resolved");
  });
});

it("finds a database that was put back, until the application accepts it", async () => {
  await writeNote(true, "old");
  copyFileSync(path, `${path}.copy`);
  await writeNote(true, "new");
  copyFileSync(`${path}.copy`, path);
  expect(await codeOf(openWithKeys({ path, schema }, { keys, name, freshness: true }))).toBe("ROLLED_BACK");
  const restored = await openWithKeys({ path, schema }, { keys, name, freshness: "restored" });
  expect(restored.objectForPrimaryKey<{ text: string }>("Note", 1)?.text).toBe("old");
  restored.close();
  await writeNote(true);
});

it("refuses a key, an anchor or memory beside a key store, and touches nothing", async () => {
  for (const extra of [{ encryptionKey: new Uint8Array(64) }, { freshness: {} }, { inMemory: true }]) {
    expect(await codeOf(openWithKeys({ path, schema, ...extra } as never, { keys, name }))).toBe("CONFIGURATION_INVALID");
  }
  expect(existsSync(path)).toBe(false);
  expect(await entries.names()).toEqual([]);
});

it("a plain file under the name is refused as such", async () => {
  new Realm({ path, schema }).close();
  await keys.getOrCreate({ name, databaseExists: false });
  expect(await codeOf(openWithKeys({ path, schema }, { keys, name }))).toBe("KEY_SUPERFLUOUS");
});
