/**
 * The app-metadata file and its modes. Whatever key it is opened with: nothing is deleted, nothing is changed.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { Realm } from "@holdfast/realm";
import { expect, it } from "vitest";
import { Credentials, MetadataMode } from "../../src/index.ts";
import type { AppConfiguration } from "../../src/index.ts";
import { codeOf, startServer, TestDevice } from "./support.ts";

const own = (encryptionKey: Uint8Array): Partial<AppConfiguration> => ({ metadata: { mode: MetadataMode.Encryption, encryptionKey } });
const plain: Partial<AppConfiguration> = { metadata: { mode: MetadataMode.NoEncryption } };

/** A device with a user in a metadata file of this kind, the app closed. */
async function deviceWith(changes: Partial<AppConfiguration>): Promise<{ device: TestDevice; bytes: () => Buffer }> {
  const device = new TestDevice(await startServer());
  const app = await device.start(changes);
  await app.logIn(Credentials.function({ name: "ada" }));
  app.close();
  return { device, bytes: () => readFileSync(device.metadataPath) };
}

it("is encrypted under a key of the device's key store if nothing is said, and opens before anyone has logged in", async () => {
  const device = new TestDevice(await startServer());
  const app = await device.start();
  expect(app.allUsers).toEqual({});
  expect(existsSync(device.metadataPath)).toBe(true);
  expect((await device.keys.read({ name: "app/clinic/metadata" }))?.length).toBe(64);
  expect(readFileSync(device.metadataPath).includes("UserMetadata")).toBe(false);
});

it("a wrong, a missing and a superfluous key are refused with a code of their own, and not a byte changes", async () => {
  const key = randomBytes(64);
  const encrypted = await deviceWith(own(key));
  const open = await deviceWith(plain);
  const cases: [typeof encrypted, Partial<AppConfiguration>, string][] = [
    [encrypted, own(randomBytes(64)), "KEY_WRONG"],
    [encrypted, plain, "KEY_MISSING"],
    [open, own(key), "KEY_SUPERFLUOUS"],
    // The file was made under another key than the store's, which has none for it.
    [encrypted, {}, "KEY_LOST"],
    [open, {}, "KEY_LOST"],
    [encrypted, own(randomBytes(63)), "KEY_INVALID"],
  ];
  for (const [{ device, bytes }, changes, code] of cases) {
    const before = bytes();
    expect(await codeOf(device.start(changes))).toBe(code);
    expect(bytes().equals(before)).toBe(true);
  }
  expect(Object.keys((await encrypted.device.start(own(key))).allUsers).length).toBe(1);
  expect(Object.keys((await open.device.start(plain)).allUsers).length).toBe(1);
});

it("the key store's key for another file is KEY_MISMATCH; a store without its entry is KEY_LOST; the users are there once the key is", async () => {
  const { device, bytes } = await deviceWith({});
  const before = bytes();
  const key = await device.keys.read({ name: "app/clinic/metadata" });
  await device.keys.remove({ name: "app/clinic/metadata" });
  expect(await codeOf(device.start())).toBe("KEY_LOST");
  await device.keys.adopt({ name: "app/clinic/metadata", key: randomBytes(64) });
  expect(await codeOf(device.start())).toBe("KEY_MISMATCH");
  expect(bytes().equals(before)).toBe(true);
  await device.keys.remove({ name: "app/clinic/metadata" });
  await device.keys.adopt({ name: "app/clinic/metadata", key: key as Uint8Array });
  expect((await device.start()).currentUser?.isLoggedIn).toBe(true);
});

it("an app that failed to open opens once the key is right, without being made anew", async () => {
  const { device } = await deviceWith({});
  const key = (await device.keys.read({ name: "app/clinic/metadata" })) as Uint8Array;
  await device.keys.remove({ name: "app/clinic/metadata" });
  const app = device.make();
  expect(await codeOf(app.ready())).toBe("KEY_LOST");
  await device.keys.adopt({ name: "app/clinic/metadata", key });
  await app.ready();
  expect(app.currentUser?.isLoggedIn).toBe(true);
  app.close();
});

it("in memory nothing is written, and the next start knows nobody", async () => {
  const device = new TestDevice(await startServer());
  const inMemory: Partial<AppConfiguration> = { metadata: { mode: MetadataMode.InMemory } };
  const app = await device.start(inMemory);
  await app.logIn(Credentials.function({ name: "ada" }));
  expect([app.currentUser?.isLoggedIn, existsSync(device.metadataPath)]).toEqual([true, false]);
  expect((await device.start(inMemory)).currentUser).toBeNull();
});

it("without a key store and without a word on encryption the app does not open", async () => {
  const device = new TestDevice(await startServer());
  expect(await codeOf(device.start({ keys: undefined as never }))).toBe("KEY_STORE_MISSING");
  expect(existsSync(device.metadataPath)).toBe(false);
});

it("with a key of its own or without encryption it opens at the first question, as with Realm", async () => {
  const { device } = await deviceWith(plain);
  const app = device.make(plain);
  expect(app.currentUser?.isLoggedIn).toBe(true);
  app.close();
});

it("a file of before apps could be moved is taken over, with its users", async () => {
  const { device } = await deviceWith(plain);
  // As that version had it: schema version 0, and an app without an address.
  const path = `${device.folder}/old.realm`;
  const now = new Realm({ path: device.metadataPath });
  const schema = now.schema.map(({ name, primaryKey, properties }) => ({ name, primaryKey, properties: Object.fromEntries(Object.entries(properties).flatMap(([field, { type, optional }]) => (field.startsWith("baseUrl") ? [] : [[field, `${type}${optional ? "?" : ""}`]]))) }));
  const old = new Realm({ path, schema: schema as never });
  old.write(() => {
    for (const { name } of schema) for (const row of now.objects(name)) old.create(name, Object.fromEntries(Object.entries(row.toJSON()).filter(([field]) => !field.startsWith("baseUrl"))));
  });
  now.close();
  old.close();
  Realm.deleteFile({ path: device.metadataPath });
  renameSync(path, device.metadataPath);
  expect(Realm.schemaVersion(device.metadataPath)).toBe(0);
  const app = await device.start(plain);
  expect([app.currentUser?.isLoggedIn, Realm.schemaVersion(device.metadataPath)]).toEqual([true, 1]);
  await app.updateBaseUrl("https://elsewhere.example.org");
  expect((await device.start(plain)).baseUrl).toBe("https://elsewhere.example.org");
});
