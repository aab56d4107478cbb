import { DatabaseKeys } from "@holdfast/key-store";
import { enterWebView, loadCapacitorSecureStorage, loadExpoSecureStore, loadReactNativeKeychain, newIosPhone } from "@holdfast/simulated-phones";
import { beforeEach, describe, expect, it } from "vitest";
import { appleError } from "../src/apple-errors.ts";
import { capacitorSecureStorage, expoSecureStore, openKeychainStore, reactNativeKeychain } from "../src/index.ts";
import { BACKENDS, outcome } from "./phones.ts";

// Other files of the same process may have entered another one.
beforeEach(() => enterWebView("ios"));

const name = "clinic";

describe.each(Object.entries(BACKENDS))("%s, simulated", (library, backend) => {
  const open = async (options: Omit<Parameters<typeof openKeychainStore>[0], "backend"> = {}): Promise<Awaited<ReturnType<typeof openKeychainStore>>> => openKeychainStore({ backend, ...options });

  it("keeps entries, tells names apart, lists and deletes its own alone", async () => {
    const phone = newIosPhone();
    const [store, other] = [await open(), await open({ accountName: "holdfast.other" })];
    for (const entry of ["a", "A", "ключ", "a/b"]) await store.write(entry, entry);
    await other.write("a", "other");
    await store.write("a", "2");
    expect([...(await store.readAll()).entries.keys()].toSorted()).toEqual(["A", "a", "a/b", "ключ"]);
    await store.deleteAll();
    expect([await store.read("a"), await other.readText("a"), (await store.readAll()).entries.size]).toEqual([null, "other", 0]);
    expect(phone.keychain.promptCount).toBe(0);
  });

  it("a locked device is STORE_LOCKED and nothing is created; unlocked, all works", async () => {
    const phone = newIosPhone();
    const keys = new DatabaseKeys({ store: await open() });
    phone.keychain.state = "not unlocked since its start";
    expect(await outcome(keys.getOrCreate({ name, databaseExists: false }))).toBe("STORE_LOCKED");
    expect(phone.keychain.items).toEqual([]);
    // Without a list, a library that answers null to everything is not believed on a locked device.
    phone.keychain.state = library === "capacitor-secure-storage" ? "unlocked" : "locked";
    const key = await keys.getOrCreate({ name, databaseExists: false });
    phone.keychain.state = "locked";
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
    expect(await keys.read({ name: "none" })).toBeNull();
    phone.keychain.state = "not unlocked since its start";
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("STORE_LOCKED");
    phone.keychain.state = "unlocked";
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
  });

  it("an entry of a stricter class, from before the option was changed, is STORE_LOCKED on a locked device and not lost", async () => {
    const phone = newIosPhone();
    await (await open({ accessibility: "unlocked_this_device" })).write("old", "1");
    const store = await open();
    await store.write("new", "2");
    phone.keychain.state = "locked";
    // Where the list's item keeps the class that it was made with, the list is locked as well.
    expect([await outcome(store.read("old")), await outcome(store.readText("new"))]).toEqual(["STORE_LOCKED", "2"]);
    phone.keychain.state = "unlocked";
    expect(await store.readText("old")).toBe("1");
  });

  it("a device that locks while an entry is written over loses nothing", async () => {
    const phone = newIosPhone();
    const store = await open({ accessibility: "unlocked_this_device" });
    await store.write("a", "old");
    phone.keychain.state = "locked";
    expect(await outcome(store.write("a", "new"))).toBe("STORE_LOCKED");
    phone.keychain.state = "unlocked";
    phone.keychain.addStatus = -25308;
    if (library !== "expo-secure-store") expect(await outcome(store.write("a", "new"))).toBe("STORE_LOCKED");
    phone.keychain.addStatus = 0;
    expect(await store.readText("a")).toBe("old");
    await store.write("a", "new");
    expect(await store.readText("a")).toBe("new");
  });

  it("reinstall: the key outlives the application; another device's restore has none of this device's", async () => {
    const phone = newIosPhone();
    const key = await new DatabaseKeys({ store: await open() }).getOrCreate({ name, databaseExists: false });
    const keys = new DatabaseKeys({ store: await open() });
    expect(await keys.getOrCreate({ name, databaseExists: false })).toEqual(key);
    expect(await keys.getOrCreate({ name, databaseExists: false, whenDatabaseIsGone: "replace" })).not.toEqual(key);
    phone.keychain.restoreToOtherDevice();
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect((await keys.getOrCreate({ name, databaseExists: false })).length).toBe(64);
  });

  it("an entry that moves with backups does", async () => {
    const phone = newIosPhone();
    const keys = new DatabaseKeys({ store: await open({ accessibility: "first_unlock" }) });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    phone.keychain.restoreToOtherDevice();
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
  });

  it("without its passcode a device loses the entries of that class: AUTH_INVALIDATED", async () => {
    const phone = newIosPhone();
    const keys = new DatabaseKeys({ store: await open({ accessibility: "passcode" }) });
    await keys.getOrCreate({ name, databaseExists: false });
    phone.keychain.removePasscode();
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("AUTH_INVALIDATED");
  });

  it("no error, log line or printed store holds the key", async () => {
    const phone = newIosPhone();
    const store = await open();
    const keys = new DatabaseKeys({ store });
    await keys.getOrCreate({ name, databaseExists: false });
    const texts = phone.keychain.items.map(({ data }) => data).filter((data) => !data.includes("i1.")).map((data) => data.slice(20, 50));
    expect(texts.join("").length).toBeGreaterThan(29);
    phone.keychain.addStatus = -34018;
    const error = await store.write("x", "1").catch((reason: unknown) => reason);
    const { inspect } = await import("node:util");
    const printed = [error, store, keys].map((value) => inspect(value, { depth: 9, showHidden: true })).join("");
    for (const text of texts) if (text !== "") expect(printed).not.toContain(text);
  });
});

