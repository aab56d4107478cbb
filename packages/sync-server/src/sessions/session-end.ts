/**
 * How a session ends by what the other side said.
 *
 * @module
 */
import type { ErrorAction } from "@holdfast/sync-protocol";

/** Why a session ends, in the protocol's words. */
export class SessionEnd extends Error {
  readonly code: string;
  readonly action: ErrorAction;
  constructor(code: string, action: ErrorAction, message: string) {
    super(message);
    this.code = code;
    this.action = action;
  }
}
