/**
 * The platform on React Native, made of modules that the application has: files of Expo, a cipher if there is a native one.
 *
 * @module
 */
import { createInjectedSealer, UnitError } from "@holdfast/core-cipher";
import type { InjectedCrypto } from "@holdfast/core-cipher";
import { createPortablePlatform } from "@holdfast/storage-engine";
import type { Durability, Platform } from "@holdfast/storage-engine";
import { ExpoVolume } from "./expo-volume.ts";
import type { ExpoFileSystem } from "./file-system.ts";

/** What the platform is made of. */
export interface ReactNativePlatformOptions {
  /** `import * as FileSystem from "expo-file-system"`. */
  readonly fileSystem: ExpoFileSystem;
  /** `react-native-quick-crypto`, or what has the same three functions. Without it the cipher is JavaScript, several times slower. */
  readonly crypto?: InjectedCrypto | undefined;
  /** A CSPRNG, where neither `crypto` nor `globalThis.crypto.getRandomValues` is there. */
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  /**
   * What a commit has to survive. Expo's files cannot be synced, so nothing is opened for writing with the default,
   * `power-loss`; `process-death` accepts that the system writes what it was given in its own time.
   */
  readonly durability?: Durability | undefined;
}

/**
 * Makes the platform; `setPlatform` puts it in place.
 *
 * @throws {UnitError} `RANDOM_UNAVAILABLE` without a CSPRNG, `CIPHER_UNFIT` if `crypto` does not compute what is published.
 */
export function createReactNativePlatform({ fileSystem, crypto, randomBytes, durability }: ReactNativePlatformOptions): Platform {
  const draw = crypto === undefined ? (randomBytes ?? webRandomBytes) : (count: number) => plain(crypto.randomBytes(count));
  const createSeal = crypto === undefined ? undefined : createInjectedSealer(crypto);
  // Now, where the developer is, and not when the first user writes.
  if (draw(16).length !== 16) throw new UnitError("RANDOM_UNAVAILABLE", "the randomBytes that was passed does not give as many bytes as it is asked for");
  const volume = new ExpoVolume(fileSystem, draw);
  return createPortablePlatform({
    name: "React Native",
    volume,
    randomBytes: draw,
    createSeal,
    leastDurability: durability,
    files: { makeParentFolder: (path) => volume.makeParentFolder(path), hasParentFolder: (path) => volume.hasParentFolder(path) },
  });
}

/** Web Crypto fills at most so much at once. */
const MAX_DRAW_BYTES = 65_536;

function webRandomBytes(count: number): Uint8Array {
  const source = globalThis.crypto as Crypto | undefined;
  if (typeof source?.getRandomValues !== "function") {
    throw new UnitError("RANDOM_UNAVAILABLE", "there is no source of random bytes: pass crypto (react-native-quick-crypto) or randomBytes, or install crypto.getRandomValues (react-native-get-random-values)");
  }
  const bytes = new Uint8Array(count);
  for (let offset = 0; offset < count; offset += MAX_DRAW_BYTES) source.getRandomValues(bytes.subarray(offset, Math.min(offset + MAX_DRAW_BYTES, count)));
  return bytes;
}

/** A Buffer's `slice` shares its bytes; nobody here expects that. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
