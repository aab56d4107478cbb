/**
 * argon2id (RFC 9106): WebAssembly where there is one, else JavaScript.
 *
 * @module
 */
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { argon2id as wasmArgon2id } from "hash-wasm";

/** How hard a passphrase is to try. */
export interface Argon2idCost {
  /** In KiB. */
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** Derives 32 bytes. All implementations agree bit for bit. */
export type Argon2id = (passphrase: Uint8Array, salt: Uint8Array, cost: Argon2idCost) => Promise<Uint8Array>;

/** 64 MiB, 3 passes, 4 lanes: the second recommended option of RFC 9106, section 4. */
export const DEFAULT_COST: Argon2idCost = { memoryKib: 65_536, iterations: 3, parallelism: 4 };

/** What a stored wrap may ask for: a hostile file must not take gigabytes or hours. */
export const COST_LIMITS: { readonly least: Argon2idCost; readonly most: Argon2idCost } = {
  least: { memoryKib: 8192, iterations: 1, parallelism: 1 },
  most: { memoryKib: 1_048_576, iterations: 16, parallelism: 16 },
};

/** True if a cost lies within {@link COST_LIMITS}. */
export function isAcceptable(cost: Argon2idCost): boolean {
  const { least, most } = COST_LIMITS;
  return (["memoryKib", "iterations", "parallelism"] as const).every((name) => Number.isInteger(cost[name]) && cost[name] >= least[name] && cost[name] <= most[name]);
}

/** Chosen by what the platform has. */
export const portableArgon2id: Argon2id = (passphrase, salt, cost) =>
  typeof (globalThis as { WebAssembly?: unknown }).WebAssembly === "object" ? wasm(passphrase, salt, cost) : script(passphrase, salt, cost);

/** In WebAssembly. */
export const wasm: Argon2id = (passphrase, salt, { memoryKib, iterations, parallelism }) =>
  wasmArgon2id({ password: passphrase, salt, memorySize: memoryKib, iterations, parallelism, hashLength: 32, outputType: "binary" });

/** In JavaScript: about five times as slow. */
export const script: Argon2id = (passphrase, salt, { memoryKib, iterations, parallelism }) =>
  argon2idAsync(passphrase, salt, { m: memoryKib, t: iterations, p: parallelism, dkLen: 32 });
