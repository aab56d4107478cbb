/**
 * What an application can ask of Apple's keychain, under flutter_secure_storage's names.
 *
 * A backend takes what its library can do; everything else is `UNSUPPORTED_OPTION` when the store is opened. Nothing is ignored.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";

/** When an entry can be read, and whether it moves to other devices (not with `this_device` and `passcode`). */
export type Accessibility = "passcode" | "unlocked" | "unlocked_this_device" | "first_unlock" | "first_unlock_this_device";

/** The default: readable in the background once the device was unlocked after its start, never part of a backup that another device can open. */
export const DEFAULT_ACCESSIBILITY: Accessibility = "first_unlock_this_device";

/** What has to be shown before an entry is given; `and` and `or` join the others. */
export type AccessControlFlag = "devicePasscode" | "biometryAny" | "biometryCurrentSet" | "userPresence" | "watch" | "or" | "and" | "applicationPassword" | "privateKeyUsage";

/** Options of the keychain, given once, when the store is opened. */
export interface KeychainOptions {
  /** Names the entries' place: `kSecAttrService`, or the beginning of `kSecAttrAccount` where the library has no service. Default "holdfast". */
  readonly accountName?: string;
  /** Access group (`kSecAttrAccessGroup`), shared with the team's other applications and extensions. */
  readonly groupId?: string;
  /** Default {@link DEFAULT_ACCESSIBILITY}. */
  readonly accessibility?: Accessibility;
  /** Follows the user over iCloud Keychain. Default false. Not with a class of this device alone. */
  readonly synchronizable?: boolean;
  /** Default none: the entry is given to the application without a prompt. */
  readonly accessControlFlags?: readonly AccessControlFlag[];
  /** Text of the prompt that `accessControlFlags` bring. */
  readonly biometricPromptTitle?: string;
  readonly label?: string;
  readonly description?: string;
  readonly comment?: string;
  readonly isInvisible?: boolean;
  readonly isNegative?: boolean;
  readonly creationDate?: Date;
  readonly lastModifiedDate?: Date;
  readonly resultLimit?: number;
  readonly shouldReturnPersistentReference?: boolean;
  readonly authenticationUIBehavior?: string;
  readonly useSecureEnclave?: boolean;
  readonly usesDataProtectionKeychain?: boolean;
}

/** The options that are always understood, by every backend. */
export interface ResolvedOptions {
  readonly accountName: string;
  readonly accessibility: Accessibility;
  readonly synchronizable: boolean;
  readonly accessControlFlags: readonly AccessControlFlag[];
  readonly groupId: string | undefined;
  readonly biometricPromptTitle: string | undefined;
}

/** Options that a library may have, beyond those that all have. */
export type OptionalFeature = "groupId" | "synchronizable" | "accessControlFlags" | "biometricPromptTitle";

const CLASSES: readonly Accessibility[] = ["passcode", "unlocked", "unlocked_this_device", "first_unlock", "first_unlock_this_device"];
const ALWAYS: readonly string[] = ["accountName", "accessibility"];
/** Values that ask for nothing. */
const ASKS_NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  synchronizable: (value) => value === false,
  accessControlFlags: (value) => Array.isArray(value) && value.length === 0,
};

/**
 * Checks the options against what a library can do.
 *
 * @param backend - Name of the library, for the message.
 * @throws {KeyStoreError} `UNSUPPORTED_OPTION`, also for options that exclude each other.
 */
export function resolveOptions(backend: string, options: KeychainOptions, features: readonly OptionalFeature[]): ResolvedOptions {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || ALWAYS.includes(name) || (features as readonly string[]).includes(name) || ASKS_NOTHING[name]?.(value) === true) continue;
    throw unsupported(`${backend} has no way to set "${name}" in the keychain`);
  }
  const { accountName = "holdfast", accessibility = DEFAULT_ACCESSIBILITY, synchronizable = false, accessControlFlags = [], groupId, biometricPromptTitle } = options;
  if (!/^[\w.-]{1,100}$/u.test(accountName)) throw new KeyStoreError("NAME_INVALID", "accountName has 1 to 100 letters, digits, dots, dashes and underscores");
  if (!CLASSES.includes(accessibility)) throw unsupported(`there is no accessibility "${String(accessibility)}"`);
  if (typeof synchronizable !== "boolean") throw unsupported("synchronizable is true or false");
  if (synchronizable && isOfThisDevice(accessibility)) throw unsupported(`an entry of the class "${accessibility}" stays on its device: synchronizable needs "unlocked" or "first_unlock"`);
  if (synchronizable && accessControlFlags.length > 0) throw unsupported("the keychain does not synchronize entries with access control");
  if (biometricPromptTitle !== undefined && accessControlFlags.length === 0) throw unsupported("biometricPromptTitle has no prompt to stand in: no accessControlFlags were given");
  return { accountName, accessibility, synchronizable, accessControlFlags, groupId, biometricPromptTitle };
}

/** True for the classes that no backup and no other device can open. */
export function isOfThisDevice(accessibility: Accessibility): boolean {
  return accessibility === "passcode" || accessibility.endsWith("_this_device");
}

/** The class of the list of entries, which holds no secret: it has to outlive a passcode that is removed, to tell that the entries went with it. */
export function classOfIndex(accessibility: Accessibility): Accessibility {
  return accessibility === "passcode" ? "unlocked_this_device" : accessibility;
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
