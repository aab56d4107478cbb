/** The 54 cases over the six phone adapters, simulated; and over one that is broken as the libraries invite to. */
import { StringKeyStore } from "@holdfast/key-store";
import { expect, it } from "vitest";
import { keychainBinding } from "../src/key-stores/bindings/keychain.ts";
import type { MobileLibrary } from "../src/key-stores/bindings/keychain.ts";
import { keystoreBinding } from "../src/key-stores/bindings/keystore.ts";
import type { KeyStoreReport } from "../src/key-stores/case.ts";
import { runKeyStoreCases } from "../src/key-stores/run-cases.ts";

const LIBRARIES: readonly MobileLibrary[] = ["react-native-keychain", "expo-secure-store", "capacitor-secure-storage"];
const options = { seed: 54, isLong: false } as const;
const failures = ({ cases }: KeyStoreReport): string[] => cases.filter(({ status }) => status === "failed").map(({ number, failure }) => `${number}: ${failure}`);

it.each(LIBRARIES.flatMap((library) => [keychainBinding(library), keystoreBinding(library)]))("$name passes, simulated, and says so", async (binding) => {
  const report = await runKeyStoreCases(binding, options);
  expect(failures(report)).toEqual([]);
  expect(new Set(report.cases.map(({ kind }) => kind))).toEqual(new Set(["simulated"]));
  expect(report.cases.filter(({ status }) => status === "passed").length).toBeGreaterThan(34);
});

it("an adapter that believes every null of capacitor-secure-storage fails", async () => {
  const broken = keychainBinding("capacitor-secure-storage", async ({ backend, ...given }) => new StringKeyStore(await backend.open(given)));
  expect(failures(await runKeyStoreCases(broken, options)).map((failure) => Number.parseInt(failure, 10))).toEqual(expect.arrayContaining([28, 29, 37]));
});
