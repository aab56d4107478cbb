/**
 * Volumes for tests: in memory, and with power cuts, failing calls, full disks and dying processes.
 *
 * For the tests of the engine and of whatever is built on it; nothing here belongs in an application.
 *
 * @module
 */
export { applyToModel, applyToTransaction, findDifference, isEqual, randomChanges, readSnapshot, sortedEntries, valueOf } from "./volume/crash-content.ts";
export type { Change, Content, RandomChangeOptions } from "./volume/crash-content.ts";
export { CrashDisk } from "./volume/crash-disk.ts";
export type { CrashDiskOptions, CrashImage, CrashImageOptions, DiskMoment } from "./volume/crash-disk.ts";
export type { CrashMode, DiskEvent, NameChange } from "./volume/crash-model.ts";
export { CrashVolume } from "./volume/crash-volume.ts";
export type { Fault, FaultOperation, VolumeCall } from "./volume/crash-volume.ts";
export { MemoryContent } from "./volume/memory-content.ts";
export { MemoryVolume } from "./volume/memory-volume.ts";
export type { MemoryTree, MemoryVolumeOptions } from "./volume/memory-volume.ts";
export { SeededRandom } from "./volume/seeded-random.ts";
export { VolumeError } from "./volume/volume.ts";
export type { FileStatus, OpenMode, StorageFile, Volume } from "./volume/volume.ts";
