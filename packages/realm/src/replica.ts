/**
 * `@holdfast/realm/replica`: what a sync client needs of a realm and an application does not.
 *
 * Not part of the API that applications may rely on: it changes together with `@holdfast/sync-client`.
 *
 * @module
 */
export { pause } from "./async-write.ts";
export { Replica, ReplicaAccess } from "./replica/replica.ts";
export type { ReplicaChange, ReplicaKeeper } from "./replica/replica.ts";
export type { ReplicaBytes, ReplicaDictionary, ReplicaEmbedded, ReplicaFields, ReplicaKey, ReplicaLink, ReplicaList, ReplicaValue } from "./replica/replica-value.ts";
export { copyIntoReplica, copyReplica, isReplica } from "./replica/replica-copy.ts";
export type { ChangeFields, PrepareCopy, ReplicaCopyTarget } from "./replica/replica-copy.ts";
export { openSideCopy } from "./replica/side-copy.ts";
export type { SideCopy } from "./replica/side-copy.ts";
export { sessionOf } from "./replica/session-of.ts";
export { setSyncProvider } from "./replica/sync-provider.ts";
export type { SyncExtensions, SyncOpening, SyncPart, SyncProvider } from "./replica/sync-provider.ts";
export type { ChangeIntent } from "./store/touched-rows.ts";
export { parseSyncedSchema } from "./replica/synced-schema.ts";
export { hasFileTurns, takeFileTurn, takeReplicaTurn } from "./replica/turn.ts";
export type { FileTurn } from "./replica/turn.ts";
export { log, NumericLogLevel } from "./logging.ts";
export type { LogCategory, LogEntry, LogLevel } from "./logging.ts";
export { isHiddenTree } from "./store/hidden-trees.ts";
export type { FileSession } from "./store/file-session.ts";
export { absolutePath, hasContent, hasToPrepare, whenReady, removeRealmFiles } from "./platform/realm-files.ts";
export { isKeyOfFile } from "@holdfast/storage-engine";
