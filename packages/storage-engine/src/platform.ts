/**
 * What the engine takes from the platform beside files: the cipher and a fast checksum.
 *
 * @module
 */
import type { SecretKey, UnitSeal } from "@holdfast/core-cipher";
import type { Crc32 } from "./plain-seal.ts";
import type { Volume } from "./volume/volume.ts";

export interface Platform {
  readonly volume: Volume;
  createSeal(key: SecretKey): UnitSeal;
  readonly crc32: Crc32;
}
