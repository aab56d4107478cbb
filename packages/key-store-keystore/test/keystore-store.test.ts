import { inspect } from "node:util";
import { DatabaseKeys } from "@holdfast/key-store";
import { enterWebView, loadCapacitorSecureStorage, loadExpoSecureStore, loadReactNativeKeychain, newAndroidPhone, preferenceFiles } from "@holdfast/simulated-phones";
import type { AndroidPhone } from "@holdfast/simulated-phones";
import { beforeEach, describe, expect, it } from "vitest";
import { androidError } from "../src/android-errors.ts";
import { capacitorSecureStorage, expoSecureStore, openKeystoreStore, reactNativeKeychain } from "../src/index.ts";
import { BACKENDS, outcome } from "./phones.ts";

// Other files of the same process may have entered another one.
beforeEach(() => enterWebView("android"));

const name = "clinic";
const killed = (phone: AndroidPhone): void => preferenceFiles(phone).forEach((file) => file.reload());

describe.each(Object.entries(BACKENDS))("%s, simulated", (library, backend) => {
  const open = async (options: Omit<Parameters<typeof openKeystoreStore>[0], "backend"> = {}): Promise<Awaited<ReturnType<typeof openKeystoreStore>>> => openKeystoreStore({ backend, ...options });

  it("keeps entries, tells names apart, lists and deletes its own alone", async () => {
    const phone = newAndroidPhone();
    const [store, other] = [await open(), await open({ storageNamespace: "holdfast.other" })];
    for (const entry of ["a", "A", "ключ", "a/b"]) await store.write(entry, entry);
    await other.write("a", "other");
    await store.write("a", "2");
    expect([...(await store.readAll()).entries.keys()].toSorted()).toEqual(["A", "a", "a/b", "ключ"]);
    await store.deleteAll();
    expect([await store.read("a"), await other.readText("a"), (await store.readAll()).entries.size]).toEqual([null, "other", 0]);
    expect(phone.keystore.promptCount).toBe(0);
  });

  it("a restored backup without the Keystore's keys is KEY_LOST with a database; without one a new key is made where the application says so", async () => {
    const phone = newAndroidPhone();
    const keys = new DatabaseKeys({ store: await open() });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    phone.keystore.aliases.clear();
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    const second = await keys.getOrCreate({ name, databaseExists: false, whenDatabaseIsGone: "replace" });
    expect(second).not.toEqual(key);
    expect(await new DatabaseKeys({ store: await open() }).getOrCreate({ name, databaseExists: true })).toEqual(second);
  });

  it("the recovery text brings a lost key back", async () => {
    const phone = newAndroidPhone();
    const keys = new DatabaseKeys({ store: await open() });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase: "correct horse", cost: { memoryKib: 8192, iterations: 1, parallelism: 1 } });
    phone.keystore.aliases.clear();
    const check = (candidate: Uint8Array): boolean => Buffer.compare(candidate, key) === 0;
    expect(await keys.importRecovery({ name, recovery, passphrase: "correct horse", check })).toEqual(key);
    expect(await keys.getOrCreate({ name, databaseExists: true, check })).toEqual(key);
  });

  it("a reinstall leaves nothing", async () => {
    const phone = newAndroidPhone();
    await new DatabaseKeys({ store: await open() }).getOrCreate({ name, databaseExists: false });
    phone.keystore.aliases.clear();
    for (const file of preferenceFiles(phone)) file.commit((values) => values.clear());
    const keys = new DatabaseKeys({ store: await open() });
    expect(await outcome(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect((await keys.getOrCreate({ name, databaseExists: false })).length).toBe(64);
  });

  it(`killed right after a key was made: ${library === "capacitor-secure-storage" ? "the entry may be gone (apply), which is KEY_LOST and never another key" : "the entry is on the disk"}`, async () => {
    const phone = newAndroidPhone();
    const key = await new DatabaseKeys({ store: await open() }).getOrCreate({ name, databaseExists: false });
    killed(phone);
    const answer = await outcome(new DatabaseKeys({ store: await open() }).getOrCreate({ name, databaseExists: true }));
    expect(answer).toEqual(library === "capacitor-secure-storage" ? "KEY_LOST" : key);
  });

  it("resetOnError deletes what cannot be decrypted, and only when it was asked for", async () => {
    const phone = newAndroidPhone();
    await (await open()).write("a", "1");
    phone.keystore.aliases.clear();
    const resetting = await open({ resetOnError: true });
    expect([await resetting.read("a"), await resetting.containsKey("a")]).toEqual([null, false]);
    await resetting.write("a", "2");
    expect([await (await open()).readText("a"), await outcome(new DatabaseKeys({ store: resetting }).getOrCreate({ name, databaseExists: true }))]).toEqual(["2", "KEY_LOST"]);
  });

  it("a Keystore that cannot be used now is STORE_LOCKED, and nothing is created", async () => {
    const phone = newAndroidPhone();
    const keys = new DatabaseKeys({ store: await open() });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    phone.keystore.isLocked = true;
    expect([await outcome(keys.getOrCreate({ name, databaseExists: true })), await outcome(keys.getOrCreate({ name: "new", databaseExists: false }))]).toEqual(["STORE_LOCKED", "STORE_LOCKED"]);
    phone.keystore.isLocked = false;
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
  });

  it("no error or printed store holds the key", async () => {
    const phone = newAndroidPhone();
    const store = await open();
    const keys = new DatabaseKeys({ store });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    phone.keystore.aliases.clear();
    const error = await keys.getOrCreate({ name, databaseExists: true }).catch((reason: unknown) => reason);
    const printed = [error, store, keys].map((value) => inspect(value, { depth: 9, showHidden: true })).join("");
    for (const form of ["base64url", "hex"] as const) expect(printed).not.toContain(Buffer.from(key.subarray(0, 16)).toString(form).slice(0, 16));
  });
});

