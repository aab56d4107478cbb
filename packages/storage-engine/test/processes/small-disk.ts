/**
 * A real file system of a few megabytes, for tests of what happens when it is full: tmpfs, which only root may mount.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why there can be no small disk here; undefined if there can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== "linux") return "tmpfs is Linux's";
  return process.getuid?.() === 0 ? undefined : "only root may mount";
}

/** A mounted file system. */
export interface SmallDisk {
  readonly path: string;
  /** Uses up all space, but for so many bytes. */
  fill(leavingBytes?: number): void;
  /** Gives back what `fill` has taken. */
  free(): void;
  unmount(): void;
}

/** Mounts a file system of that size. */
export function mountSmallDisk(sizeBytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path]);
  const ballast = join(path, "ballast");
  return {
    path,
    fill(leavingBytes = 0) {
      const left = openSync(join(path, "left"), "w");
      if (leavingBytes > 0) writeSync(left, new Uint8Array(leavingBytes));
      const descriptor = openSync(ballast, "a");
      const block = new Uint8Array(4096);
      try {
        for (;;) writeSync(descriptor, block);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ENOSPC") throw error;
      } finally {
        closeSync(descriptor);
        closeSync(left);
        rmSync(join(path, "left"));
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount() {
      execFileSync("umount", ["--lazy", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
