/**
 * Plaintexts of log records.
 *
 * @module
 */
import { viewOf } from "./layout.ts";

/** One operation: 1 put, 2 delete, 3 create tree, 4 drop tree, 5 clear tree. */
export interface OperationInput {
  readonly kind: number;
  readonly tree: number;
  readonly key: string;
  readonly value?: string;
}

const encoder = new TextEncoder();

/** The plaintext of a record with these operations. */
export function operation(inputs: readonly OperationInput[]): Uint8Array {
  const parts = inputs.map(({ kind, tree, key, value = "" }) => {
    const [keyBytes, valueBytes] = [encoder.encode(key), encoder.encode(value)];
    const bytes = new Uint8Array(11 + keyBytes.length + valueBytes.length);
    const view = viewOf(bytes);
    bytes[0] = kind;
    view.setUint32(1, tree, true);
    view.setUint16(5, keyBytes.length, true);
    view.setUint32(7, valueBytes.length, true);
    bytes.set(keyBytes, 11);
    bytes.set(valueBytes, 11 + keyBytes.length);
    return bytes;
  });
  return joined(parts);
}

/** One array of all bytes. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