describe.each(["react-native-keychain", "expo-secure-store"])("%s with access control, simulated", (library) => {
  const open = () => openKeychainStore({ backend: BACKENDS[library] as never, accessControlFlags: ["biometryCurrentSet"] });

  it("a dismissed prompt is USER_CANCELED, and the next one works", async () => {
    const phone = newIosPhone();
    const store = await open();
    await store.write("a", "1");
    phone.keychain.cancelsNextPrompt = true;
    expect([await outcome(store.read("a")), await store.readText("a")]).toEqual(["USER_CANCELED", "1"]);
  });

  it("containsKey and deleting ask for nothing", async () => {
    const phone = newIosPhone();
    const store = await open();
    await store.write("a", "1");
    const before = phone.keychain.promptCount;
    expect([await store.containsKey("a"), await store.containsKey("b")]).toEqual([true, false]);
    await store.delete("a");
    expect([phone.keychain.promptCount - before, await store.containsKey("a")]).toEqual([0, false]);
  });

  it("a new finger is AUTH_INVALIDATED, not a lost key and never a new one; the recovery text brings the key back", async () => {
    const phone = newIosPhone();
    const keys = new DatabaseKeys({ store: await open() });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase: "correct horse", cost: { memoryKib: 8192, iterations: 1, parallelism: 1 } });
    phone.keychain.changeBiometrics();
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("AUTH_INVALIDATED");
    expect(await outcome(keys.getOrCreate({ name, databaseExists: false }))).toBe("AUTH_INVALIDATED");
    const isOurs = (candidate: Uint8Array): boolean => Buffer.compare(candidate, key) === 0;
    expect(await keys.importRecovery({ name, recovery, passphrase: "correct horse", check: isOurs })).toEqual(key);
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
  });
});

describe("what stands in the way of opening", () => {
  it("Android, a browser and a missing native half are STORE_UNAVAILABLE: nothing stands in", async () => {
    const capacitor = await loadCapacitorSecureStorage("ios");
    const unavailable = [
      reactNativeKeychain(await loadReactNativeKeychain("android")),
      expoSecureStore(await loadExpoSecureStore("android")),
      expoSecureStore({ ...(await loadExpoSecureStore("ios")), isAvailableAsync: async () => false }),
      reactNativeKeychain({ ...(await loadReactNativeKeychain("ios")), hasGenericPassword: () => (undefined as unknown as { has(): never }).has() }),
    ];
    for (const backend of unavailable) expect(await outcome(openKeychainStore({ backend }))).toBe("STORE_UNAVAILABLE");
    for (const view of ["browser", "android"] as const) {
      enterWebView(view);
      expect(await outcome(openKeychainStore({ backend: capacitorSecureStorage(capacitor) }))).toBe("STORE_UNAVAILABLE");
    }
    enterWebView("ios");
  });

  it("capacitor-secure-storage: another key prefix is found out, and a stated one is right", async () => {
    newIosPhone();
    const capacitor = await loadCapacitorSecureStorage("ios");
    const store = await openKeychainStore({ backend: capacitorSecureStorage(capacitor) });
    await store.write("a", "1");
    await capacitor.SecureStorage.setKeyPrefix("mine_");
    expect(await outcome(store.read("a"))).toBe("STORE_UNAVAILABLE");
    const mine = await openKeychainStore({ backend: capacitorSecureStorage({ ...capacitor, keyPrefix: "mine_" }) });
    await mine.write("a", "2");
    await capacitor.SecureStorage.setKeyPrefix("capacitor-storage_");
    expect([await store.readText("a"), await outcome(mine.read("a"))]).toEqual(["1", "STORE_UNAVAILABLE"]);
  });

  it("capacitor-secure-storage: what is no text of ours is KEY_CORRUPT", async () => {
    const phone = newIosPhone();
    const store = await openKeychainStore({ backend: BACKENDS["capacitor-secure-storage"] as never });
    await store.write("a", "1");
    const item = phone.keychain.items.find(({ account }) => account.includes("/me_")) as { data: string };
    for (const data of ["not json", '{"a":1}', '"2026-01-01T00:00:00.000Z"', "17"]) {
      item.data = data;
      expect(await outcome(store.read("a"))).toBe("KEY_CORRUPT");
    }
  });
});

