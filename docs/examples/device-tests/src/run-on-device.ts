/**
 * Runs the key stores' cases over both libraries, then the engine's suites over both ciphers, and saves the report as JSON.
 *
 * @module
 */
import { File, Paths } from "expo-file-system";
import { Platform } from "react-native";
import type { KeyStoreReport } from "../../../../conformance/src/key-stores/case.ts";
import { runKeyStoreCases } from "../../../../conformance/src/key-stores/run-cases.ts";
import type { SuiteResult } from "../../../../conformance/src/suite.ts";
import { deviceBindings } from "./bindings.ts";
import { runEngine } from "./engine.ts";
import type { EngineReport } from "./engine.ts";

/** What is saved. */
export interface DeviceReport {
  readonly system: string;
  readonly version: string;
  readonly isRelease: boolean;
  readonly startedAt: string;
  readonly stores: readonly KeyStoreReport[];
  readonly engine: readonly EngineReport[];
}

/** Who hears of what has ended. */
export interface DeviceProgress {
  onStore(report: KeyStoreReport): void;
  onSuite(cipher: EngineReport["cipher"], result: SuiteResult): void;
}

/** Where the report lies, for whoever sends it on. */
export interface SavedReport {
  readonly report: DeviceReport;
  readonly uri: string;
}

/** Runs everything; calls back after each store and each suite. */
export async function runOnDevice({ onStore, onSuite }: DeviceProgress): Promise<SavedReport> {
  const startedAt = new Date().toISOString();
  const stores: KeyStoreReport[] = [];
  for (const binding of deviceBindings()) {
    const report = await runKeyStoreCases(binding, { seed: 54, isLong: false });
    stores.push(report);
    onStore(report);
  }
  const engine = await runEngine(onSuite);
  const report: DeviceReport = { system: Platform.OS, version: String(Platform.Version), isRelease: !(globalThis as { __DEV__?: boolean }).__DEV__, startedAt, stores, engine };
  const file = new File(Paths.document, `holdfast-${Platform.OS}-${startedAt.replaceAll(":", "-")}.json`);
  file.create({ overwrite: true });
  file.write(JSON.stringify(report, undefined, 2));
  return { report, uri: file.uri };
}
