/**
 * The file that the file targets change: written by the engine, with the shortest log, and taken apart.
 *
 * @module
 */
import { MemoryVolume, Store } from "@holdfast/storage-engine";
import { ImageWriter, readImage, ringParts, sealRecord } from "./file-image.ts";
import type { FileImage, Part } from "./file-image.ts";
import { readU64, SMALL_LOG_BYTES, viewOf } from "./layout.ts";
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
  const image = withLateLog(readImage(writeByEngine(), plainSeal()));
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
  const volume = new MemoryVolume({ clock: () => 0, newLogBytes: SMALL_LOG_BYTES });
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

/** As if the log had gone round many times; a multiple of the ring's length keeps places the same. */
function withLateLog(image: FileImage): FileImage {
  for (const slot of image.slots) viewOf(slot.plaintext).setBigUint64(16, BigInt(SMALL_LOG_BYTES * 5), true);
  return image;
}

const RECORDS: readonly Uint8Array[] = [
  operation([{ kind: 1, tree: 1, key: "key 0001", value: "first record" }, { kind: 2, tree: 1, key: "key 0004" }]),
  operation([{ kind: 3, tree: 6, key: "new tree" }, { kind: 1, tree: 6, key: "a", value: "b".repeat(2100) }, { kind: 1, tree: 2, key: "zz", value: "" }]),
  operation([{ kind: 5, tree: 4, key: "" }, { kind: 1, tree: 6, key: "c", value: "d" }, { kind: 1, tree: 1, key: "key 0001", value: "third record" }]),
];
