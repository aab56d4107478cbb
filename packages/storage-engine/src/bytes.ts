/**
 * Little-endian numbers in byte arrays, and the order of keys.
 *
 * @module
 */

export function readU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) + (bytes[offset + 1] as number) * 0x100;
}

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset) + readU16(bytes, offset + 2) * 0x10000;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  writeU16(bytes, offset, value % 0x10000);
  writeU16(bytes, offset + 2, Math.floor(value / 0x10000));
}

/** Reads 6 bytes: every count and number of the format that may pass 32 bits. */
export function readU48(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) + readU16(bytes, offset + 4) * 0x1_0000_0000;
}

export function writeU48(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, value % 0x1_0000_0000);
  writeU16(bytes, offset + 4, Math.floor(value / 0x1_0000_0000));
}

/** Reads 8 bytes as a safe integer; a larger value comes back as `Infinity`, which no check accepts. */
export function readU64(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset + 6) >= 0x20 ? Infinity : readU48(bytes, offset) + readU16(bytes, offset + 6) * 0x1_0000_0000_0000;
}

export function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU48(bytes, offset, value % 0x1_0000_0000_0000);
  writeU16(bytes, offset + 6, Math.floor(value / 0x1_0000_0000_0000));
}

/** Unsigned bytes decide, then the shorter key is first. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareRange(a, 0, a.length, b);
}

/** Compares `bytes[start, end)` with `key`. */
export function compareRange(bytes: Uint8Array, start: number, end: number, key: Uint8Array): number {
  const length = end - start;
  const shared = length < key.length ? length : key.length;
  for (let i = 0; i < shared; i++) {
    const difference = (bytes[start + i] as number) - (key[i] as number);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareKeys(a, b) === 0;
}
