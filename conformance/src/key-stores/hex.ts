/**
 * Bytes as text, for claims and for other processes.
 *
 * @module
 */

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
