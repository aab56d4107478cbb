/**
 * The libraries' published JavaScript, loaded once for each system with the simulated native half in its place.
 *
 * A module hook gives every file of a library the system that it was loaded for (`?system=ios`), and puts small stand-ins where `react-native` and
 * `expo-modules-core` would be. Capacitor's own bridge is real: it finds its native side in globals, as in a web view.
 *
 * @module
 */
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { constants, runInThisContext } from "node:vm";
import { nativeCapacitorAndroid } from "./native-capacitor-android.ts";
import { nativeCapacitorIos } from "./native-capacitor-ios.ts";
import type { NativeRejection } from "./native-capacitor-ios.ts";
import { nativeExpoAndroid } from "./native-expo-android.ts";
import { nativeExpoFileSystem } from "./native-expo-file-system.ts";
import { nativeExpoIos } from "./native-expo-ios.ts";
import { nativeKeychainAndroid } from "./native-keychain-android.ts";
import { nativeKeychainIos } from "./native-keychain-ios.ts";
import type { System } from "./phone.ts";

/** Where the stand-ins find the native halves. */
const NATIVE = Symbol.for("holdfast.simulated-native");
const require = createRequire(import.meta.url);

(globalThis as Record<symbol, unknown>)[NATIVE] = {
  ios: { RNKeychainManager: nativeKeychainIos, ExpoSecureStore: nativeExpoIos, FileSystem: nativeExpoFileSystem("ios") },
  android: { RNKeychainManager: nativeKeychainAndroid, ExpoSecureStore: nativeExpoAndroid, FileSystem: nativeExpoFileSystem("android") },
};

registerHooks({
  resolve(specifier, context, nextResolve) {
    const system = /\?system=(?<system>ios|android)$/u.exec(context.parentURL ?? "")?.groups?.["system"];
    if (system === undefined) return nextResolve(specifier, context);
    const native = `globalThis[Symbol.for("holdfast.simulated-native")].${system}`;
    if (specifier === "react-native") return standIn(`export const NativeModules = ${native}; export const Platform = { OS: "${system}" };`);
    if (specifier === "expo-modules-core") {
      return standIn(`export const requireNativeModule = (name) => ${native}[name]; export class EventEmitter {}; export class NativeModule {}; export class SharedObject {}; export class UnavailabilityError extends Error {}; export const uuid = {};`);
    }
    // Expo's libraries are written for bundlers, which find files without their endings, and folders by their index.
    const isBare = specifier.startsWith(".") && !specifier.endsWith(".js");
    const ending = ["./pathUtilities", "./legacy", "./fetch"].includes(specifier) ? "/index.js" : isBare ? ".js" : "";
    const found = nextResolve(specifier + ending, context);
    // Bundlers take a package's "module" before its "main".
    return { ...found, url: `${found.url.replace("index.cjs.js", "index.js")}?system=${system}`, format: "module" };
  },
});

/** react-native-keychain 10.0.0. */
export function loadReactNativeKeychain(system: System): Promise<typeof import("react-native-keychain")> {
  return load(require.resolve("react-native-keychain").replace("commonjs", "module"), system);
}

/** expo-secure-store 57.0.4. */
export function loadExpoSecureStore(system: System): Promise<typeof import("expo-secure-store")> {
  return load(require.resolve("expo-secure-store/build/SecureStore.js"), system);
}

/** What of expo-file-system 58.0.2 keeps files: its classes, over what `setSimulatedFiles` put under that system. Its own types need all of Expo's. */
export interface LoadedFileSystem {
  readonly File: new (...uris: string[]) => never;
  readonly Directory: new (...uris: string[]) => never;
  readonly Paths: { readonly document: { readonly uri: string }; readonly availableDiskSpace: number };
}

/** expo-file-system 58.0.2: its `File`, `Directory` and `Paths`. */
export async function loadExpoFileSystem(system: System): Promise<LoadedFileSystem> {
  const folder = require.resolve("expo-file-system/package.json").replace("package.json", "build/");
  const { Paths } = await load<Pick<LoadedFileSystem, "Paths">>(`${folder}Paths.js`, system);
  const { File } = await load<Pick<LoadedFileSystem, "File">>(`${folder}File.js`, system);
  const { Directory } = await load<Pick<LoadedFileSystem, "Directory">>(`${folder}Directory.js`, system);
  return { File, Directory, Paths };
}

/** @aparajita/capacitor-secure-storage 8.0.1 and @capacitor/core 8.5.2. */
export async function loadCapacitorSecureStorage(system: System): Promise<typeof import("@aparajita/capacitor-secure-storage") & Pick<typeof import("@capacitor/core"), "Capacitor">> {
  enterWebView(system);
  const library = await load<typeof import("@aparajita/capacitor-secure-storage")>(require.resolve("@aparajita/capacitor-secure-storage/dist/esm/index.js"), system);
  const core = await load<typeof import("@capacitor/core")>(require.resolve("@capacitor/core").replace("index.cjs.js", "index.js"), system);
  return { ...library, Capacitor: core.Capacitor };
}

/** Makes Capacitor believe in a web view of that system: it looks at each call. */
export function enterWebView(system: System | "browser"): void {
  const view = globalThis as { Capacitor?: object; androidBridge?: object; webkit?: object };
  delete view.androidBridge;
  delete view.webkit;
  if (system === "browser") return;
  if (system === "android") view.androidBridge = {};
  else view.webkit = { messageHandlers: { bridge: {} } };
  const methods = system === "android" ? nativeCapacitorAndroid : nativeCapacitorIos;
  const bridge: { Exception?: new (message: string, code: string) => Error } & Record<string, unknown> = {
    PluginHeaders: [{ name: "SecureStorage", methods: Object.keys(methods).map((name) => ({ name, rtype: "promise" })) }],
    nativePromise: async (_plugin: string, method: string, options: unknown) => {
      try {
        return methods[method]?.(options);
      } catch (error) {
        const { message, code } = error as NativeRejection;
        // What Capacitor's native bridge rejects with: @capacitor/core's CapacitorException.
        throw bridge.Exception === undefined || typeof code !== "string" ? error : new bridge.Exception(message, code);
      }
    },
  };
  const loaded = webViews.get(system);
  view.Capacitor = loaded ?? bridge;
  webViews.set(system, view.Capacitor);
}

const webViews = new Map<System, object>();

/** Node's own import, whatever the test runner makes of the word: it would drop the query. */
const importUrl = runInThisContext("(url) => import(url)", { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }) as (url: string) => Promise<unknown>;

async function load<Module>(path: string, system: System): Promise<Module> {
  return (await importUrl(`${pathToFileURL(path).href}?system=${system}`)) as Module;
}

function standIn(source: string): { url: string; format: "module"; shortCircuit: true } {
  return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: "module", shortCircuit: true };
}
