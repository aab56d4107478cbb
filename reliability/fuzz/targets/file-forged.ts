/**
 * A closed file changed by somebody who has no key: with the key it gives what was written or a coded error, without the key
 * or with a wrong one it is refused.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Random } from "../fuzzer/random.ts";
import { codeOf } from "../fuzzer/failure.ts";
import { baseFile, PATH, recordParts, volumeWith } from "../images/base-image.ts";
import type { BaseFile } from "../images/base-image.ts";
import { EDIT_BYTES, editBytes, readEdits } from "../images/edits.ts";
import type { Edit } from "../images/edits.ts";
import { differenceOf, openImage, readAll, withSnapshot } from "../images/exercise.ts";
import type { Content } from "../images/exercise.ts";
import { TEST_KEY } from "../images/seals.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import { mutateEdits } from "./edit-mutations.ts";

/** A file with records in its log, and what it held after each of its commits. */
interface Original {
  readonly base: BaseFile;
  readonly bytes: Uint8Array;
  /** After the slot, and after each record: cutting the log at its end looks like a crash. */
  readonly contents: readonly Content[];
}

const originals = new Map<boolean, Original>();
const WRONG_KEY = new Uint8Array(64).fill(9);
/** What an open without the right key may say. */
const REFUSALS: ReadonlySet<string> = new Set(["KEY_WRONG", "KEY_MISSING", "KEY_SUPERFLUOUS", "HEADER_DAMAGED", "NOT_A_STORE", "FORMAT_UNSUPPORTED", "SLOT_DAMAGED", "FILE_MISSING"]);

/** The target. Byte 0: bit 0 plain. Then edits of the file's bytes. */
export const target: FuzzTarget = {
  name: "file-forged",
  what: "the bytes of a file changed, moved and cut without the key: what was written, or a coded error; refused without the key",
  maxBytes: 1 + 24 * EDIT_BYTES,
  limits: { steps: 2_500_000, bytes: 64_000_000 },
  seeds: () => [Uint8Array.of(0), Uint8Array.of(1), ...Array.from({ length: 16 }, (_, index) => Uint8Array.of(index % 2, ...editBytes({ unit: index, kind: index % 8, offset: index * 8, value: index * 0x1000 + 1 })))],
  mutate: (input, random: Random) => mutateEdits(input, random, 1),
  run(input) {
    const isEncrypted = ((input[0] ?? 0) & 1) === 0;
    const original = originals.get(isEncrypted) ?? makeOriginal(isEncrypted);
    originals.set(isEncrypted, original);
    const bytes = forge(original.bytes, readEdits(input, 1));
    expectTruth(original, bytes, isEncrypted ? TEST_KEY : undefined);
    if (isEncrypted) expectRefused(original, bytes);
  },
};

function makeOriginal(isEncrypted: boolean): Original {
  const base = baseFile(isEncrypted);
  const key = isEncrypted ? TEST_KEY : undefined;
  const contents = base.records.concat(new Uint8Array(0)).map((_, count) => {
    const store = openImage(volumeWith(base, recordParts(base, base.image, base.records.slice(0, count))), key);
    const content = withSnapshot(store, readAll);
    store.close();
    return content;
  });
  return { base, bytes: volumeWith(base, recordParts(base, base.image, base.records)).readFile(PATH), contents };
}

/** Where things begin that are worth moving: header, slots, records, pages. */
function placeOf(value: number, length: number): number {
  const places = [0, 8, 40, 56, 252, 8192, 8208, 8464, 16_384, 16_400, 16_656, 24_576, 24_576 + 64 * (value % 80), 8192 * (value % 48), 8192 * (value % 48) + 8];
  return Math.min((places[(value >>> 6) % places.length] as number) + (value % 3 === 0 ? (value >>> 10) % 64 : 0), length - 1);
}

function forge(original: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes = original.slice();
  for (const { unit, kind, offset, value } of edits) {
    if (bytes.length === 0) break;
    const at = (unit & 1) === 0 ? placeOf(offset, bytes.length) : (offset * 64 + (unit >> 1)) % bytes.length;
    const length = [1, 16, 32, 64, 192, 832, 8192, 65_536][unit % 8] as number;
    switch (kind % 8) {
      case 0:
      case 1:
        bytes[at] = (bytes[at] as number) ^ (value % 256 || 1);
        break;
      case 2:
        bytes[at] = value;
        break;
      case 3:
        bytes.fill(value, at, at + length);
        break;
      case 4:
        bytes.copyWithin(at, placeOf(value % 0x10000, bytes.length), placeOf(value % 0x10000, bytes.length) + length);
        break;
      case 5: {
        const other = placeOf(value % 0x10000, bytes.length);
        const kept = bytes.slice(at, at + length);
        bytes.copyWithin(at, other, other + length);
        bytes.set(kept.subarray(0, Math.max(0, bytes.length - other)), other);
        break;
      }
      case 6:
        bytes = bytes.slice(0, value % 4 === 0 ? at : Math.max(1, bytes.length - (value % 20_000)));
        break;
      default: {
        const longer = new Uint8Array(bytes.length + (value % 20_000));
        longer.set(bytes);
        bytes = longer;
      }
    }
  }
  return bytes;
}

/** With the key: a state that the file was in, or damage. */
function expectTruth({ base, contents }: Original, bytes: Uint8Array, key: Uint8Array | undefined): void {
  const volume = base.volume.fork();
  volume.writeFile(PATH, bytes);
  let found: Content | undefined;
  let isOpened = false;
  codeOf(() => {
    const store = openImage(volume, key);
    isOpened = true;
    try {
      found = withSnapshot(store, readAll);
      store.verify();
    } finally {
      store.close();
    }
  });
  // An empty file counts as a missing one, and a new one is made.
  if (bytes.length === 0) return;
  if (!isOpened) expectUnchanged(volume.readFile(PATH), bytes);
  if (found === undefined) return;
  const known = found;
  if (!contents.some((content) => differenceOf(known, content) === undefined)) throw new PromiseBroken("WRONG_DATA", String(differenceOf(known, contents.at(-1) as Content)));
}

/** Without the key, and with another. */
function expectRefused({ base }: Original, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  for (const key of [undefined, WRONG_KEY]) {
    const volume = base.volume.fork();
    volume.writeFile(PATH, bytes);
    const code = codeOf(() => openImage(volume, key).close());
    if (code === undefined || !REFUSALS.has(code)) throw new PromiseBroken("NOT_REFUSED", `${key === undefined ? "without a key" : "with a wrong key"}: ${String(code)}`);
    expectUnchanged(volume.readFile(PATH), bytes);
  }
}

function expectUnchanged(found: Uint8Array, before: Uint8Array): void {
  if (Buffer.compare(found, before) !== 0) throw new PromiseBroken("CHANGED_BY_REFUSED_OPEN", "an open that failed has changed the file");
}
