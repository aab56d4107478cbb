/**
 * What an application can ask of a store on Android, under flutter_secure_storage's names.
 *
 * A backend takes what its library can do; everything else is `UNSUPPORTED_OPTION` when the store is opened. Nothing is ignored.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";

/** How entries are encrypted. */
export type StorageCipherAlgorithm = "AES_GCM_NoPadding" | "AES_CBC_PKCS7Padding";
/** What opens a guarded entry. */
export type BiometricType = "biometricOrDeviceCredential" | "strongBiometricOnly";
/** What has to guard the Keystore's key at least, where the library can demand it. */
export type SecurityLevel = "any" | "secure_software" | "secure_hardware";

/** Options of a store on Android, given once, when the store is opened. */
export interface KeystoreOptions {
  /** Keeps several stores of one application apart. Default "holdfast". */
  readonly storageNamespace?: string;
  /** True deletes entries that the platform cannot decrypt, and reads them as missing. Default false: their loss is reported. */
  readonly resetOnError?: boolean;
  /** Default "AES_GCM_NoPadding", pinned: left alone, one of the libraries would choose by what the device has. */
  readonly storageCipherAlgorithm?: StorageCipherAlgorithm;
  /** Every access asks the user. Default false. */
  readonly enforceBiometrics?: boolean;
  /** With `enforceBiometrics`. Default: what the library has. */
  readonly biometricType?: BiometricType;
  readonly biometricPromptTitle?: string;
  readonly biometricPromptSubtitle?: string;
  readonly biometricPromptNegativeButton?: string;
  readonly securityLevel?: SecurityLevel;
  /** The key prefix that the application gave to the library. */
  readonly preferencesKeyPrefix?: string;
  readonly sharedPreferencesName?: string;
  readonly keyCipherAlgorithm?: string;
  readonly encryptedSharedPreferences?: boolean;
  readonly migrateOnAlgorithmChange?: boolean;
  readonly migrateWithBackup?: boolean;
  readonly requireBiometricConfirmation?: boolean;
}

/** The options that are always understood, by every backend. */
export interface ResolvedOptions {
  readonly storageNamespace: string;
  readonly storageCipherAlgorithm: StorageCipherAlgorithm;
  readonly isGuarded: boolean;
  readonly biometricPromptTitle: string | undefined;
  readonly biometricPromptSubtitle: string | undefined;
  readonly securityLevel: SecurityLevel | undefined;
}

/** What a library can do beyond what all can. */
export interface Features {
  readonly options: readonly (keyof KeystoreOptions)[];
  readonly ciphers: readonly StorageCipherAlgorithm[];
  /** What a prompt of the library accepts. */
  readonly biometricType?: BiometricType;
}

const ALWAYS: readonly string[] = ["storageNamespace", "resetOnError", "storageCipherAlgorithm"];
const LEVELS: readonly string[] = ["any", "secure_software", "secure_hardware"];

/**
 * Checks the options against what a library can do.
 *
 * @throws {KeyStoreError} `UNSUPPORTED_OPTION`, also for options that exclude each other.
 */
export function resolveOptions(backend: string, options: KeystoreOptions, features: Features): ResolvedOptions {
  for (const [name, value] of Object.entries(options)) {
    const asksNothing = value === undefined || (name === "enforceBiometrics" && value === false);
    if (!asksNothing && !ALWAYS.includes(name) && !(features.options as readonly string[]).includes(name)) throw unsupported(`${backend} has no way to set "${name}" on Android`);
  }
  const { storageNamespace = "holdfast", storageCipherAlgorithm = "AES_GCM_NoPadding", enforceBiometrics = false, biometricType, securityLevel, biometricPromptTitle, biometricPromptSubtitle } = options;
  if (!/^[\w.-]{1,100}$/u.test(storageNamespace)) throw new KeyStoreError("NAME_INVALID", "storageNamespace has 1 to 100 letters, digits, dots, dashes and underscores");
  for (const name of ["resetOnError", "enforceBiometrics"] as const) if (options[name] !== undefined && typeof options[name] !== "boolean") throw unsupported(`${name} is true or false`);
  if (!features.ciphers.includes(storageCipherAlgorithm)) throw unsupported(`${backend} does not encrypt with ${String(storageCipherAlgorithm)}; it has ${features.ciphers.join(", ")}`);
  if (biometricType !== undefined && biometricType !== features.biometricType) throw unsupported(`${backend} cannot demand "${String(biometricType)}"; its prompts are "${String(features.biometricType)}"`);
  if (securityLevel !== undefined && !LEVELS.includes(securityLevel)) throw unsupported(`there is no security level "${String(securityLevel)}"`);
  if (!enforceBiometrics && (biometricType ?? biometricPromptTitle ?? biometricPromptSubtitle) !== undefined) throw unsupported("an option of the biometric prompt was given without enforceBiometrics: there would be no prompt");
  if (enforceBiometrics && storageCipherAlgorithm !== "AES_GCM_NoPadding") throw unsupported("guarded entries are encrypted with AES_GCM_NoPadding");
  return { storageNamespace, storageCipherAlgorithm, isGuarded: enforceBiometrics, biometricPromptTitle, biometricPromptSubtitle, securityLevel };
}

/** Every option is given when the store is opened. @throws {KeyStoreError} `UNSUPPORTED_OPTION` */
export function refuseOperationOptions(backend: string, options: object): void {
  const [first] = Object.keys(options);
  if (first !== undefined) throw unsupported(`"${first}" is given when the store is opened, not with an operation (${backend})`);
}

/** An option that cannot be had. */
export function unsupported(sentence: string): KeyStoreError {
  return new KeyStoreError("UNSUPPORTED_OPTION", sentence);
}
