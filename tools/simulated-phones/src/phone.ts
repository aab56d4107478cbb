/**
 * Simulated devices. The last one made of each system is the one that the libraries talk to.
 *
 * @module
 */
import { AndroidKeystore, PreferenceFile } from "./android-keystore.ts";
import type { AndroidCiphertext } from "./android-keystore.ts";
import { AppleKeychain } from "./apple-keychain.ts";

/** The two systems. */
export type System = "ios" | "android";

/** An entry of react-native-keychain's DataStore. */
export interface DataStoreEntry {
  readonly cipherName: string;
  readonly username: AndroidCiphertext;
  password: AndroidCiphertext;
}

/** An entry of expo-secure-store's preferences. */
export interface ExpoEntry {
  readonly scheme: string;
  readonly keystoreAlias: string;
  readonly requireAuthentication: boolean;
  ciphertext: AndroidCiphertext;
}

/** A call that crossed to native code. */
export interface NativeCall {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What both have. */
interface AnyPhone {
  /** Every call of a library's JavaScript to its native half. */
  readonly calls: NativeCall[];
}

/** An iPhone. */
export interface IosPhone extends AnyPhone {
  readonly system: "ios";
  readonly keychain: AppleKeychain;
}

/** A phone with Android. */
export interface AndroidPhone extends AnyPhone {
  readonly system: "android";
  readonly keystore: AndroidKeystore;
  readonly dataStore: PreferenceFile<DataStoreEntry>;
  readonly expoPreferences: PreferenceFile<ExpoEntry>;
  readonly capacitorPreferences: PreferenceFile<AndroidCiphertext>;
}

const current: { ios: IosPhone; android: AndroidPhone } = { ios: makeIos(), android: makeAndroid() };

/** A fresh iPhone, which the libraries talk to from now on. */
export function newIosPhone(): IosPhone {
  current.ios = makeIos();
  return current.ios;
}

/** A fresh phone with Android, which the libraries talk to from now on. */
export function newAndroidPhone(): AndroidPhone {
  current.android = makeAndroid();
  return current.android;
}

/** The iPhone that the libraries talk to. */
export function iosPhone(): IosPhone {
  return current.ios;
}

/** The phone with Android that the libraries talk to. */
export function androidPhone(): AndroidPhone {
  return current.android;
}

/** Every file of preferences of a phone. */
export function preferenceFiles({ dataStore, expoPreferences, capacitorPreferences }: AndroidPhone): readonly PreferenceFile<unknown>[] {
  return [dataStore, expoPreferences, capacitorPreferences] as unknown as PreferenceFile<unknown>[];
}

/** What crosses the bridge is JSON: fields that are undefined do not. */
export function crossing(phone: AnyPhone, method: string, options: unknown): Readonly<Record<string, unknown>> {
  const crossed = JSON.parse(JSON.stringify(options ?? {})) as Readonly<Record<string, unknown>>;
  phone.calls.push({ method, options: crossed });
  return crossed;
}

function makeIos(): IosPhone {
  return { system: "ios", keychain: new AppleKeychain(), calls: [] };
}

function makeAndroid(): AndroidPhone {
  return { system: "android", keystore: new AndroidKeystore(), dataStore: new PreferenceFile(), expoPreferences: new PreferenceFile(), capacitorPreferences: new PreferenceFile(), calls: [] };
}
