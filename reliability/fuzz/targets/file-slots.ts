/**
 * Header, slots and the map of used pages: changed under right checksums and tags, in plain and encrypted files.
 *
 * @module
 */
import type { Random } from "../fuzzer/random.ts";
import { baseFile, recordParts, volumeWith } from "../images/base-image.ts";
import type { BaseFile } from "../images/base-image.ts";
import { EDIT_BYTES, editBytes, editBytesOf, readEdits } from "../images/edits.ts";
import type { Edit } from "../images/edits.ts";
import { exercise } from "../images/exercise.ts";
import { closeHeader, copyImage, ownUnit } from "../images/file-image.ts";
import type { FileImage } from "../images/file-image.ts";
import { SLOT_OFFSETS, UNIT_KIND } from "../images/layout.ts";
import { TEST_KEY } from "../images/seals.ts";
import type { FuzzTarget } from "../target.ts";
import { mutateEdits } from "./edit-mutations.ts";

const bases = new Map<boolean, BaseFile>();
/** Behind the references of a slot stand numbers that matter most. */
const SLOT_FIELDS = [0, 8, 16, 24, 40, 48, 56, 60, 62, 68, 84, 88, 90, 96, 112];

/** The target. Byte 0: bit 0 encrypted, bit 1 with records in the log, bit 2 one slot only, bit 3 written to. Then edits. */
export const target: FuzzTarget = {
  name: "file-slots",
  what: "header, slots and map of used pages changed under right checksums and tags: opened, verified, read, written, opened again",
  maxBytes: 1 + 16 * EDIT_BYTES,
  limits: { steps: 2_500_000, bytes: 64_000_000 },
  seeds: () => [
    Uint8Array.of(0),
    Uint8Array.of(7),
    ...Array.from({ length: 24 }, (_, index) => Uint8Array.of(index % 16, ...editBytes({ unit: index % 6, kind: index % 7, offset: SLOT_FIELDS[index % SLOT_FIELDS.length] as number, value: 1 }))),
  ],
  mutate: (input, random: Random) => mutateEdits(input, random, 1),
  run(input) {
    const mode = input[0] ?? 0;
    const isEncrypted = (mode & 1) === 1;
    const base = bases.get(isEncrypted) ?? baseFile(isEncrypted);
    bases.set(isEncrypted, base);
    const image = copyImage(base.image);
    const late: Edit[] = [];
    for (const edit of readEdits(input, 1)) applyEdit(image, edit, late);
    const parts = base.writer.write(image, false).map((part) => ({ ...part, bytes: part.bytes.slice() }));
    // Edits of the slots' clear parts and of the header's checksum come after sealing.
    for (const edit of late) editBytesOf((parts.find((part) => part.offset === (SLOT_OFFSETS[edit.value % 2] as number))?.bytes ?? new Uint8Array(8)).subarray(0, 16), edit);
    if ((mode & 4) !== 0) parts.push({ offset: SLOT_OFFSETS[input.length % 2] as number, bytes: new Uint8Array(832) });
    const volume = volumeWith(base, [...parts, ...((mode & 2) === 0 ? [] : recordParts(base, image, base.records))]);
    exercise(volume, { encryptionKey: isEncrypted ? TEST_KEY : undefined, isWritten: (mode & 8) !== 0 });
  },
};

function applyEdit(image: FileImage, edit: Edit, late: Edit[]): void {
  const kind = edit.unit % 8;
  if (kind === 0) {
    editBytesOf(image.header.subarray(8), edit);
    closeHeader(image);
  } else if (kind < 5) editSlot(image, edit, kind);
  else if (kind === 5) late.push(edit);
  else {
    const index = image.units.findIndex((unit) => unit.kind === UNIT_KIND.space);
    const space = ownUnit(image, index).plaintext;
    editBytesOf(space, kind === 6 ? { ...edit, offset: edit.offset % 40 } : { ...edit, offset: space.length - 1 - (edit.offset % 96) });
  }
}

/** Slot 0, slot 1 or both; anywhere or in a field; now and then a reference goes elsewhere or keeps the bytes that it gets. */
function editSlot(image: FileImage, edit: Edit, kind: number): void {
  const slots = kind === 3 ? image.slots : [image.slots[kind % 2] as FileImage["slots"][0]];
  for (const slot of slots) {
    const offset = kind === 4 ? edit.offset : (SLOT_FIELDS[edit.offset % SLOT_FIELDS.length] as number);
    if (edit.kind % 32 === 31 && slot.links.length > 0) {
      (slot.links[edit.offset % slot.links.length] as { target: number }).target = edit.value % image.units.length;
      continue;
    }
    if (offset >= 56 && offset < 112 && edit.kind % 2 === 0) {
      const hit = slot.links.findIndex((link) => offset >= link.at && offset < link.at + 28);
      if (hit >= 0) slot.links.splice(hit, 1);
    }
    editBytesOf(slot.plaintext.subarray(0, 256), { ...edit, offset });
  }
}
