/**
 * Waiting for a lock of the kernel.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

const WAIT_MS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * The kernel's lock has no queue that a synchronous call could wait in: try, and back off.
 *
 * @param path - For the message.
 * @throws {StoreError} `STORE_LOCKED`.
 */
export function waitForLock(volume: Volume, file: StorageFile, path: string, timeoutMs: number): void {
  const start = volume.now();
  for (let attempt = 0; !file.tryLock(); attempt++) {
    if (volume.now() - start >= timeoutMs) throw new StoreError("STORE_LOCKED", `another handle kept '${path}' locked for ${timeoutMs} ms`);
    volume.sleep(WAIT_MS[Math.min(attempt, WAIT_MS.length - 1)] as number);
  }
}