describe.each(["react-native-keychain", "expo-secure-store"])("%s with biometrics, simulated", (library) => {
  const open = () => openKeystoreStore({ backend: BACKENDS[library] as never, enforceBiometrics: true });

  it("a dismissed prompt is USER_CANCELED, and the next one works", async () => {
    const phone = newAndroidPhone();
    const store = await open();
    await store.write("a", "1");
    phone.keystore.cancelsNextPrompt = true;
    expect([await outcome(store.read("a")), await store.readText("a")]).toEqual(["USER_CANCELED", "1"]);
    phone.keystore.cancelsNextPrompt = true;
    expect([await outcome(store.write("b", "1")), await store.read("b")]).toEqual(["USER_CANCELED", null]);
  });

  it("containsKey and deleting ask for nothing", async () => {
    const phone = newAndroidPhone();
    const store = await open();
    await store.write("a", "1");
    const before = phone.keystore.promptCount;
    expect([await store.containsKey("a"), await store.containsKey("b")]).toEqual([true, false]);
    await store.delete("a");
    expect([phone.keystore.promptCount - before, await store.containsKey("a")]).toEqual([0, false]);
  });

  it("an invalidated key is AUTH_INVALIDATED, not lost; writing one entry anew takes no other along", async () => {
    const phone = newAndroidPhone();
    const store = await open();
    await store.write("a", "1");
    await store.write("b", "2");
    phone.keystore.changeBiometrics();
    expect([await outcome(store.read("a")), await outcome(store.read("b"))]).toEqual(["AUTH_INVALIDATED", "AUTH_INVALIDATED"]);
    const count = phone.expoPreferences.memory.size + phone.dataStore.memory.size;
    await store.delete("a");
    await store.write("a", "3");
    expect([await store.readText("a"), await outcome(store.read("b")), phone.expoPreferences.memory.size + phone.dataStore.memory.size]).toEqual(["3", "AUTH_INVALIDATED", count]);
    const keys = new DatabaseKeys({ store });
    await keys.getOrCreate({ name, databaseExists: false });
    phone.keystore.changeBiometrics();
    expect([await outcome(keys.getOrCreate({ name, databaseExists: true })), await outcome(keys.getOrCreate({ name, databaseExists: false }))]).toEqual(["AUTH_INVALIDATED", "AUTH_INVALIDATED"]);
  });
});

