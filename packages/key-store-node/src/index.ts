/**
 * Database keys on desktops and servers.
 *
 * @module
 */
export { chooseStore } from "./choose-store.ts";
export type { ChosenStore } from "./choose-store.ts";
export { openElectronStore } from "./electron-store.ts";
export type { ElectronStoreOptions, SafeStorage } from "./electron-store.ts";
export { openFileStore } from "./file-store.ts";
export type { FileStoreOptions } from "./file-store.ts";
export { fromEnvironmentVariable, fromSecretFile, fromSystemdCredential, openHeadlessKeys, underPassphrase, underWrap } from "./headless-keys.ts";
export type { HeadlessKeys, HeadlessKeysOptions, HeadlessSource, OpenedSource } from "./headless-keys.ts";
export { openKeyringStore } from "./keyring-store.ts";
export type { KeyringBackend, KeyringStoreOptions } from "./keyring-store.ts";
export { nodeArgon2id } from "./passphrase-seal.ts";
export { environmentVariable, openProvidedKeys, secretFile, systemdCredential } from "./provided-key.ts";
export type { KeySource, ProvidedKeysOptions } from "./provided-key.ts";
