/**
 * What a commit that returned survives, as far as the volume can promise it, and refusing to promise more.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import type { Platform } from "./platform.ts";

/**
 * `power-loss`: what was synced is on the device. `process-death`: it is with the operating system, which writes it when
 * it likes; a power cut or a crash of the system may lose commits and, since they are not written in order, damage the file.
 */
export type Durability = "power-loss" | "process-death";

/**
 * Refuses to write to a volume that cannot keep what a write promises, unless the application has accepted that.
 *
 * @throws {StoreError} `DURABILITY_MISSING`.
 */
export function requireDurability({ name, volume, leastDurability = "power-loss" }: Platform, path: string): void {
  if (volume.durability === undefined || volume.durability === "power-loss" || leastDurability === "process-death") return;
  throw new StoreError(
    "DURABILITY_MISSING",
    `'${path}' was not opened for writing: files of the platform "${name}" cannot be synced to the device, so that a commit survives the end of the process ` +
      `but not surely a power cut. If that is enough, make the platform with durability: "process-death"; reading needs no consent`,
  );
}
