/**
 * One action at a time between processes, by a lock of the kernel on a file: it ends with the process that holds it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KeyStoreError } from "@holdfast/key-store";
import { ensurePrivateFolder, stateFolder } from "./private-folder.ts";

/** How long another process may hold the lock before its turn counts as failed, in ms. */
const PATIENCE_MS = 60_000;
const LONGEST_PAUSE_MS = 50;

/** The part of `fs-native-extensions` (which ships no types) that is used. OFD locks on Linux, `flock` on macOS, `LockFileEx` on Windows. */
interface NativeLocks {
  tryLock(descriptor: number): boolean;
}

/** Where a lock's file lies. */
export interface ProcessLockOptions {
  /** Names the lock; hashed into the file's name. */
  readonly name: string;
  readonly folder?: string;
}

/** Runs an action while no other process runs one under the same name. @throws {KeyStoreError} `IO` if the turn never comes */
export async function withProcessLock<Result>({ name, folder = join(stateFolder(), "locks") }: ProcessLockOptions, action: () => Promise<Result>): Promise<Result> {
  ensurePrivateFolder(folder);
  const path = join(folder, createHash("sha256").update(name).digest("hex").slice(0, 32));
  const descriptor = openLockFile(path);
  try {
    await waitFor(descriptor);
    return await action();
  } finally {
    // Closing the file gives the lock back. The file stays: removing it would let two processes lock two files of one name.
    closeSync(descriptor);
  }
}

function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  } catch (error) {
    throw new KeyStoreError("IO", "the lock file of the key store cannot be opened", { cause: error });
  }
}

async function waitFor(descriptor: number): Promise<void> {
  const locks = loadLocks();
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (let pauseMs = 1; !locks.tryLock(descriptor); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() > endsAtMs) throw new KeyStoreError("IO", `another process has held the key store's lock for ${PATIENCE_MS / 1000} seconds`);
    await sleep(pauseMs);
  }
}

function loadLocks(): NativeLocks {
  try {
    return createRequire(import.meta.url)("fs-native-extensions") as NativeLocks;
  } catch (error) {
    throw new KeyStoreError("STORE_UNAVAILABLE", "this platform has no kernel locks for Node, so two processes could create two keys", { cause: error });
  }
}
