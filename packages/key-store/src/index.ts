/**
 * Secure storage for database keys: the interface, the rules for keys, an in-memory store.
 *
 * @module
 */
export { COST_LIMITS, DEFAULT_COST, isAcceptable, portableArgon2id } from "./argon2id.ts";
export type { Argon2id, Argon2idCost } from "./argon2id.ts";
export { openText, sealText } from "./checked-text.ts";
export { DatabaseKeys, keyEntryName } from "./database-keys.ts";
export type { AnchorSource, CheckKey, DatabaseKeysOptions, GetOrCreateOptions } from "./database-keys.ts";
export { decodeName, encodeName } from "./entry-name.ts";
export { encodeValue, tryDecodeValue } from "./entry-value.ts";
export type { EntryStore } from "./entry-store.ts";
export { KeyStoreError } from "./errors.ts";
export type { KeyStoreErrorCode } from "./errors.ts";
export { INDEX_ENTRY_NAME, IndexedEntries } from "./indexed-entries.ts";
export type { LossMeaning, UnlistedEntries } from "./indexed-entries.ts";
export { decodeKeyEntry, encodeKeyEntry } from "./key-entry.ts";
export type { KeyEntry, StoredWrap } from "./key-entry.ts";
export { MAX_VALUE_BYTES } from "./key-store.ts";
export type { AllEntries, KeyStore, KeyStoreCapabilities, KeyStoreListener, OperationOptions } from "./key-store.ts";
export { contextBytes, KEY_BYTES, rawWrap } from "./key-wrap.ts";
export type { KeyWrap, WrapContext } from "./key-wrap.ts";
export { MemoryEntries, MemoryKeyStore } from "./memory-key-store.ts";
export { MIN_PASSPHRASE_LENGTH, passphraseWrap } from "./passphrase-wrap.ts";
export type { PassphraseWrapOptions } from "./passphrase-wrap.ts";
export type { RandomBytes } from "./random-bytes.ts";
export { StringKeyStore } from "./string-key-store.ts";
export { TwoPlaceEntries } from "./two-place-entries.ts";
