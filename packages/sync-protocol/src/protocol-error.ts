/**
 * The error of this package.
 *
 * Messages name places and limits, never a value: what stands in a message from outside may be somebody's data.
 *
 * @module
 */

/** Codes are API: renaming one is a breaking change. What to do about each stands in docs/errors.md. */
export type ProtocolErrorCode =
  | "FRAME_TOO_LARGE"
  | "MESSAGE_MALFORMED"
  | "MESSAGE_TOO_DEEP"
  | "MESSAGE_UNKNOWN"
  | "OPERATION_INVALID"
  | "PROTOCOL_UNSUPPORTED"
  | "SCHEMA_INVALID"
  | "STAMP_INVALID"
  | "STATE_INVALID"
  | "TOO_MANY"
  | "VALUE_INVALID"
  | "VALUE_TOO_LARGE";

/** Something that does not follow the protocol; its `code` says what. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;
  /** Where in a message, as a path such as `txs[3].ops[0].h`; absent if the whole of it is meant. */
  readonly place?: string;
  /** The message without the place. */
  readonly reason: string;

  constructor(code: ProtocolErrorCode, reason: string, options?: ErrorOptions & { readonly place?: string }) {
    super(options?.place === undefined ? reason : `${options.place}: ${reason}`, options);
    this.code = code;
    this.reason = reason;
    if (options?.place !== undefined) this.place = options.place;
  }
}
