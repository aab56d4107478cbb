/**
 * Attacks that need no knowledge of the format: bits, runs of bytes, length.
 *
 * @module
 */
import { LOG_OFFSET, PAGE_BYTES, ringEnd, findRecords } from "../format.ts";
import type { Victim } from "../victims.ts";
import { overwrite, sample, type Attack, type Budget, type Family } from "./attack.ts";

/** Every byte, or a spread of them, with one bit turned; header, slots and record heads with all eight. */
export const flips: Family = {
  name: "one bit flipped",
  forms: "both",
  *attacks(victim, { random, flips: count }) {
    const { bytes } = victim;
    const stride = Math.max(1, Math.ceil(bytes.length / count));
    for (let offset = random.below(stride); offset < bytes.length; offset += stride) yield flip(victim, offset, random.below(8));
    if (count !== Infinity) return;
    for (const offset of heads(victim)) for (let bit = 0; bit < 8; bit++) yield flip(victim, offset, bit);
  },
};

/** Where header, slots, records and pages begin: the bytes that are read before any tag is checked. */
export function headBytes(victim: Victim): number[] {
  return [...heads(victim)];
}

function* heads(victim: Victim): Iterable<number> {
  for (let offset = 0; offset < 256; offset++) yield offset;
  for (const slot of [PAGE_BYTES, 2 * PAGE_BYTES]) for (let offset = slot; offset < slot + 832; offset++) yield offset;
  for (const record of findRecords(victim.bytes)) for (let offset = 0; offset < 96; offset++) yield record.offset + offset;
  for (let page = ringEnd(victim.bytes); page < victim.bytes.length; page += PAGE_BYTES) for (let offset = 0; offset < 24; offset++) yield page + offset;
}

function flip({ bytes }: Victim, offset: number, bit: number): Attack {
  return overwrite(`bit ${bit} of byte ${offset}`, offset, Uint8Array.of((bytes[offset] ?? 0) ^ (1 << bit)));
}

/** Runs from 2 bytes to 64 KiB, of zeros, of ones, and random; at random places and on page boundaries. */
export const runs: Family = {
  name: "a run of bytes zeroed or randomised",
  forms: "both",
  *attacks({ bytes }, { random, tries }) {
    for (let attempt = 0; attempt < tries; attempt++) {
      const length = Math.min(bytes.length, random.pick([2, 7, 16, 32, 64, 100, 512, 4096, PAGE_BYTES, 3 * PAGE_BYTES, 65_536]));
      const at = random.below(bytes.length - length + 1);
      const offset = random.chance(0.5) ? at : Math.floor(at / PAGE_BYTES) * PAGE_BYTES;
      const kind = random.pick(["zeros", "ones", "random bytes"]);
      const run = kind === "random bytes" ? random.bytes(length) : new Uint8Array(length).fill(kind === "zeros" ? 0 : 0xff);
      yield overwrite(`${length} ${kind} at ${offset}`, offset, run);
    }
  },
};

/** Cut at every length, or a spread of them with those around each boundary. */
export const cuts: Family = {
  name: "the file cut",
  forms: "both",
  *attacks({ bytes }, { random, flips: count }) {
    const end = bytes.length;
    const boundaries = Array.from({ length: Math.ceil(end / PAGE_BYTES) }, (_, page) => [page * PAGE_BYTES - 1, page * PAGE_BYTES, page * PAGE_BYTES + 1]).flat();
    for (const sizeBytes of sample(boundaries.slice(1), count)) yield { what: `cut to ${sizeBytes}`, edits: [], sizeBytes };
    const stride = Math.max(1, Math.ceil(end / (count / 4)));
    for (let sizeBytes = random.below(stride); sizeBytes < end; sizeBytes += stride) yield { what: `cut to ${sizeBytes}`, edits: [], sizeBytes };
  },
};

/** Zeros, garbage, pages and records of the file's own behind its end, up to far more than it had. */
export const extensions: Family = {
  name: "the file extended",
  forms: "both",
  *attacks({ bytes }, { random, tries }) {
    for (let attempt = 0; attempt < tries / 4; attempt++) {
      const length = random.pick([1, 63, 512, PAGE_BYTES, 5 * PAGE_BYTES, 300_000]);
      const own = Math.floor(random.below(bytes.length) / PAGE_BYTES) * PAGE_BYTES;
      const [kind, tail] = random.pick<[string, Uint8Array]>([
        ["zeros", new Uint8Array(length)],
        ["random bytes", random.bytes(length)],
        [`its own bytes from ${own}`, bytes.slice(own, own + length)],
        ["a second copy of itself", bytes],
      ]);
      yield overwrite(`${tail.length} of ${kind} added`, bytes.length, tail);
    }
    yield { what: "a hole of 64 GiB added", edits: [], sizeBytes: 64 * 1024 ** 3 };
  },
};

/** Bytes taken out of the middle or put in, so that everything behind stands elsewhere. */
export const shifts: Family = {
  name: "everything behind a place shifted",
  forms: "both",
  *attacks({ bytes }, { random, tries }) {
    for (let attempt = 0; attempt < tries / 4; attempt++) {
      const length = random.pick([1, 16, 64, 4096, PAGE_BYTES, 2 * PAGE_BYTES]);
      const align = random.pick([1, 64, PAGE_BYTES]);
      const offset = Math.floor(random.below(bytes.length - length) / align) * align;
      if (random.chance(0.5)) {
        yield { what: `${length} bytes at ${offset} taken out`, edits: [{ offset, bytes: bytes.slice(offset + length) }], sizeBytes: bytes.length - length };
      } else {
        const inserted = new Uint8Array(length + bytes.length - offset);
        inserted.set(bytes.subarray(offset), length);
        yield overwrite(`${length} zeros put in at ${offset}`, offset, inserted);
      }
    }
  },
};

/** Several of the others at once. */
export const combinations: Family = {
  name: "several changes at once",
  forms: "both",
  *attacks(victim, budget) {
    const { random, tries } = budget;
    for (let attempt = 0; attempt < tries / 2; attempt++) yield { ...combine(victim, budget, 2 + random.below(6)), mayLoseSlot: true };
  },
};

function combine({ bytes, older, siblings }: Victim, { random }: Budget, count: number): Attack {
  const edits = Array.from({ length: count }, () => {
    const area = random.pick([[0, LOG_OFFSET], [LOG_OFFSET, ringEnd(bytes)], [ringEnd(bytes), bytes.length]] as const);
    const length = random.pick([1, 64, 832, PAGE_BYTES]);
    const offset = Math.floor((area[0] + random.below(Math.max(1, area[1] - area[0] - length))) / 64) * 64;
    const source = random.pick([...older, ...siblings, bytes, random.bytes(offset + length)]);
    const from = random.chance(0.6) ? offset : Math.floor(random.below(source.length) / 64) * 64;
    return { offset, bytes: source.slice(from, from + length) };
  });
  return { what: `edits at ${edits.map(({ offset, bytes: { length } }) => `${offset}+${length}`).join(", ")}`, edits };
}
