/**
 * The file that the file targets change: written by the engine, taken apart, and laid out again with the shortest log.
 *
 * @module
 */
import { MemoryVolume, Store } from "@holdfast/storage-engine";
import { copyImage, ImageWriter, readImage, ringParts, sealRecord } from "./file-image.ts";
import type { FileImage, ImageUnit, Part } from "./file-image.ts";
import { LOG_OFFSET, PAGE_BYTES, readU64, SMALL_LOG_BYTES, UNIT_KIND, viewOf } from "./layout.ts";
import { operation } from "./operations.ts";
import { encryptedSeal, plainSeal } from "./seals.ts";
import type { ImageSeal } from "./seals.ts";

/** Where every image stands on its volume. */
export const PATH = "/db/fuzz.holdfast";
const encoder = new TextEncoder();

/** A file in one of the two seals, and the volume that holds it. */
export interface BaseFile {
  readonly seal: ImageSeal;
  readonly image: FileImage;
  readonly writer: ImageWriter;
  readonly fileId: Uint8Array;
  /** Holds the whole file without log records, as after a clean close. Fork it. */
  readonly volume: MemoryVolume;
  /** Three records that may follow: after them one tree more, some entries more and fewer. */
  readonly records: readonly Uint8Array[];
}

/** The newest slot's commit, log position and tag before it. */
export function headOf(image: FileImage): { commit: number; position: number; tag: Uint8Array } {
  const slot = image.slots[0].generation > image.slots[1].generation ? image.slots[0] : image.slots[1];
  return { commit: readU64(slot.plaintext, 8), position: readU64(slot.plaintext, 16), tag: slot.plaintext.slice(24, 40) };
}

/** The base file; the same content whatever the seal. */
export function baseFile(isEncrypted: boolean): BaseFile {
  const image = smallLogImage(readImage(writeByEngine(), plainSeal()));
  const seal = isEncrypted ? encryptedSeal() : plainSeal();
  const writer = new ImageWriter(seal);
  writer.adoptHeader(image);
  const volume = new MemoryVolume({ clock: () => 0 });
  volume.makeDirectory("/db");
  const bytes = new Uint8Array(image.sizeBytes);
  for (const part of writer.write(image, true)) bytes.set(part.bytes, part.offset);
  volume.writeFile(PATH, bytes);
  return { seal, image, writer, fileId: image.header.slice(40, 56), volume, records: RECORDS };
}

/** A fork of the base's volume with some parts written over. */
export function volumeWith(base: BaseFile, parts: readonly Part[]): MemoryVolume {
  const volume = base.volume.fork();
  const file = volume.open(PATH, "write");
  for (const { offset, bytes } of parts) file.write(offset, bytes);
  file.close();
  return volume;
}

/** Seals plaintexts as records behind the image's newest slot. */
export function recordParts(base: BaseFile, image: FileImage, plaintexts: readonly Uint8Array[]): Part[] {
  let { commit, position, tag } = headOf(image);
  // Behind a slot with impossible numbers no record can stand.
  if (!Number.isSafeInteger(commit + 16) || !Number.isSafeInteger(position + SMALL_LOG_BYTES)) return [];
  return plaintexts.flatMap((plaintext) => {
    commit++;
    const record = sealRecord({ commit, position, previousTag: tag, plaintext }, base.seal, base.fileId);
    const parts = ringParts(position, record.bytes, SMALL_LOG_BYTES);
    position += record.bytes.length;
    tag = record.tag;
    return parts;
  });
}

