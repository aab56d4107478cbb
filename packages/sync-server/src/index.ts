/**
 * Holdfast's sync server: WebSocket over TLS, PostgreSQL or SQLite, permissions, users and their keys.
 *
 * @module
 */
export { SyncServer } from "./sync-server.ts";
export type { SyncServerOptions } from "./sync-server.ts";
export type { SchemaPolicy } from "./sessions/session-context.ts";
export * from "./auth/index.ts";
export type { ShardChoice } from "./shards/shard-choice.ts";
export { SyncServerError } from "./errors.ts";
export type { SyncServerErrorCode } from "./errors.ts";
export { OPEN_RULES } from "./permissions/rules.ts";
export type { Condition, FieldRule, RoleRule, Rules } from "./permissions/rules.ts";
export { jsonLog, SILENT } from "./operations/log.ts";
export type { Log, LogFields } from "./operations/log.ts";
export { Metrics } from "./operations/metrics.ts";
export { NO_HINTS } from "./hints/hint-bus.ts";
export type { HintBus, HintChannel } from "./hints/hint-bus.ts";
export { natsHints } from "./hints/nats-hints.ts";
export type { NatsHintsOptions } from "./hints/nats-hints.ts";
export { PostgresStore } from "./store/postgres/postgres-store.ts";
export type { PostgresOptions } from "./store/postgres/postgres-store.ts";
export { securedConnection } from "./store/postgres/secured-connection.ts";
export type { SqliteConnection, SqliteDriver, SqliteOpenOptions, SqliteStatement } from "./store/sqlite/connection.ts";
export { convertStore } from "./store/sqlite/convert-store.ts";
export type { Conversion } from "./store/sqlite/convert-store.ts";
export type { StoreCipher } from "./store/sqlite/encrypted-driver.ts";
export { SqliteStore } from "./store/sqlite/sqlite-store.ts";
export { encryptedSqlite, rewrapStoreKey } from "./store/sqlite/store-encryption.ts";
export type { StoreEncryption } from "./store/sqlite/store-encryption.ts";
export type { Store } from "./store/store.ts";
