/**
 * Database keys in the browser.
 *
 * @module
 */
export { createPasskey } from "./passkey.ts";
export type { CreatePasskeyOptions, Passkey } from "./passkey.ts";
export { passkeyWrap } from "./passkey-wrap.ts";
export type { PasskeyWrapOptions } from "./passkey-wrap.ts";
export type { WebStoreOptions } from "./web-options.ts";
export { openWebStore, WebKeyStore } from "./web-store.ts";
export type { StoragePersistence } from "./web-store.ts";
