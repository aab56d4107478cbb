/**
 * One process at a time: syncs a file, so that the others' writes go through it, or does something else that is not to be done twice.
 *
 * @module
 */
import { currentPlatform } from "@holdfast/storage-engine";

/** Name of the side file whose lock is the right to sync, behind the realm's. It holds nothing. */
const TURN_SUFFIX = ".sync-lock";

/** What one process has at a time. */
export interface FileTurn {
  giveBack(): void;
}

/** True if files have locks of the kernel here: without them one process alone can have a file open. */
export function hasFileTurns(): boolean {
  return currentPlatform().volume.hasKernelLocks;
}

/** Takes the right to sync a file; undefined if another process has it. It ends with the process at the latest. */
export function takeReplicaTurn(path: string): FileTurn | undefined {
  return hasFileTurns() ? takeFileTurn(path + TURN_SUFFIX) : { giveBack: () => undefined };
}

/**
 * Takes the lock of a file that is for nothing else, made if it is missing; undefined if another holder has it. It ends with the process at the latest.
 *
 * Each call is a holder of its own, also within a process. The file stays: removing it would let two processes lock two files of one name.
 */
export function takeFileTurn(lockPath: string): FileTurn | undefined {
  const file = currentPlatform().volume.open(lockPath, "create");
  if (file.tryLock()) return { giveBack: () => file.close() };
  file.close();
  return undefined;
}
