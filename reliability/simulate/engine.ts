/**
 * The types of the engine that the simulation names, in one place.
 *
 * @module
 */
export { Store } from "@holdfast/storage-engine";
export type { Snapshot, StoreErrorCode, StoreOptions, WriteTransaction } from "@holdfast/storage-engine";
export type { Change, Content, CrashMode, DiskEvent, Fault, FaultOperation, MemoryVolume, SeededRandom, VolumeCall } from "@holdfast/storage-engine/simulation";
