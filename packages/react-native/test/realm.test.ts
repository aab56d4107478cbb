/**
 * Realm's API over the platform: what an application on a phone does, over simulated native halves.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import { StoreError } from "@holdfast/storage-engine";
import { NodeVolume } from "@holdfast/storage-engine/node";
import { afterEach, describe, expect, it } from "vitest";
import { createReactNativePlatform, setPlatform } from "../src/index.ts";
import { newPhone, quickCrypto, SANDBOX, startedModule, startedPlatform, SYSTEMS, TEST_KEY } from "./phones.ts";

const Task = { name: "Task", primaryKey: "id", properties: { id: "int", title: "string", done: { type: "bool", default: false } } };
const folders: string[] = [];

afterEach(() => {
  setPlatform(undefined);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

function titles(realm: Realm): string[] {
  return realm.objects("Task").map((task) => String(task["title"])).toSorted();
}

describe.each(SYSTEMS)("Realm on %s, simulated", (system) => {
  const start = (options: object = {}): void => {
    newPhone(system);
    setPlatform(startedPlatform(system, options));
  };

  it.each([["with the native cipher", {}], ["with the portable one", { crypto: undefined }]])("writes, closes and reads again, %s", (_name, options) => {
    start(options);
    let realm = new Realm({ path: "default.realm", schema: [Task], encryptionKey: TEST_KEY });
    expect(realm.path).toBe(`${SANDBOX[system]}/default.realm`);
    realm.write(() => realm.create("Task", { id: 1, title: "one" }));
    realm.close();
    setPlatform(startedPlatform(system, options));
    realm = new Realm({ path: "default.realm", schema: [Task], encryptionKey: TEST_KEY });
    expect(titles(realm)).toEqual(["one"]);
    realm.close();
    expect(codeOf(() => new Realm({ path: "default.realm", schema: [Task], encryptionKey: Realm.generateEncryptionKey() }))).toBe("KEY_WRONG");
    Realm.deleteFile({ path: "default.realm" });
    expect(Realm.exists({ path: "default.realm" })).toBe(false);
  });

  it("[R-12.5] shares a file between handles of the process, and tells one of the other's commits", async () => {
    start();
    const configuration = { path: "deep/er/shared.realm", schema: [Task], encryptionKey: TEST_KEY };
    const one = new Realm(configuration);
    const two = new Realm(configuration);
    const heard = new Promise<number>((resolve) => two.objects("Task").addListener((tasks) => void (tasks.length > 0 && resolve(tasks.length))));
    one.write(() => one.create("Task", { id: 1, title: "one" }));
    expect(await heard).toBe(1);
    two.write(() => two.create("Task", { id: 2, title: "two" }));
    expect(titles(one)).toEqual(["one", "two"]);
    await one.writeAsync(() => one.create("Task", { id: 3, title: "three" }));
    expect(titles(two)).toHaveLength(3);
    one.close();
    two.close();
  });

  it("copies, re-keys and compacts in place", () => {
    start();
    const realm = new Realm({ path: "a.realm", schema: [Task], encryptionKey: TEST_KEY });
    realm.write(() => {
      for (let id = 0; id < 500; id += 1) realm.create("Task", { id, title: `task ${id}` });
    });
    realm.writeCopyTo({ path: "b.realm" });
    expect(codeOf(() => realm.writeCopyTo({ path: "b.realm" }))).toBe("TARGET_EXISTS");
    realm.write(() => realm.deleteAll());
    expect(realm.compact()).toBe(true);
    realm.close();
    const copy = new Realm({ path: "b.realm", schema: [Task] });
    expect(copy.objects("Task").length).toBe(500);
    copy.close();
  });

  it("refuses to write where nothing can be synced, until that is accepted", () => {
    newPhone(system);
    const fileSystem = startedModule(system);
    setPlatform(createReactNativePlatform({ fileSystem, crypto: quickCrypto }));
    const error: unknown = (() => {
      try {
        return new Realm({ path: "default.realm", schema: [Task] });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(StoreError);
    expect([(error as StoreError).code, (error as StoreError).message]).toEqual(["DURABILITY_MISSING", expect.stringMatching(/power cut.*durability: "process-death"/u)]);
    expect(Realm.exists({ path: "default.realm" })).toBe(false);
    setPlatform(createReactNativePlatform({ fileSystem, crypto: quickCrypto, durability: "process-death" }));
    new Realm({ path: "default.realm", schema: [Task] }).close();
    setPlatform(createReactNativePlatform({ fileSystem, crypto: quickCrypto }));
    const reader = new Realm({ path: "default.realm", schema: [Task], readOnly: true });
    expect(codeOf(() => reader.writeCopyTo({ path: "copy.realm" }))).toBe("DURABILITY_MISSING");
    reader.close();
    const inMemory = new Realm({ path: "memory.realm", schema: [Task], inMemory: true });
    expect(titles(inMemory)).toEqual([]);
    inMemory.close();
  });

  it("writes files that Node opens, and opens Node's", () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-react-native-"));
    folders.push(folder);
    const phone = (): void => {
      newPhone(system, new NodeVolume(), folder);
      setPlatform(startedPlatform(system));
    };
    const configuration = { schema: [Task], encryptionKey: TEST_KEY };
    phone();
    let realm = new Realm({ ...configuration, path: "x.realm" });
    realm.write(() => realm.create("Task", { id: 1, title: "phone" }));
    realm.close();
    setPlatform(undefined);
    realm = new Realm({ ...configuration, path: join(folder, "x.realm") });
    realm.write(() => realm.create("Task", { id: 2, title: "server" }));
    realm.close();
    phone();
    realm = new Realm({ ...configuration, path: "x.realm" });
    expect(titles(realm)).toEqual(["phone", "server"]);
    realm.close();
  });
});

describe("making the platform", () => {
  const fileSystem = startedModule("ios");

  it("needs a CSPRNG", () => {
    newPhone("ios");
    const { crypto } = globalThis;
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: undefined });
    try {
      expect(codeOf(() => createReactNativePlatform({ fileSystem }))).toBe("RANDOM_UNAVAILABLE");
      expect(codeOf(() => createReactNativePlatform({ fileSystem, randomBytes: (count) => new Uint8Array(count) }))).toBeUndefined();
    } finally {
      Object.defineProperty(globalThis, "crypto", { configurable: true, value: crypto });
    }
    expect(codeOf(() => createReactNativePlatform({ fileSystem, randomBytes: () => new Uint8Array(1) }))).toBe("RANDOM_UNAVAILABLE");
    expect(codeOf(() => createReactNativePlatform({ fileSystem }))).toBeUndefined();
  });

  it("refuses a crypto module that computes something else", () => {
    newPhone("ios");
    const crypto = { ...quickCrypto, createHmac: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }) };
    expect(codeOf(() => createReactNativePlatform({ fileSystem, crypto }))).toBe("CIPHER_UNFIT");
  });
});
