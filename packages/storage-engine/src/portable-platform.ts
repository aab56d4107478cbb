/**
 * A platform without any API of Node: ciphers and checksum in JavaScript, files of whatever volume is given.
 *
 * @module
 */
import { createPortableUnitSeal, generateKey, portableBackend } from "@holdfast/core-cipher";
import type { SecretKey, UnitSeal } from "@holdfast/core-cipher";
import { portableCrc32 } from "./plain-seal.ts";
import type { Platform, PlatformFiles } from "./platform.ts";
import { filesOfVolume } from "./volume/volume-files.ts";
import type { Volume } from "./volume/volume.ts";

/** What a platform is made of. Only name and volume have no default. */
export interface PortablePlatformOptions {
  readonly name: string;
  readonly volume: Volume;
  /** A CSPRNG. Default: `crypto.getRandomValues`. */
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  /** Default: audited JavaScript (@noble). */
  readonly createSeal?: ((key: SecretKey) => UnitSeal) | undefined;
  readonly prepare?: Platform["prepare"] | undefined;
  readonly leastDurability?: Platform["leastDurability"];
  /** For a volume whose folders are not made one by one. */
  readonly files?: Partial<PlatformFiles> | undefined;
}

/** Makes a platform around a volume. */
export function createPortablePlatform({ name, volume, randomBytes, createSeal, prepare, leastDurability, files }: PortablePlatformOptions): Platform {
  return {
    name,
    volume,
    leastDurability,
    files: { ...filesOfVolume(volume), ...files },
    createSeal: createSeal ?? ((key) => createPortableUnitSeal(key, randomBytes)),
    crc32: portableCrc32,
    generateKey: () => generateKey(randomBytes === undefined ? portableBackend : { randomBytes }),
    ...(prepare === undefined ? {} : { prepare }),
  };
}
