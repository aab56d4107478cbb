/**
 * A value too long for a leaf: in memory until a checkpoint gives it an extent of its own.
 *
 * @module
 */
import type { PageRef } from "./page-ref.ts";

/** Shared by every copy of the leaf that holds it, so that it is written once. */
export class LargeValue {
  readonly lengthBytes: number;
  readonly bytes: Uint8Array;
  ref: PageRef | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.lengthBytes = bytes.length;
  }
}
