/**
 * The keys of simulated databases. They are published here and protect nothing.
 *
 * @module
 */
import type { KeyName } from "./commit-model.ts";

const BYTES: Readonly<Record<Exclude<KeyName, "plain">, Uint8Array>> = {
  "key-1": Uint8Array.from({ length: 64 }, (_, index) => index),
  "key-2": Uint8Array.from({ length: 64 }, (_, index) => 64 + index),
  "key-3": Uint8Array.from({ length: 64 }, (_, index) => 128 + index),
};

/** Every kind of file. */
export const KEY_NAMES: readonly KeyName[] = ["plain", "key-1", "key-2", "key-3"];

/** The options of `Store.open` that stand for a key. */
export function keyOption(name: KeyName): { readonly encryptionKey?: Uint8Array } {
  return name === "plain" ? {} : { encryptionKey: BYTES[name] };
}

/** True if the engine refused a key, rather than the file. */
export function isKeyRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "KEY_WRONG" || code === "KEY_MISSING" || code === "KEY_SUPERFLUOUS";
}