describe("what stands in the way of opening", () => {
  it("an Apple system, a browser and a missing native half are STORE_UNAVAILABLE: nothing stands in", async () => {
    const capacitor = await loadCapacitorSecureStorage("android");
    const unavailable = [
      reactNativeKeychain(await loadReactNativeKeychain("ios")),
      expoSecureStore(await loadExpoSecureStore("ios")),
      expoSecureStore({ ...(await loadExpoSecureStore("android")), isAvailableAsync: async () => false }),
    ];
    for (const backend of unavailable) expect(await outcome(openKeystoreStore({ backend }))).toBe("STORE_UNAVAILABLE");
    for (const view of ["browser", "ios"] as const) {
      enterWebView(view);
      expect(await outcome(openKeystoreStore({ backend: capacitorSecureStorage(capacitor) }))).toBe("STORE_UNAVAILABLE");
    }
    enterWebView("android");
  });

  it("capacitor-secure-storage: another key prefix is found out, and a stated one is right", async () => {
    newAndroidPhone();
    const capacitor = await loadCapacitorSecureStorage("android");
    const store = await openKeystoreStore({ backend: capacitorSecureStorage(capacitor) });
    await store.write("a", "1");
    await capacitor.SecureStorage.setKeyPrefix("mine_");
    expect(await outcome(store.read("a"))).toBe("STORE_UNAVAILABLE");
    const mine = await openKeystoreStore({ backend: capacitorSecureStorage(capacitor), preferencesKeyPrefix: "mine_" });
    await mine.write("a", "2");
    await capacitor.SecureStorage.setKeyPrefix("capacitor-storage_");
    expect([await store.readText("a"), await outcome(mine.read("a"))]).toEqual(["1", "STORE_UNAVAILABLE"]);
  });

  it("capacitor-secure-storage: a text like a date stays a text", async () => {
    newAndroidPhone();
    const { SecureStorage } = await loadCapacitorSecureStorage("android");
    await SecureStorage.set("date", "2026-01-01T00:00:00.000Z");
    expect([await SecureStorage.get("date"), await SecureStorage.get("date", false)]).toEqual([new Date(Date.UTC(2026, 0, 1)), "2026-01-01T00:00:00.000Z"]);
  });
});

