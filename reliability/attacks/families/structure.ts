/**
 * Attacks by somebody who knows the format: pages, records, slots and headers of this file, of its past and of its siblings.
 *
 * @module
 */
import { findRecords, fixHeaderChecksum, HEADER_BYTES, LOG_OFFSET, PAGE_BYTES, ringEnd, SLOT_OFFSETS, view, type RecordPlace } from "../format.ts";
import type { Victim } from "../victims.ts";
import { overwrite, sample, type Attack, type Edit, type Family } from "./attack.ts";

function pagesOf(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let offset = ringEnd(bytes); offset + PAGE_BYTES <= bytes.length; offset += PAGE_BYTES) offsets.push(offset);
  return offsets;
}

const pageAt = (bytes: Uint8Array, offset: number): Uint8Array => bytes.slice(offset, offset + PAGE_BYTES);

function differs(one: Uint8Array, two: Uint8Array): boolean {
  return one.length !== two.length || one.some((byte, index) => byte !== two[index]);
}

/** Each page as it was at each earlier time, at its own place. */
export const olderPages: Family = {
  name: "a page put back to an older version",
  forms: "encrypted",
  *attacks({ bytes, older }, { tries }) {
    const all = older.flatMap((state, time) => pagesOf(bytes).filter((offset) => offset + PAGE_BYTES <= state.length && differs(pageAt(state, offset), pageAt(bytes, offset))).map((offset) => ({ state, time, offset })));
    for (const { state, time, offset } of sample(all, 4 * tries)) yield overwrite(`page at ${offset} as of state ${time}`, offset, pageAt(state, offset));
  },
};

/** Two pages exchanged, one copied over another, and one moved. */
export const movedPages: Family = {
  name: "pages exchanged, copied over each other, moved",
  forms: "encrypted",
  *attacks({ bytes }, { random, tries }) {
    const pages = pagesOf(bytes);
    for (let attempt = 0; attempt < tries && pages.length > 1; attempt++) {
      const one = random.pick(pages);
      const two = random.pick(pages.filter((offset) => offset !== one));
      const copied = { offset: two, bytes: pageAt(bytes, one) };
      const kind = random.pick(["exchanged", "copied", "moved"]);
      const edits: Edit[] = kind === "exchanged" ? [copied, { offset: one, bytes: pageAt(bytes, two) }] : kind === "copied" ? [copied] : [copied, { offset: one, bytes: new Uint8Array(PAGE_BYTES) }];
      yield { what: `pages ${one} and ${two} ${kind}`, edits };
    }
  },
};

/** Anything of a file under the same key: a copy, a compacted copy, another database. */
export const siblingPages: Family = {
  name: "pages, records, slots and headers of another file with the same key",
  forms: "encrypted",
  *attacks({ bytes, siblings }, { random, tries }) {
    for (const [index, sibling] of siblings.entries()) {
      for (const [what, from, to] of [["header", 0, HEADER_BYTES], ["slot 0", SLOT_OFFSETS[0], SLOT_OFFSETS[0] + PAGE_BYTES], ["slot 1", SLOT_OFFSETS[1], LOG_OFFSET], ["both slots", SLOT_OFFSETS[0], LOG_OFFSET]] as const) {
        yield overwrite(`${what} of sibling ${index}`, from, sibling.slice(from, to));
      }
      for (let attempt = 0; attempt < tries / 2; attempt++) {
        const offset = random.pick(pagesOf(bytes));
        const source = random.chance(0.5) ? offset : random.pick(pagesOf(sibling));
        yield overwrite(`page ${source} of sibling ${index} at ${offset}`, offset, pageAt(sibling, source));
      }
      if (ringEnd(sibling) === ringEnd(bytes)) yield overwrite(`log of sibling ${index}`, LOG_OFFSET, sibling.slice(LOG_OFFSET, ringEnd(bytes)));
    }
  },
};

/** Slots of every earlier time in each combination, the rest as it is. */
export const mixedSlots: Family = {
  name: "slots put back, mixed, exchanged",
  forms: "encrypted",
  *attacks({ bytes, older }, { tries }) {
    const sources = [bytes, ...older];
    const pairs = sources.flatMap((first, one) => sources.map((second, two) => ({ first, second, one, two })));
    for (const { first, second, one, two } of sample(pairs.slice(1), 4 * tries)) {
      yield {
        what: `slot 0 of state ${one}, slot 1 of state ${two}`,
        edits: [{ offset: SLOT_OFFSETS[0], bytes: pageAt(first, SLOT_OFFSETS[0]) }, { offset: SLOT_OFFSETS[1], bytes: pageAt(second, SLOT_OFFSETS[1]) }],
      };
    }
    for (const source of sources) {
      const [even, odd] = SLOT_OFFSETS;
      yield { what: "slots exchanged", edits: [{ offset: even, bytes: pageAt(source, odd) }, { offset: odd, bytes: pageAt(source, even) }] };
      yield overwrite("slot 1 copied over slot 0", even, pageAt(source, odd));
      yield overwrite("slot 0 copied over slot 1", odd, pageAt(source, even));
    }
    for (const offset of SLOT_OFFSETS) yield overwrite(`slot at ${offset} wiped`, offset, new Uint8Array(PAGE_BYTES));
  },
};

