/**
 * One process at a time syncs a file; the others' writes go through it.
 *
 * @module
 */
import { currentPlatform } from "@holdfast/storage-engine";

/** Name of the side file whose lock is the right to sync, behind the realm's. It holds nothing. */
const TURN_SUFFIX = ".sync-lock";

/** Takes the right to sync a file; undefined if another process has it. It ends with the process at the latest. */
export function takeReplicaTurn(path: string): { giveBack(): void } | undefined {
  const { volume } = currentPlatform();
  // Without such locks one process alone can have the file open.
  if (!volume.hasKernelLocks) return { giveBack: () => undefined };
  const file = volume.open(path + TURN_SUFFIX, "create");
  if (!file.tryLock()) {
    file.close();
    return undefined;
  }
  return { giveBack: () => file.close() };
}