it.each([
  // react-native-keychain 10.0.0.
  [{ code: "E_CRYPTO_FAILED", message: "Decryption failed: Authentication tag verification failed. This usually indicates ..." }, "KEY_LOST"],
  [{ code: "E_CRYPTO_FAILED", message: "Wrapped error: error:1e000065:Cipher functions:OPENSSL_internal:BAD_DECRYPT" }, "KEY_LOST"],
  [{ code: "E_CRYPTO_FAILED", message: "Wrapped error: Key permanently invalidated" }, "AUTH_INVALIDATED"],
  [{ code: "E_CRYPTO_FAILED", message: "code: 10, msg: Fingerprint operation cancelled by user." }, "USER_CANCELED"],
  [{ code: "E_CRYPTO_FAILED", message: "code: 13, msg: Cancel" }, "USER_CANCELED"],
  [{ code: "E_CRYPTO_FAILED", message: "code: 7, msg: Too many attempts. Try again later." }, "STORE_LOCKED"],
  [{ code: "E_CRYPTO_FAILED", message: "code: 11, msg: No fingerprints enrolled." }, "STORE_UNAVAILABLE"],
  [{ code: "E_CRYPTO_FAILED", message: "code: 8, msg: Vendor." }, "IO"],
  [{ code: "E_CRYPTO_FAILED", message: "Wrapped error: User not authenticated" }, "STORE_LOCKED"],
  [{ code: "E_CRYPTO_FAILED", message: "Cannot generate keys with required security guarantees" }, "UNSUPPORTED_OPTION"],
  [{ code: "E_CRYPTO_FAILED", message: "Cipher Storage is too weak. Required security level is: SECURE_HARDWARE, but only ANY is provided" }, "UNSUPPORTED_OPTION"],
  [{ code: "E_CRYPTO_FAILED", message: "Wrapped error: java.lang.IllegalStateException: Secure lock screen must be enabled to create keys requiring user authentication" }, "STORE_UNAVAILABLE"],
  [{ code: "E_KEYSTORE_ACCESS_ERROR", message: "Could not access Keystore" }, "STORE_UNAVAILABLE"],
  [{ code: "E_KEYSTORE_ACCESS_ERROR", message: "Wrong cipher storage name 'x' or cipher not available" }, "KEY_CORRUPT"],
  [{ code: "E_UNKNOWN_ERROR", message: "Not assigned current activity" }, "STORE_LOCKED"],
  [{ code: "E_UNKNOWN_ERROR", message: "what nobody has seen" }, "IO"],
  [{ code: "E_EMPTY_PARAMETERS", message: "you passed empty or null username/password" }, "IO"],
  // Its later releases.
  [{ code: "E_AUTH_CANCELED", message: "" }, "USER_CANCELED"],
  [{ code: "E_AUTH_INVALIDATED", message: "" }, "AUTH_INVALIDATED"],
  [{ code: "E_KEY_PERMANENTLY_INVALIDATED", message: "" }, "AUTH_INVALIDATED"],
  [{ code: "E_BIOMETRIC_LOCKOUT_PERMANENT", message: "" }, "STORE_LOCKED"],
  [{ code: "E_BIOMETRIC_NOT_ENROLLED", message: "" }, "STORE_UNAVAILABLE"],
  [{ code: "E_INTERNAL_ERROR", message: "Decryption failed: Authentication tag verification failed." }, "KEY_LOST"],
  [{ code: "E_STORAGE_ACCESS_ERROR", message: "" }, "IO"],
  // expo-secure-store 57.
  [{ code: "ERR_AUTHENTICATION", message: "…\n→ Caused by: Could not Authenticate the user: User canceled the authentication. Cancel" }, "USER_CANCELED"],
  [{ code: "ERR_AUTHENTICATION", message: "…\n→ Caused by: Could not Authenticate the user: Lockout. Too many attempts." }, "STORE_LOCKED"],
  [{ code: "ERR_AUTHENTICATION", message: "…\n→ Caused by: Could not Authenticate the user: No biometrics are currently enrolled" }, "STORE_UNAVAILABLE"],
  [{ code: "ERR_AUTHENTICATION", message: "…\n→ Caused by: Could not Authenticate the user: Authentication is already in progress" }, "STORE_LOCKED"],
  [{ code: "ERR_AUTHENTICATION", message: "…\n→ Caused by: Could not Authenticate the user: Cannot display biometric prompt when the app is not in the foreground" }, "STORE_LOCKED"],
  [{ code: "ERR_DECRYPT", message: "Could not decrypt the value for key 'a' under keychain 'b'. Caused by: Could not parse the encrypted JSON item in SecureStore: x" }, "KEY_CORRUPT"],
  [{ code: "ERR_DECRYPT", message: "Could not decrypt the value for key 'a' under keychain 'b'. Caused by: null" }, "IO"],
  [{ code: "ERR_ENCRYPT", message: "Encryption Failed. The key a has been permanently invalidated and cannot be reinitialized" }, "AUTH_INVALIDATED"],
  [{ code: "ERR_KEY_STORE", message: "An error occurred when accessing the keystore: x" }, "STORE_UNAVAILABLE"],
  [{ code: "ERR_WRITE", message: "An error occurred when writing to key" }, "IO"],
  // capacitor-secure-storage 8.0.1.
  [{ code: "osError", message: "An OS error occurred (AEADBadTagException)" }, "KEY_CORRUPT"],
  [{ code: "osError", message: "An OS error occurred (KeyPermanentlyInvalidatedException)" }, "AUTH_INVALIDATED"],
  [{ code: "osError", message: "An OS error occurred (UserNotAuthenticatedException)" }, "STORE_LOCKED"],
  [{ code: "osError", message: "An OS error occurred (UnrecoverableKeyException)" }, "IO"],
  [{ code: "invalidData", message: "The data in the store is in an invalid format" }, "KEY_CORRUPT"],
  ["a text", "IO"],
  [undefined, "IO"],
])("the error %j is %s, with its cause", (error, code) => {
  const mapped = androidError("library", error);
  expect([mapped.code, mapped.cause]).toEqual([code, error]);
});
