/**
 * Holdfast's cipher, portable entry: no Node API. On Node, `@holdfast/core-cipher/node` is faster.
 *
 * @module
 */
export type { CipherBackend } from "./cipher-backend.ts";
export { constantTimeEquals } from "./constant-time.ts";
export { KeyError, KeyRangeError, KeyTypeError, UnitError } from "./errors.ts";
export type { KeyErrorCode, UnitErrorCode } from "./errors.ts";
export { generateKey } from "./generate-key.ts";
export { createInjectedSealer } from "./injected-backend.ts";
export type { InjectedCrypto, InjectedHmac } from "./injected-backend.ts";
export { KEY_CHECK_BYTES, KEY_CHECK_LABEL } from "./key-check.ts";
export { KEY_BYTES } from "./key-validation.ts";
export { createPortableUnitSeal, portableBackend } from "./portable-backend.ts";
export { SecretKey } from "./secret-key.ts";
export { FILE_ID_BYTES, MAX_PLAINTEXT_BYTES, UNIT_BLOCK_BYTES, UNIT_FORMAT_VERSION, UNIT_KIND } from "./unit-identity.ts";
export type { UnitIdentity } from "./unit-identity.ts";
export { IV_BYTES, TAG_BYTES, UNIT_OVERHEAD_BYTES } from "./unit-seal.ts";
export type { UnitSeal } from "./unit-seal.ts";
