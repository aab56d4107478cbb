/**
 * The way in: text from outside to messages that can be relied on.
 *
 * @module
 */
import { LIMITS, type Limits } from "./limits.ts";
import type { ClientMessage, ServerMessage } from "./messages.ts";
import { ProtocolError } from "./protocol-error.ts";

/**
 * Reads a client's message.
 *
 * @throws {ProtocolError} whatever is wrong with it; the frame is to be answered with an error and nothing of it used.
 */
export function decodeClientMessage(_text: string, _limits: Limits = LIMITS): ClientMessage {
  throw new ProtocolError("MESSAGE_MALFORMED", "not there yet");
}

/** Reads a server's message; throws as {@link decodeClientMessage}. */
export function decodeServerMessage(_text: string, _limits: Limits = LIMITS): ServerMessage {
  throw new ProtocolError("MESSAGE_MALFORMED", "not there yet");
}

/** Writes a message. What comes out of this package's functions decodes again. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * The version that two ends speak: the newest that both know.
 *
 * @throws {ProtocolError} `PROTOCOL_UNSUPPORTED`
 */
export function negotiate(client: readonly [min: number, max: number], server: readonly [min: number, max: number]): number {
  const version = Math.min(client[1], server[1]);
  if (version < Math.max(client[0], server[0])) throw new ProtocolError("PROTOCOL_UNSUPPORTED", `no version in common: ${client.join(" to ")} and ${server.join(" to ")}`);
  return version;
}