it.each([
  // react-native-keychain 10.0.0: the status is the code.
  [{ code: "-25308", message: "User interaction is not allowed." }, "STORE_LOCKED"],
  [{ code: "-25293", message: "The user name or passphrase you entered is not correct." }, "STORE_LOCKED"],
  [{ code: "-128", message: "User canceled the operation." }, "USER_CANCELED"],
  [{ code: "-25291", message: "No keychain is available. You may need to restart your computer." }, "STORE_UNAVAILABLE"],
  [{ code: "-34018", message: "Internal error when a required entitlement isn't present." }, "STORE_UNAVAILABLE"],
  [{ code: "-26275", message: "Unable to decode the provided data." }, "KEY_CORRUPT"],
  [{ code: "-50", message: "One or more parameters passed to a function where not valid." }, "UNSUPPORTED_OPTION"],
  [{ code: "-5", message: "Passcode not set." }, "STORE_UNAVAILABLE"],
  [{ code: "-8", message: "Biometry is locked out." }, "STORE_LOCKED"],
  [{ code: "-36", message: "I/O error." }, "IO"],
  // Its later releases.
  [{ code: "E_AUTH_INTERACTION_NOT_ALLOWED", message: "User interaction is not allowed." }, "STORE_LOCKED"],
  [{ code: "E_AUTH_CANCELED", message: "User canceled the operation." }, "USER_CANCELED"],
  [{ code: "E_STORAGE_ACCESS_ERROR", message: "No keychain is available. You may need to restart your computer." }, "STORE_UNAVAILABLE"],
  [{ code: "E_STORAGE_ACCESS_ERROR", message: "Unable to decode the provided data." }, "KEY_CORRUPT"],
  [{ code: "E_STORAGE_ACCESS_ERROR", message: "I/O error." }, "IO"],
  [{ code: "E_INVALID_PARAMETERS", message: "Internal error when a required entitlement isn't present." }, "STORE_UNAVAILABLE"],
  [{ code: "E_INVALID_PARAMETERS", message: "Bad parameter or invalid state for operation." }, "UNSUPPORTED_OPTION"],
  [{ code: "E_BIOMETRIC_LOCKOUT", message: "" }, "STORE_LOCKED"],
  [{ code: "E_PASSCODE_NOT_SET", message: "" }, "STORE_UNAVAILABLE"],
  [{ code: "E_KEY_PERMANENTLY_INVALIDATED", message: "" }, "AUTH_INVALIDATED"],
  [{ code: "E_UNKNOWN_ERROR", message: "code: -25308, msg: x" }, "STORE_LOCKED"],
  // expo-secure-store 57: the text alone.
  [{ code: "ERR_KEY_CHAIN", message: "Calling the 'getValueWithKeyAsync' function has failed\n→ Caused by: User interaction is not allowed." }, "STORE_LOCKED"],
  [{ code: "ERR_KEY_CHAIN", message: "Calling the 'getValueWithKeyAsync' function has failed\n→ Caused by: A required entitlement isn't present." }, "STORE_UNAVAILABLE"],
  [{ code: "ERR_MISSING_PLIST_KEY", message: "Calling the 'setValueWithKeyAsync' function has failed" }, "STORE_UNAVAILABLE"],
  [{ code: "ERR_KEY_CHAIN", message: "Calling the 'getValueWithKeyAsync' function has failed\n→ Caused by: Unknown Keychain Error." }, "IO"],
  // capacitor-secure-storage 8.0.1.
  [{ code: "osError", message: "An OS error occurred (-25308)" }, "STORE_LOCKED"],
  [{ code: "osError", message: "An OS error occurred (-1)" }, "IO"],
  [{ code: "unknownError", message: "An unknown error occurred" }, "IO"],
  [{ code: "UNIMPLEMENTED", message: '"SecureStorage" plugin is not implemented on ios' }, "STORE_UNAVAILABLE"],
  ["a text", "IO"],
  [undefined, "IO"],
])("the error %j is %s, with its cause", (error, code) => {
  const mapped = appleError("library", error);
  expect([mapped.code, mapped.cause]).toEqual([code, error]);
});