/** Trees of one, two and three levels, a value in an extent, an empty tree, pending pages of earlier commits. */
function writeByEngine(): Uint8Array {
  const volume = new MemoryVolume({ clock: () => 0 });
  volume.makeDirectory("/db");
  for (let round = 0; round < 3; round++) {
    const store = Store.open({ path: PATH, volume });
    const transaction = store.beginWrite();
    for (let i = 0; i < 30; i++) transaction.tree("wide").put(encoder.encode(`key ${String(i * 3 + round).padStart(4, "0")}`), new Uint8Array(300).fill(i));
    // Long keys make narrow branches, so a few pages make three levels.
    for (let i = 0; i < 24; i++) transaction.tree("deep").put(encoder.encode(`${String(round * 24 + i).padStart(3, "0")}${"k".repeat(1010)}`), Uint8Array.of(i, round));
    transaction.tree("large").put(encoder.encode(`large ${round}`), new Uint8Array(2500 + round * 4000).fill(round));
    transaction.tree("small").put(encoder.encode(`entry ${round}`), encoder.encode("value"));
    transaction.tree("empty");
    transaction.commit();
    store.close();
  }
  return volume.readFile(PATH);
}

/** Moves every page forward by what the log gets shorter. */
function smallLogImage(image: FileImage): FileImage {
  const copy = copyImage(image);
  const logBytes = readU64(copy.header, 16);
  const shift = (logBytes - SMALL_LOG_BYTES) / PAGE_BYTES;
  viewOf(copy.header).setBigUint64(16, BigInt(SMALL_LOG_BYTES), true);
  const units = copy.units.map((unit): ImageUnit => ({ ...unit, place: unit.place - shift, plaintext: unit.kind === UNIT_KIND.space ? shiftedSpace(unit.plaintext, shift) : unit.plaintext }));
  for (const slot of copy.slots) {
    const space = units[slot.links.at(-1)?.target ?? -1] as ImageUnit;
    viewOf(slot.plaintext).setBigUint64(112, BigInt(space.plaintext.length), true);
    // As if the log had gone round many times; a multiple of the ring's length keeps places the same.
    viewOf(slot.plaintext).setBigUint64(16, BigInt(SMALL_LOG_BYTES * 5), true);
  }
  return { ...copy, units, sizeBytes: image.sizeBytes - (logBytes - SMALL_LOG_BYTES) };
}

function shiftedSpace(map: Uint8Array, shift: number): Uint8Array {
  const pageCount = readU64(map, 0);
  const pendingCount = viewOf(map).getUint32(8, true);
  const bitmapBytes = Math.ceil((pageCount - shift) / 8);
  const result = new Uint8Array(16 + bitmapBytes + pendingCount * 24);
  viewOf(result).setBigUint64(0, BigInt(pageCount - shift), true);
  viewOf(result).setUint32(8, pendingCount, true);
  for (let page = shift; page < pageCount; page++) {
    const isUsed = ((map[16 + (page >> 3)] as number) >> (page & 7)) & 1;
    // The header, the slots and the log stand in front: used in both.
    const target = page - shift;
    result[16 + (target >> 3)] = (result[16 + (target >> 3)] as number) | (isUsed << (target & 7));
  }
  for (let page = 0; page < LOG_OFFSET / PAGE_BYTES; page++) result[16 + (page >> 3)] = (result[16 + (page >> 3)] as number) | (1 << (page & 7));
  const pending = map.slice(16 + Math.ceil(pageCount / 8));
  for (let i = 0; i < pendingCount; i++) viewOf(pending).setUint32(i * 24, viewOf(pending).getUint32(i * 24, true) - shift, true);
  result.set(pending, 16 + bitmapBytes);
  return result;
}

const RECORDS: readonly Uint8Array[] = [
  operation([{ kind: 1, tree: 1, key: "key 0001", value: "first record" }, { kind: 2, tree: 1, key: "key 0004" }]),
  operation([{ kind: 3, tree: 9, key: "new tree" }, { kind: 1, tree: 9, key: "a", value: "b".repeat(2100) }, { kind: 1, tree: 2, key: "zz", value: "" }]),
  operation([{ kind: 5, tree: 4, key: "" }, { kind: 1, tree: 9, key: "c", value: "d" }, { kind: 1, tree: 1, key: "key 0001", value: "third record" }]),
];
