/**
 * The text of a wrap: `1~<version of the wrapping key>~<sealed bytes>[~<more bytes>]`, each part base64url.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import { base64urlnopad } from "@scure/base";

const FORMAT = "1";

/** What a payload holds. */
export interface WrapPayload {
  /** Which version of the wrapping key sealed it, in the service's words. */
  readonly version: string;
  readonly parts: readonly Uint8Array[];
}

/** The text of a payload. */
export function encodePayload({ version, parts }: WrapPayload): string {
  return [FORMAT, base64urlnopad.encode(new TextEncoder().encode(version)), ...parts.map((part) => base64urlnopad.encode(part))].join("~");
}

/** @throws {KeyStoreError} `KEY_CORRUPT` for another form or another number of parts */
export function decodePayload(payload: string, partCount: number): WrapPayload {
  try {
    const [format, version = "", ...parts] = payload.split("~");
    if (format === FORMAT && parts.length === partCount && parts.every((part) => part !== "")) {
      return { version: new TextDecoder("utf-8", { fatal: true }).decode(base64urlnopad.decode(version)), parts: parts.map((part) => base64urlnopad.decode(part)) };
    }
  } catch {
    // Told below: what was wrong with it is of no use to anybody.
  }
  throw new KeyStoreError("KEY_CORRUPT", "the wrap has another form than this release writes. It was not changed. Restore the key from a recovery export.");
}
