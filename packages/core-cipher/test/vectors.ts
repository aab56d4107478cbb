/**
 * Reads the vector files.
 *
 * @module
 */
import { readFileSync, readdirSync } from "node:fs";

const directory = new URL("../vectors/", import.meta.url);

/** One case of `vectors/units`. */
export interface UnitVector {
  readonly expect: "opens" | "refused";
  readonly reason: string;
  readonly key: string;
  readonly identity: { readonly kind: number; readonly fileId: string; readonly place: number; readonly birth: number; readonly context: string };
  readonly sealed: string;
  /** Present where the unit opens. */
  readonly iv?: string;
  readonly plaintext?: string;
}

/** One case of `vectors/key-checks`. */
export interface KeyCheckVector {
  readonly expect: "matches" | "differs";
  readonly reason: string;
  readonly key: string;
  readonly fileId: string;
  readonly keyCheck: string;
}

/** One case of a published HMAC list. */
export interface MacVector {
  readonly name?: string;
  readonly tcId?: number;
  readonly comment?: string;
  readonly key: string;
  readonly message: string;
  readonly tag: string;
  readonly result?: "valid" | "invalid";
}

/** Parses one vector file. */
export function readVector<Vector>(path: string): Vector {
  return JSON.parse(readFileSync(new URL(path, directory), "utf8")) as Vector;
}

/** Parses all vector files of a folder whose names begin with their expectation. */
export function readVectors<Vector extends { readonly expect: string }>(folder: string, expect: Vector["expect"]): [string, Vector][] {
  const names = readdirSync(new URL(`${folder}/`, directory)).sort();
  return names.filter((name) => name.startsWith(`${expect}-`)).map((name) => [name, readVector<Vector>(`${folder}/${name}`)]);
}

/** Bytes of lower-case hexadecimal. Throws on anything else, which `Buffer.from` would cut off. */
export function bytes(hex: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error("a vector holds something that is not hexadecimal");
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** Lower-case hexadecimal, for messages that a reader can compare. */
export function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}
