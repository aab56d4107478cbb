/**
 * Random bytes on Node: the kernel's and OpenSSL's, mixed.
 *
 * OpenSSL's generator lives in the process. Two clones of a virtual machine that was snapshotted
 * while it ran go on with the same state and would draw the same IVs; the kernel's generator is
 * reseeded when that happens. OpenSSL's, on the other hand, is there when /dev/urandom is not (Windows, a
 * bare chroot), and keeps the bytes unguessable if our descriptor was closed under us and now names another file.
 * XOR of the two is never worse than the better one.
 *
 * @module
 */
import { randomFillSync } from "node:crypto";
import { openSync, readSync } from "node:fs";

/** How often a device is opened anew after a failure before it counts as missing: each try may leave a descriptor behind. */
const MAX_FAILURES = 8;

/** Where bytes come from. Each fills all of `target` or, for the kernel's, may answer false and leave it as it is. */
export interface RandomSources {
  readonly fillFromLibrary: (target: Uint8Array) => void;
  readonly fillFromKernel: (target: Uint8Array) => boolean;
}

/** Fresh bytes with a buffer of their own. */
export const nodeRandomBytes: (count: number) => Uint8Array = createRandomBytes({
  fillFromLibrary: (target) => void randomFillSync(target),
  fillFromKernel: createKernelReader("/dev/urandom"),
});

/** Makes a draw that mixes two sources. */
export function createRandomBytes(sources: RandomSources): (count: number) => Uint8Array {
  return (count) => {
    const bytes = new Uint8Array(count);
    if (count === 0) return bytes;
    sources.fillFromLibrary(bytes);
    const kernelBytes = new Uint8Array(count);
    if (sources.fillFromKernel(kernelBytes)) {
      for (let index = 0; index < count; index += 1) bytes[index] = (bytes[index] as number) ^ (kernelBytes[index] as number);
    }
    return bytes;
  };
}

/**
 * Makes a reader of a random device. The descriptor is opened on first use and kept.
 *
 * @param path - A device that never ends. If it cannot be opened or read, the reader answers false.
 */
export function createKernelReader(path: string): (target: Uint8Array) => boolean {
  let descriptor: number | undefined;
  let failureCount = 0;
  return (target) => {
    if (failureCount >= MAX_FAILURES) return false;
    try {
      descriptor ??= openSync(path, "r");
      return readAll(descriptor, target);
    } catch {
      // The library's bytes stand alone then. The descriptor may have been closed under us: open a new one next time.
      descriptor = undefined;
      failureCount += 1;
      return false;
    }
  };
}

function readAll(descriptor: number, target: Uint8Array): boolean {
  let filledBytes = 0;
  while (filledBytes < target.length) {
    const readBytes = readSync(descriptor, target, filledBytes, target.length - filledBytes, null);
    if (readBytes === 0) return false;
    filledBytes += readBytes;
  }
  return true;
}
