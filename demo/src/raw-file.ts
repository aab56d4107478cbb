/**
 * A database file as a thief sees it: bytes. No database code in here.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const BLOCK_BYTES = 4096;

/** SHA-256 of a file in hex. */
export function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** How many of the strings stand somewhere in the file, as UTF-8 or as UTF-16. */
export function countFound(path: string, strings: readonly string[]): number {
  const bytes = readFileSync(path);
  return strings.filter((text) => bytes.includes(text, 0, "utf8") || bytes.includes(text, 0, "utf16le")).length;
}

/** Whether the bytes stand somewhere in one of the files; absent files hold nothing. */
export function holdsBytes(paths: readonly string[], bytes: Uint8Array): boolean {
  return paths.some((path) => existsSync(path) && readFileSync(path).includes(Buffer.from(bytes)));
}

/** Shannon entropy in bits a byte of `count` blocks of 4 KiB, spread evenly over the file. Random bytes give about 7.95. */
export function entropyPerBlock(path: string, count: number): number[] {
  const bytes = readFileSync(path);
  const blocks = Math.floor(bytes.length / BLOCK_BYTES);
  return Array.from({ length: Math.min(count, blocks) }, (_unused, index) => {
    const start = Math.floor((index * blocks) / Math.min(count, blocks)) * BLOCK_BYTES;
    return entropy(bytes.subarray(start, start + BLOCK_BYTES));
  });
}

function entropy(block: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of block) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) {
    if (count === 0) continue;
    const share = count / block.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}
