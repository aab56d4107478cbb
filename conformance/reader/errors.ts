/**
 * Why a file is refused, in the specification's words.
 *
 * @module
 */

/** A file that a reader must refuse. */
export class ReaderError extends Error {
  override readonly name = "ReaderError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
