/**
 * Ordered, encrypted, transactional trees of bytes in one file.
 *
 * @module
 */
export { MemoryVolume } from "./volume/memory-volume.ts";
export { VolumeError } from "./volume/volume.ts";
export type { FileStatus, OpenMode, StorageFile, Volume } from "./volume/volume.ts";
export { KeyError, KeyRangeError, KeyTypeError, SecretKey } from "@holdfast/core-cipher";
export type { BackupOptions, BackupReport, RestoreOptions, RestoreReport } from "./backup.ts";
export type { EntryChange, TreeChanges } from "./changes.ts";
export type { Cursor, CursorRange } from "./cursor.ts";
export { currentPlatform, setPlatform } from "./current-platform.ts";
export type { Durability } from "./durability.ts";
export { StoreError } from "./errors.ts";
export type { StoreErrorCode } from "./errors.ts";
export { DeferredAnchor } from "./freshness-deferred-anchor.ts";
export type { AnchorSource } from "./freshness-deferred-anchor.ts";
export { FileAnchor, MemoryAnchor } from "./freshness-anchors.ts";
export type { FileAnchorOptions } from "./freshness-anchors.ts";
export { decodeAnchor } from "./freshness-state.ts";
export type { AnchorState, AnchorSuccessor } from "./freshness-state.ts";
export type { FreshnessAnchor, FreshnessOptions } from "./freshness.ts";
export type { ReadTree, Snapshot } from "./snapshot.ts";
export type { ValuePlace } from "./tree.ts";
export { isKeyOfFile } from "./key-of-file.ts";
export type { KeyOfFileOptions } from "./key-of-file.ts";
export type { Platform, PlatformFiles } from "./platform.ts";
export { createPortablePlatform } from "./portable-platform.ts";
export type { PortablePlatformOptions } from "./portable-platform.ts";
export type { SalvageReport, TreeSalvage } from "./salvage.ts";
export { Store } from "./store.ts";
export type { StoreOptions, StoreStats } from "./store.ts";
export type { WriteTransaction, WriteTree } from "./transaction.ts";
export { runInSlices } from "./sliced.ts";
export type { LongTaskOptions, Progress, Steps, StopSignal } from "./sliced.ts";
export type { SalvageOptions } from "./store-salvage.ts";
export type { FileVerifyReport, VerifyOptions } from "./store-verify.ts";
export type { DamagedUnit, KeyRange, TreeDamage, VerifyProblem, VerifyReport } from "./verify.ts";
