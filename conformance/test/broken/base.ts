/**
 * What every broken implementation breaks: the real one, under the suites' own types.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import type { RealmConstructor } from "../../src/realm-api.ts";

/** The implementation that works. */
export const Working: RealmConstructor = Realm as unknown as RealmConstructor;

/** The bytes of a key in whatever form it was given; `undefined` if it is no key at all. */
export function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof ArrayBuffer) return new Uint8Array(key.slice(0));
  if (ArrayBuffer.isView(key)) return new Uint8Array(key.buffer.slice(key.byteOffset, key.byteOffset + key.byteLength) as ArrayBuffer);
  return undefined;
}

/** The code of an error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Works for nothing, for so many milliseconds. */
export function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
