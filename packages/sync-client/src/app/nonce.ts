/**
 * Random texts.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { AppError } from "./app-error.ts";

/** 16 random bytes in base64url. @throws {AppError} `NOT_SUPPORTED` on a platform without a secure generator */
export function newNonce(): string {
  const { crypto } = globalThis as { crypto?: { getRandomValues?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> } };
  if (crypto?.getRandomValues === undefined) throw new AppError("NOT_SUPPORTED", "this platform has no crypto.getRandomValues: on React Native, install react-native-quick-crypto first");
  return base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(16)));
}
