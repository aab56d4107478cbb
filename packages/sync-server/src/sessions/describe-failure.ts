/**
 * How a session that ends tells why.
 *
 * @module
 */
import { ProtocolError } from "@holdfast/sync-protocol";
import type { ErrorAction } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import { SessionEnd } from "./session-end.ts";

/** An error as a client is told of it. Only what this server says itself may reach a client: other messages could hold data. */
export function describeFailure(error: unknown): { readonly code: string; readonly action: ErrorAction; readonly message: string } {
  if (error instanceof SessionEnd) return error;
  if (error instanceof ProtocolError) return { code: error.code, action: "stop", message: error.place === undefined ? error.message : `${error.message} (${error.place})` };
  if (error instanceof SyncServerError) {
    switch (error.code) {
      case "UPLOAD_DIFFERS":
      case "UPLOAD_GAP":
      case "HISTORY_LOST":
      case "CLIENT_FOREIGN":
        return { code: error.code, action: "reset", message: error.message };
      case "SHARD_UNKNOWN":
        return { code: error.code, action: "stop", message: error.message };
      case "SERVER_STOPPING":
        return { code: error.code, action: "retry", message: error.message };
      case "SCHEMA_UNSUPPORTED":
        return { code: error.code, action: "migrate", message: error.message };
      default:
        return { code: "STORE_UNAVAILABLE", action: "retry", message: "the server cannot answer now" };
    }
  }
  return { code: "STORE_UNAVAILABLE", action: "retry", message: "the server cannot answer now" };
}
