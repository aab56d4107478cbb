/**
 * Errors: what a caller can do wrong with a key or a unit, each with a stable code.
 *
 * A damaged or forged unit is not an error here: `open` answers `undefined` and the engine, which
 * knows the place, raises its own error.
 *
 * No message ever holds a byte of a key, nor of a unit.
 *
 * @module
 */

/** Codes are API: renaming one is a breaking change. */
export type KeyErrorCode = "KEY_LENGTH" | "KEY_TYPE" | "KEY_ENTRY" | "KEY_WIPED";

/** Codes of mistakes in the call of a seal. Codes are API: renaming one is a breaking change. */
export type UnitErrorCode =
  | "UNIT_IDENTITY"
  | "UNIT_IV_LENGTH"
  | "UNIT_TARGET_TOO_SMALL"
  | "UNIT_TOO_LARGE"
  | "SEAL_CLOSED"
  | "RANDOM_UNAVAILABLE"
  | "CIPHER_UNFIT";

/** A value of the wrong kind where a key belongs, or a key that was wiped. */
export class KeyTypeError extends TypeError {
  override readonly name = "KeyError";
  readonly code: KeyErrorCode;
  constructor(code: KeyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A key of the wrong length, or a list with an entry that is not a byte. */
export class KeyRangeError extends RangeError {
  override readonly name = "KeyError";
  readonly code: KeyErrorCode;
  constructor(code: KeyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Every error about a key: a `TypeError` or a `RangeError` with a `code`. */
export type KeyError = KeyTypeError | KeyRangeError;

/**
 * The right-hand side of `error instanceof KeyError`.
 *
 * A class can extend `TypeError` or `RangeError`, not both; this is the one name for the two.
 */
export const KeyError: { [Symbol.hasInstance](value: unknown): value is KeyError } = {
  [Symbol.hasInstance](value: unknown): value is KeyError {
    return value instanceof KeyTypeError || value instanceof KeyRangeError;
  },
};

/** A seal was called with arguments that no unit can have, after `close`, without a source of random bytes, or over a crypto module that is none. */
export class UnitError extends RangeError {
  override readonly name = "UnitError";
  readonly code: UnitErrorCode;
  constructor(code: UnitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
