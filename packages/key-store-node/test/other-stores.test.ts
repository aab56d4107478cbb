import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseKeys, KeyStoreError, MemoryKeyStore } from "@holdfast/key-store";
import { afterEach, describe, expect, it } from "vitest";
import { chooseStore, environmentVariable, openElectronStore, openProvidedKeys, secretFile, systemdCredential } from "../src/index.ts";
import type { SafeStorage } from "../src/index.ts";
import { freshFolder, rejected } from "./support.ts";

const key = Uint8Array.from({ length: 64 }, (_, index) => index * 3);

describe("a provided key", () => {
  const folder = freshFolder();
  const path = join(folder, "clinic-key");
  mkdirSync(folder, { recursive: true });
  afterEach(() => {
    delete process.env["CREDENTIALS_DIRECTORY"];
    delete process.env["CLINIC_KEY"];
  });
  const read = async (source: ReturnType<typeof secretFile>): Promise<Uint8Array> =>
    new DatabaseKeys({ store: await openProvidedKeys({ databases: { clinic: source } }) }).getOrCreate({ name: "clinic", databaseExists: true });

  it.each([
    ["raw bytes", Buffer.from(key)],
    ["hex", Buffer.from(Buffer.from(key).toString("hex"))],
    ["base64 with a line end", Buffer.from(`${Buffer.from(key).toString("base64")}\n`)],
    ["base64url", Buffer.from(Buffer.from(key).toString("base64url"))],
  ])("is read from a secret file with %s", async (_what, content) => {
    writeFileSync(path, content);
    expect(await read(secretFile(path))).toEqual(key);
  });

  it("is refused in any other form, and never made or changed", async () => {
    for (const content of ["", "x".repeat(63), "x".repeat(65), "g".repeat(128)]) {
      writeFileSync(path, content);
      expect(await rejected(openProvidedKeys({ databases: { clinic: secretFile(path) } }))).toBe("KEY_CORRUPT");
    }
    writeFileSync(path, key);
    const store = await openProvidedKeys({ databases: { clinic: secretFile(path) } });
    const keys = new DatabaseKeys({ store });
    expect(await rejected(keys.getOrCreate({ name: "other", databaseExists: true }))).toBe("KEY_LOST");
    expect(await rejected(keys.getOrCreate({ name: "other", databaseExists: false }))).toBe("UNSUPPORTED_OPTION");
    expect(await rejected(keys.remove({ name: "clinic" }))).toBe("UNSUPPORTED_OPTION");
    expect(await rejected(store.write("anything", "value"))).toBe("UNSUPPORTED_OPTION");
  });

  it("is read from a systemd credential, and there is none outside of a unit", async () => {
    expect(await rejected(openProvidedKeys({ databases: { clinic: systemdCredential("clinic-key") } }))).toBe("STORE_UNAVAILABLE");
    process.env["CREDENTIALS_DIRECTORY"] = folder;
    writeFileSync(path, key);
    expect(await read(systemdCredential("clinic-key"))).toEqual(key);
    expect(await rejected(openProvidedKeys({ databases: { clinic: systemdCredential("../clinic-key") } }))).toBe("NAME_INVALID");
    expect(await rejected(openProvidedKeys({ databases: { clinic: systemdCredential("missing") } }))).toBe("STORE_UNAVAILABLE");
  });

  it("is read from an environment variable with a warning", async () => {
    expect(await rejected(openProvidedKeys({ databases: { clinic: environmentVariable("CLINIC_KEY") } }))).toBe("STORE_UNAVAILABLE");
    process.env["CLINIC_KEY"] = Buffer.from(key).toString("base64");
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    expect(await read(environmentVariable("CLINIC_KEY"))).toEqual(key);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(warnings[0]?.name).toBe("HoldfastKeyWarning");
    expect(warnings.map(String).join()).not.toContain(process.env["CLINIC_KEY"]);
  });
});

describe("a choice of stores", () => {
  const missing = async (): Promise<never> => Promise.reject(new KeyStoreError("STORE_UNAVAILABLE", "no keyring"));

  it("takes the first that is there, and says what it passed over", async () => {
    const store = new MemoryKeyStore();
    expect(await chooseStore([missing, async () => store, async () => new MemoryKeyStore()])).toEqual({ store, passedOver: ["no keyring"] });
    expect(await rejected(chooseStore([missing, missing]))).toBe("STORE_UNAVAILABLE");
  });

  it("does not go on after a store that is there and locked", async () => {
    const locked = async (): Promise<never> => Promise.reject(new KeyStoreError("STORE_LOCKED", "locked"));
    expect(await rejected(chooseStore([locked, async () => new MemoryKeyStore()]))).toBe("STORE_LOCKED");
  });
});

describe("Electron's safeStorage (simulated here: Electron does not run in these tests)", () => {
  const flip = (bytes: Uint8Array): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
  const simulated = (backend: string): SafeStorage => ({
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => backend,
    encryptString: (text) => flip(Buffer.from(text)),
    decryptString: (sealed) => {
      const text = flip(sealed).toString();
      if (!text.includes("\n")) throw new Error("Error while decrypting the ciphertext provided to safeStorage.decryptString.");
      return text;
    },
  });

  it("keeps entries, and names the backend", async () => {
    const folder = freshFolder();
    const store = await openElectronStore({ safeStorage: simulated("gnome_libsecret"), folder });
    await store.write("one", "1");
    expect(await (await openElectronStore({ safeStorage: simulated("gnome_libsecret"), folder })).readText("one")).toBe("1");
    expect(store.backend).toBe("electron-gnome_libsecret");
  });

  it("refuses basic_text and an unavailable keyring", async () => {
    expect(await rejected(openElectronStore({ safeStorage: simulated("basic_text"), folder: freshFolder() }))).toBe("STORE_UNAVAILABLE");
    expect(await rejected(openElectronStore({ safeStorage: { isEncryptionAvailable: () => false }, folder: freshFolder() }))).toBe("STORE_UNAVAILABLE");
  });

  it("uses the asynchronous calls where they are", async () => {
    const { encryptString, decryptString } = simulated("kwallet5");
    const safeStorage: SafeStorage = {
      isAsyncEncryptionAvailable: async () => true,
      encryptStringAsync: async (text) => (encryptString as (text: string) => Uint8Array)(text),
      decryptStringAsync: async (sealed) => ({ result: (decryptString as (sealed: Uint8Array) => string)(sealed) }),
    };
    const store = await openElectronStore({ safeStorage, folder: freshFolder() });
    await store.write("one", "1");
    expect(await store.readText("one")).toBe("1");
  });
});
