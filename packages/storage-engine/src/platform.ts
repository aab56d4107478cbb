/**
 * What the engine and the SDK above it take from the platform: files, the cipher, a fast checksum, random keys.
 *
 * One object per platform: node-platform.ts, browser-platform.ts, or the application's own (current-platform.ts).
 *
 * @module
 */
import type { SecretKey, UnitSeal } from "@holdfast/core-cipher";
import type { Durability } from "./durability.ts";
import type { Crc32 } from "./plain-seal.ts";
import type { Volume } from "./volume/volume.ts";

export interface Platform {
  /** For messages, such as "Node". */
  readonly name: string;
  readonly volume: Volume;
  /** The least that a volume has to promise before a store on it is written. Default `power-loss`. */
  readonly leastDurability?: Durability | undefined;
  readonly files: PlatformFiles;
  createSeal(key: SecretKey): UnitSeal;
  readonly crc32: Crc32;
  /** A new key: 64 bytes of the platform's CSPRNG, the caller's own. */
  generateKey(): Uint8Array;
  /**
   * Makes what stands at these paths ready for synchronous use, where files are obtained asynchronously; absent elsewhere.
   *
   * @returns What gives it back: every path stays ready until as many calls have come as there were preparations.
   */
  prepare?(paths: readonly string[]): Promise<() => void>;
}

/** What Realm's API asks of files beside the engine. Paths are the platform's. */
export interface PlatformFiles {
  /** The one absolute path of what a path leads to. */
  absolutePath(path: string): string;
  /** Makes the folder that a file shall stand in, and those above it. */
  makeParentFolder(path: string): void;
  /** True if there is a folder for the file. */
  hasParentFolder(path: string): boolean;
  /** True if something is there, even if it is empty. */
  isThere(path: string): boolean;
  /** Length in bytes; 0 if there is none. */
  sizeOf(path: string): number;
  /** The first bytes of a file: fewer if it is shorter. */
  firstBytes(path: string, count: number): Uint8Array;
  /** Removes a file, or a folder with all that is in it. No error if it is missing. */
  removeAll(path: string): void;
}
