/**
 * Pages of trees, values in extents: changed under right tags, in plain and encrypted files, with and without a log behind.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";
import { baseFile, recordParts, volumeWith } from "../images/base-image.ts";
import type { BaseFile } from "../images/base-image.ts";
import { EDIT_BYTES, editBytes, editUnit, PAGE_EDIT_KINDS, readEdits } from "../images/edits.ts";
import { exercise } from "../images/exercise.ts";
import { copyImage } from "../images/file-image.ts";
import { TEST_KEY } from "../images/seals.ts";
import type { FuzzTarget } from "../target.ts";
import { mutateEdits } from "./edit-mutations.ts";

const bases = new Map<boolean, BaseFile>();

/** The target. Byte 0: bit 0 encrypted, bit 1 with records in the log, bit 2 written to. Then edits. */
export const target: FuzzTarget = {
  name: "file-pages",
  what: "pages and extents changed under right tags: opened, verified, read, written, opened again",
  maxBytes: 1 + 24 * EDIT_BYTES,
  limits: { steps: 2_500_000, bytes: 64_000_000 },
  seeds: () => [
    Uint8Array.of(0),
    Uint8Array.of(7),
    ...Array.from({ length: PAGE_EDIT_KINDS }, (_, kind) => Uint8Array.of(kind % 8, ...editBytes({ unit: 3 * kind, kind, offset: 1, value: 0x0101 }))),
  ],
  mutate: (input, random: Random) => mutateEdits(input, random, 1),
  run(input) {
    const mode = input[0] ?? 0;
    const isEncrypted = (mode & 1) === 1;
    const base = bases.get(isEncrypted) ?? baseFile(isEncrypted);
    bases.set(isEncrypted, base);
    const image = copyImage(base.image);
    for (const edit of readEdits(input, 1)) editUnit(image, edit);
    const parts = base.writer.write(image, false);
    const volume = volumeWith(base, [...parts, ...((mode & 2) === 0 ? [] : recordParts(base, image, base.records))]);
    exercise(volume, { encryptionKey: isEncrypted ? TEST_KEY : undefined, isWritten: (mode & 4) !== 0 });
  },
};
