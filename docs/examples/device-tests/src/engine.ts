/**
 * The engine on this phone: the conformance suites over expo-file-system, once with react-native-quick-crypto and once with the portable cipher.
 *
 * @module
 */
import { getRandomValues } from "expo-crypto";
import * as FileSystem from "expo-file-system";
import { Platform } from "react-native";
import QuickCrypto from "react-native-quick-crypto";
import { runSuitesInApplication } from "../../../../conformance/src/platforms/phone-application.ts";
import type { PhoneModules } from "../../../../conformance/src/platforms/phone-application.ts";
import type { SuiteResult } from "../../../../conformance/src/suite.ts";

/** What came of all suites with one cipher. */
export interface EngineReport {
  readonly cipher: "react-native-quick-crypto" | "portable";
  readonly suites: readonly SuiteResult[];
}

const SEED = 54;
const CIPHERS: Readonly<Record<EngineReport["cipher"], PhoneModules>> = {
  "react-native-quick-crypto": { fileSystem: FileSystem, crypto: QuickCrypto },
  portable: { fileSystem: FileSystem, randomBytes: (count) => getRandomValues(new Uint8Array(count)) },
};

/** Runs them; tells of each suite as it ends. */
export async function runEngine(onSuite: (cipher: EngineReport["cipher"], result: SuiteResult) => void): Promise<readonly EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const cipher of ["react-native-quick-crypto", "portable"] as const) {
    const description = `React Native on ${Platform.OS} ${String(Platform.Version)}, expo-file-system, ${cipher}`;
    const suites = await runSuitesInApplication({ modules: CIPHERS[cipher], description, seed: SEED, onSuite: (result) => onSuite(cipher, result) });
    reports.push({ cipher, suites });
  }
  return reports;
}
