/**
 * Cases: one numbered promise of all key stores each, and what comes of it over a binding.
 *
 * @module
 */
import type { DatabaseKeys, KeyStore } from "@holdfast/key-store";
import type { Random } from "../random.ts";
import type { KeyStoreBinding, KeyStoreHome } from "./binding.ts";

/** What a case is handed. */
export interface CaseContext {
  readonly binding: KeyStoreBinding;
  readonly home: KeyStoreHome;
  /** Of this case alone. */
  readonly namespace: string;
  readonly random: Random;
  /** True for the long form: as many values as the case was written for. */
  readonly isLong: boolean;
  /** Opens a store of the case's namespace, or of another; disposed of when the case ends. */
  open(namespace?: string): Promise<KeyStore>;
  /** The rules over a store, with the binding's wraps. */
  keysOf(store: KeyStore): DatabaseKeys;
  /** Says a number in the report, beside the verdict. */
  note(sentence: string): void;
}

/** One case. */
export interface KeyStoreCase {
  readonly number: number;
  readonly title: string;
  /** "every" adapter, or only those that "can". */
  readonly scope: "every" | "can";
  /** True if the case spoils its home. */
  readonly isAlone?: boolean;
  /** Why it does not apply to this binding; undefined if it does. */
  inapplicable?(home: KeyStoreHome, binding: KeyStoreBinding): string | undefined;
  run(context: CaseContext): Promise<void>;
}

/** What came of a case. */
export interface KeyStoreCaseResult {
  readonly number: number;
  readonly title: string;
  readonly status: "passed" | "failed" | "not run" | "does not apply";
  /** How it was run: over the real store or over a simulated one. */
  readonly kind: "real" | "simulated";
  /** Why it was not run or does not apply. */
  readonly reason?: string;
  readonly failure?: string;
  readonly notes: readonly string[];
}

/** What came of a binding. */
export interface KeyStoreReport {
  readonly adapter: string;
  readonly kind: "real" | "simulated";
  readonly description?: string;
  /** Why no case was run. */
  readonly reason?: string;
  /** True if a machine of this system never could run it. */
  readonly isOtherSystem?: boolean;
  readonly cases: readonly KeyStoreCaseResult[];
}

/** What came of all bindings; a run of its own, beside that of the suites over targets. */
export interface KeyStoresReport {
  readonly date: string;
  readonly command: string;
  readonly seed: number;
  readonly adapters: readonly KeyStoreReport[];
}