/** Records put back, exchanged, copied, moved, cut out of the middle or off the end. */
export const records: Family = {
  name: "log records put back, exchanged, duplicated, cut, moved",
  forms: "encrypted",
  *attacks(victim, { random, tries }) {
    const { bytes, older } = victim;
    const found = findRecords(bytes);
    const bytesOf = ({ offset, sizeBytes }: RecordPlace): Uint8Array => bytes.slice(offset, Math.min(offset + sizeBytes, ringEnd(bytes)));
    for (const [index, record] of sample(found, tries).entries()) yield overwrite(`record ${index} (commit ${record.commit}) wiped`, record.offset, new Uint8Array(bytesOf(record).length));
    for (let attempt = 0; attempt < tries && found.length > 1; attempt++) {
      const one = random.pick(found);
      const two = random.pick(found);
      yield overwrite(`record of commit ${one.commit} over that of ${two.commit}`, two.offset, bytesOf(one).subarray(0, ringEnd(bytes) - two.offset));
      if (one.sizeBytes === two.sizeBytes) yield { what: `records of commits ${one.commit} and ${two.commit} exchanged`, edits: [{ offset: one.offset, bytes: bytesOf(two) }, { offset: two.offset, bytes: bytesOf(one) }] };
      const free = LOG_OFFSET + 64 * random.below((ringEnd(bytes) - LOG_OFFSET) / 64);
      yield overwrite(`record of commit ${one.commit} at ${free}`, free, bytesOf(one).subarray(0, ringEnd(bytes) - free));
    }
    for (const [time, state] of older.entries()) {
      if (ringEnd(state) !== ringEnd(bytes)) continue;
      for (const record of sample(findRecords(state), tries / 4)) yield overwrite(`record of commit ${record.commit} of state ${time}`, record.offset, state.slice(record.offset, Math.min(record.offset + record.sizeBytes, ringEnd(state))));
      yield overwrite(`whole log of state ${time}`, LOG_OFFSET, state.slice(LOG_OFFSET, ringEnd(state)));
    }
    yield overwrite("whole log wiped", LOG_OFFSET, new Uint8Array(ringEnd(bytes) - LOG_OFFSET));
    yield* cutRecords(victim, found);
  },
};

/** The newest records taken away, one more each time. */
function* cutRecords({ bytes }: Victim, found: readonly RecordPlace[]): Iterable<Attack> {
  const edits: Edit[] = [];
  for (const record of found.toReversed().slice(0, 12)) {
    edits.push({ offset: record.offset, bytes: new Uint8Array(Math.min(record.sizeBytes, ringEnd(bytes) - record.offset)) });
    yield { what: `the newest ${edits.length} records wiped`, edits: [...edits] };
  }
}

const NUMBERS = [0, 1, 2, 63, 64, 255, 8192, 65_535, 2 ** 31, 2 ** 32 - 1, 2 ** 48, 2 ** 53 - 1, 2 ** 53, 2 ** 63];

/** What stands in the clear, set to numbers that a reader might stumble over; the header's checksum made to fit. */
export const clearFields: Family = {
  name: "numbers in the clear forged",
  forms: "encrypted",
  *attacks({ bytes }, { tries }) {
    for (const number of NUMBERS) {
      for (const [offset, width] of [[8, 2], [10, 2], [12, 4], [16, 8], [24, 4], [28, 4], [32, 4], [36, 4]] as const) {
        const header = withNumber(bytes.slice(0, HEADER_BYTES), offset, width, number);
        fixHeaderChecksum(header);
        yield overwrite(`header field at ${offset} set to ${number}`, 0, header);
        yield { what: `header field at ${offset} set to ${number}, in the copies too`, edits: [0, SLOT_OFFSETS[0] + 16, SLOT_OFFSETS[1] + 16].map((at) => ({ offset: at, bytes: header })) };
      }
      for (const at of SLOT_OFFSETS) for (const [offset, width] of [[0, 4], [4, 4], [8, 8]] as const) yield overwrite(`slot field at ${at + offset} set to ${number}`, at, withNumber(bytes.slice(at, at + 16), offset, width, number));
      for (const record of sample(findRecords(bytes), tries / 20)) {
        for (const [offset, width] of [[0, 4], [4, 4], [8, 8], [16, 8], [40, 8]] as const) yield overwrite(`record field at ${record.offset + offset} set to ${number}`, record.offset, withNumber(bytes.slice(record.offset, record.offset + 48), offset, width, number));
      }
      for (const page of sample(pagesOf(bytes), tries / 20)) yield overwrite(`birth of the page at ${page} set to ${number}`, page, withNumber(bytes.slice(page, page + 8), 0, 8, number));
    }
    yield overwrite("a ring full of made-up records", LOG_OFFSET, madeUpRecords(bytes));
  },
};

function withNumber(target: Uint8Array, offset: number, width: 2 | 4 | 8, number: number): Uint8Array {
  const fields = view(target);
  if (width === 8) fields.setBigUint64(offset, BigInt(number), true);
  else if (width === 4) fields.setUint32(offset, number, true);
  else fields.setUint16(offset, number, true);
  return target;
}

/** Every 64 bytes the beginning of the longest record there can be, of a commit that is still to come. */
function madeUpRecords(bytes: Uint8Array): Uint8Array {
  const length = ringEnd(bytes) - LOG_OFFSET;
  const ring = new Uint8Array(length);
  const fields = view(ring);
  const newest = Math.max(...findRecords(bytes).map(({ position }) => position), 0);
  for (let offset = 0; offset < length; offset += 64) {
    fields.setUint32(offset, 0x43455248, true);
    fields.setUint32(offset + 4, length / 4 - 256, true);
    fields.setBigUint64(offset + 8, 1_000_000n, true);
    fields.setBigUint64(offset + 16, BigInt((Math.floor(newest / length) + 1) * length + offset), true);
  }
  return ring;
}
