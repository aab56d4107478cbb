/**
 * Finding byte strings in large files and buffers.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { KeyForm } from "./marks.ts";

const CHUNK_BYTES = 64 * 1024 * 1024;
const OVERLAP_BYTES = 256;

/** How often each form occurs in the bytes; forms that do not occur are left out. */
export function countIn(bytes: Uint8Array, forms: readonly KeyForm[], into: Map<string, number> = new Map()): Map<string, number> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const { name, bytes: wanted } of forms) {
    for (let at = buffer.indexOf(wanted); at >= 0; at = buffer.indexOf(wanted, at + 1)) into.set(name, (into.get(name) ?? 0) + 1);
  }
  return into;
}

/** The same for a file of any length. */
export function countInFile(path: string, forms: readonly KeyForm[]): Map<string, number> {
  const counts = new Map<string, number>();
  const file = openSync(path, "r");
  const chunk = new Uint8Array(CHUNK_BYTES + OVERLAP_BYTES);
  try {
    for (let offset = 0; ; offset += CHUNK_BYTES) {
      const length = readSync(file, chunk, 0, chunk.length, offset);
      if (length === 0) return counts;
      // What begins in the overlap is counted with the next chunk.
      const isLast = length < chunk.length;
      for (const form of forms) countStarts(chunk.subarray(0, length), form, isLast ? length : CHUNK_BYTES, counts);
      if (isLast) return counts;
    }
  } finally {
    closeSync(file);
  }
}

function countStarts(bytes: Uint8Array, { name, bytes: wanted }: KeyForm, end: number, counts: Map<string, number>): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(wanted); at >= 0 && at < end; at = buffer.indexOf(wanted, at + 1)) counts.set(name, (counts.get(name) ?? 0) + 1);
}
