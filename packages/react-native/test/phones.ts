/**
 * Expo's published JavaScript over a simulated native half, as many processes as a test wants one after the other.
 *
 * @module
 */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { loadExpoFileSystem, setSimulatedFiles } from "@holdfast/simulated-phones";
import type { SimulatedFiles } from "@holdfast/simulated-phones";
import { MemoryVolume } from "@holdfast/storage-engine";
import type { Platform, Volume } from "@holdfast/storage-engine";
import { createReactNativePlatform } from "../src/index.ts";
import type { ExpoFileSystem, InjectedCrypto, ReactNativePlatformOptions } from "../src/index.ts";

export type System = "ios" | "android";
export const SYSTEMS: readonly System[] = ["ios", "android"];
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** Where an application's documents are, by system. */
export const SANDBOX: Readonly<Record<System, string>> = { ios: "/var/mobile/Containers/Data/Application/A1/Documents", android: "/data/user/0/org.example/files" };

const modules = { ios: await loadExpoFileSystem("ios"), android: await loadExpoFileSystem("android") };

/** What react-native-quick-crypto 1.1.7 has of Node's functions, by its sources: Buffers come back, and the copy of a view goes to the native half. */
export const quickCrypto: InjectedCrypto = { createCipheriv, createHmac, randomBytes };

/** A phone with an empty documents folder in memory, unless it is another volume's. */
export function newPhone(system: System, volume: Volume = newMemory(system), root?: string): SimulatedFiles {
  const files: SimulatedFiles = { volume, sandbox: SANDBOX[system], availableDiskSpace: 1e12, callCount: 0, ...(root === undefined ? {} : { root }) };
  setSimulatedFiles(system, files);
  return files;
}

/** The file module as a process that has just started sees it: no class of an earlier one. */
export function startedModule(system: System): ExpoFileSystem {
  const { File, Directory, Paths } = modules[system] as unknown as ExpoFileSystem;
  return { File: class extends File {}, Directory, Paths };
}

/** The platform of a process that has just started. */
export function startedPlatform(system: System, options: Partial<ReactNativePlatformOptions> = {}): Platform {
  return createReactNativePlatform({ fileSystem: startedModule(system), crypto: quickCrypto, durability: "process-death", ...options });
}

/** A volume in memory with the documents folder. */
export function newMemory(system: System): MemoryVolume {
  const volume = new MemoryVolume({ newLogBytes: 65_536 });
  let path = "";
  for (const name of SANDBOX[system].split("/").slice(1)) volume.makeDirectory((path += `/${name}`));
  return volume;
}
