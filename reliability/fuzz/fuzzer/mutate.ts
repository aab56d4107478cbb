/**
 * Changes to inputs that know nothing of their meaning, after AFL's "havoc" stage.
 *
 * @module
 */
import type { Random } from "./random.ts";

const INTERESTING_8 = [0, 1, 2, 16, 31, 32, 64, 100, 127, 128, 129, 254, 255];
const INTERESTING_16 = [0, 1, 255, 256, 512, 1000, 1023, 1024, 1025, 4095, 4096, 8135, 8136, 8191, 8192, 32_767, 32_768, 65_534, 65_535];
const INTERESTING_32 = [0, 1, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x0400_0000];

/** What mutations draw from. */
export interface Material {
  readonly dictionary: readonly Uint8Array[];
  /** Another input to splice with. */
  other(): Uint8Array;
  readonly maxBytes: number;
}

/** A few random changes, one upon the other. The input is not changed. */
export function mutate(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let bytes = input;
  const rounds = 1 + random.below(random.oneIn(4) ? 8 : 3);
  for (let i = 0; i < rounds; i++) bytes = mutateOnce(bytes, random, material);
  return bytes.length > material.maxBytes ? bytes.slice(0, material.maxBytes) : bytes;
}

function mutateOnce(input: Uint8Array, random: Random, material: Material): Uint8Array {
  if (input.length === 0) return random.oneIn(2) ? Uint8Array.of(random.below(256)) : word(random, material);
  const at = random.below(input.length);
  switch (random.below(14)) {
    case 0:
      return changed(input, at, (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return changed(input, at, () => random.below(256));
    case 2:
      return changed(input, at, (byte) => byte + 1 + random.below(16));
    case 3:
      return changed(input, at, (byte) => byte - 1 - random.below(16));
    case 4:
      return overwritten(input, at, Uint8Array.of(random.pick(INTERESTING_8)));
    case 5:
      return overwritten(input, at, littleEndian(random.pick(INTERESTING_16), 2));
    case 6:
      return overwritten(input, at, littleEndian(random.pick(INTERESTING_32), 4));
    case 7:
      return inserted(input, random.below(input.length + 1), word(random, material));
    case 8:
      return overwritten(input, at, word(random, material));
    case 9: {
      const length = blockLength(random, input.length - at);
      return inserted(input, random.below(input.length + 1), input.slice(at, at + length));
    }
    case 10: {
      const length = blockLength(random, input.length - at);
      return overwritten(input, random.below(input.length), input.slice(at, at + length));
    }
    case 11:
      return without(input, at, blockLength(random, input.length - at));
    case 12:
      return inserted(input, random.below(input.length + 1), new Uint8Array(1 + random.below(8)).fill(random.below(256)));
    default:
      return spliced(input, at, material.other(), random);
  }
}

/** Short blocks more often than long ones. */
function blockLength(random: Random, available: number): number {
  const limit = random.pick([2, 8, 32, available]);
  return 1 + random.below(Math.min(limit, available));
}

function word(random: Random, { dictionary }: Material): Uint8Array {
  return dictionary.length === 0 ? Uint8Array.of(random.below(256)) : random.pick(dictionary);
}

function changed(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const bytes = input.slice();
  bytes[at] = change(bytes[at] as number);
  return bytes;
}

function overwritten(input: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.max(input.length, at + part.length));
  bytes.set(input);
  bytes.set(part, at);
  return bytes;
}

function inserted(input: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(input.length + part.length);
  bytes.set(input.subarray(0, at));
  bytes.set(part, at);
  bytes.set(input.subarray(at), at + part.length);
  return bytes;
}

function without(input: Uint8Array, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(input.length - length);
  bytes.set(input.subarray(0, at));
  bytes.set(input.subarray(at + length), at);
  return bytes;
}

function spliced(input: Uint8Array, at: number, other: Uint8Array, random: Random): Uint8Array {
  const tail = other.subarray(random.below(other.length));
  return inserted(input.slice(0, at), at, tail);
}

/** A number in `length` bytes. */
export function littleEndian(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) % 256);
}
