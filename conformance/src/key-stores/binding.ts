/**
 * What an adapter's binding hands to the key-store suite.
 *
 * How to bind an adapter:
 *
 * 1. Write `bindings/NAME.ts` with a function that returns a {@link KeyStoreBinding}, or {@link NotHere} with the reason why this machine cannot run it.
 *    `kind` is "simulated" if what lies under the adapter is not the real platform; say in `description` what it is, with its version.
 * 2. `openHome` makes an isolated, empty place (a keyring of its own, a folder, a browser profile, a fresh simulator). It is asked for once for most cases,
 *    which then use namespaces of their own, and once more for every case that spoils it.
 * 3. In the home, `open(namespace)` is required, and so is `restart` (the process, page or application ends and starts again). Every other member is optional: a
 *    case that needs one which is missing "does not apply". Where a store does have the property and the fault cannot be made here, give the reason in `notRun`.
 *    Where an adapter is real and one case's fault is not, name the case in `simulated`.
 * 4. Cases 40-43 and 47-52 differ between adapters: a binding that has them brings them as `ownCases`, built from the claims in `../claims.ts`.
 * 5. Name the binding in `registry.ts`. `run.ts --only key-stores` then runs it, and REPORT.md shows it. `--binding NAME` runs one alone.
 *
 * Everything here but the bindings is free of Node, so that the same cases run in a page or on a phone: call `runKeyStoreCases(binding, options)` there.
 *
 * @module
 */
import type { KeyStore, KeyWrap } from "@holdfast/key-store";
import type { CaseContext } from "./case.ts";

/** An adapter over one platform. */
export interface KeyStoreBinding {
  readonly name: string;
  /** Whether the platform under the adapter is the real one. */
  readonly kind: "real" | "simulated";
  /** What lies under the adapter, with its version; no path and no host name. */
  readonly description: string;
  /** What `store.backend` has to be: a store never stands in for another silently. */
  readonly backend: string;
  openHome(): Promise<KeyStoreHome>;
  /** Everything that printing a value would show. Default: its JSON. */
  inspect?(value: unknown): string;
  /** Cases whose fault is simulated although the store is real. */
  readonly simulated?: readonly number[];
  /** True if the binding is about a wrap over the store in memory: the cases about stores alone do not apply then. */
  readonly isWrap?: boolean;
  /** Cases that leave calls behind which never end: run after all others. */
  readonly lastCases?: readonly number[];
  /** True if one key takes so long that the cases with many keys (21, 46) belong to the long form. */
  readonly isSlow?: boolean;
  /** Why a case that would apply cannot be run here, by the case's number. */
  readonly notRun?: Readonly<Record<number, string>>;
  /** The adapter's own form of cases 40-43 and 47-52, by number. Each gets a home of its own. */
  readonly ownCases?: Readonly<Record<number, (context: CaseContext) => Promise<void>>>;
  /** Ends what all homes share. */
  cleanUp?(): Promise<void>;
}

/** Why there is no binding on this machine. */
export interface NotHere {
  readonly reason: string;
  /** True if this machine never could (another system); false if something has to be installed, which fails in CI. */
  readonly isOtherSystem: boolean;
}

/** An isolated, empty place for stores. */
export interface KeyStoreHome {
  /** Opens a store; stores of one namespace see the same entries. Namespaces are of `[a-z0-9.-]`, at most 40 characters. */
  open(namespace: string): Promise<KeyStore>;
  /** Ends everything that holds entries in memory and starts it again. Stores that were open are not used any more. */
  restart(): Promise<void>;
  cleanUp(): Promise<void>;
  /** How keys are put into their entries. Default: as they are. */
  readonly wraps?: readonly KeyWrap[];
  readonly raw?: RawAccess;
  readonly others?: OtherProcesses;
  readonly lock?: LockAccess;
  /** Takes the platform's store away altogether: no service, no API. */
  removeBackend?(): Promise<void>;
  /** Ways to damage what the platform keeps, below the adapter and outside of any entry. */
  readonly damages?: readonly BackingDamage[];
  /** Ends the service that keeps the entries, without a chance to tidy up. `revive` brings it back, usable; `flush` waits until it has written everything, where it writes late. */
  readonly service?: { kill(): Promise<void>; revive(): Promise<void>; flush?(): Promise<void> };
  /** Writes a second entry that matches an entry's name, as another program would. */
  plantDuplicate?(namespace: string, name: string): Promise<void>;
  /** Writes an entry into the same store, of another application, as close as the platform allows. @returns Whether it is there unchanged. */
  plantForeign?(namespace: string): Promise<() => Promise<boolean>>;
  /** From now on writes are answered with success and lost. @returns How to end that. */
  loseWrites?(): Promise<() => void>;
  /** The operating system invalidates the entry's key, as after a change of biometrics. */
  invalidate?(namespace: string, name: string): Promise<void>;
  /** The next prompt is dismissed by the user. */
  cancelNextPrompt?(): Promise<void>;
  /** A device restored from a backup: the database is there, the platform's keys are not, the sealed entries may be. */
  restoreWithoutKeys?(): Promise<void>;
  /** As the platform does when the application is removed and installed again; says what is left of the entries. */
  reinstall?(): Promise<"entries stay" | "entries go">;
}

/** The entries as the platform has them. */
export interface RawAccess {
  /** A text that differs after anything was written, changed or deleted in this home. */
  snapshot(): Promise<string>;
  /** Replaces what the platform keeps for an entry; the change flips bits, cuts or replaces, and keeps ASCII to ASCII. */
  alter(namespace: string, name: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void>;
}

/** Other processes, tabs or instances over the same home. */
export interface OtherProcesses {
  /** So many get or create a database's key, all at once, with `databaseExists: false`. @returns Each one's key in hex. */
  getOrCreate(namespace: string, name: string, count: number): Promise<string[]>;
  /** One starts `getOrCreate` and is killed inside of `databaseExists`, while it holds the lock. Resolves when it is gone. */
  dieHolding(namespace: string, name: string): Promise<void>;
  /** One creates the key and is killed after the store's create, before the caller has it. */
  dieCreating(namespace: string, name: string): Promise<void>;
  /** One gets or creates the keys `PREFIX0`, `PREFIX1`, ... and is killed after so many milliseconds. */
  dieWriting(namespace: string, prefix: string, afterMs: number): Promise<void>;
}

/** A store that can be locked. */
export interface LockAccess {
  lock(): Promise<void>;
  unlock(): Promise<void>;
}

/** One way to damage the platform's store. */
export interface BackingDamage {
  readonly title: string;
  /** What a database's key may then be answered with. */
  readonly codes: readonly string[];
  apply(): Promise<void>;
}
