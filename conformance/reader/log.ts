/**
 * The log: docs/format/file.md section 4. Records behind a slot, one after the other, chained by their tags.
 *
 * @module
 */
import { Fields, isEqual } from "./bytes.ts";
import { ReaderError } from "./errors.ts";
import { LOG_OFFSET, type Slot } from "./header.ts";
import type { PageSource } from "./pages.ts";

/** One change that a record makes. */
export interface Operation {
  readonly kind: "put" | "delete" | "create" | "drop" | "clear";
  readonly treeId: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A record that opens. */
interface LogRecord {
  readonly commit: number;
  readonly context: Uint8Array;
  readonly tag: Uint8Array;
  readonly nextPosition: number;
  readonly plaintext: Uint8Array;
}

const KINDS = [undefined, "put", "delete", "create", "drop", "clear"] as const;
const ALIGNMENT = 64;

/** What the log behind a slot says: the operations of each record, and the commit that it ends with. */
export function readLog(source: PageSource, slot: Slot): { readonly records: readonly Operation[][]; readonly commit: number } {
  const records: Operation[][] = [];
  let [position, commit, tag] = [slot.logPosition, slot.commit, slot.logTag];
  for (;;) {
    const record = readRecord(source, position);
    if (record === undefined || record.commit !== commit + 1 || !isEqual(record.context, tag)) break;
    const fileOffset = LOG_OFFSET + (position % source.header.logBytes);
    source.units.push({ kind: "record", fileOffset, sizeBytes: record.nextPosition - position });
    records.push(readOperations(record.plaintext));
    ({ commit, tag, nextPosition: position } = record);
  }
  refuseHiddenRecords(source, position, commit, slot.logPosition + source.header.logBytes);
  return { records, commit };
}

/** Only the last record may be torn: a whole one of a higher number behind the end means that the log is damaged. */
function refuseHiddenRecords(source: PageSource, end: number, commit: number, limit: number): void {
  for (let position = end; position < limit; position += ALIGNMENT) {
    const record = readRecord(source, position);
    if (record !== undefined && record.commit > commit) {
      throw new ReaderError("LOG_DAMAGED", `the log ends with commit ${commit}, but commit ${record.commit} stands behind its end`);
    }
  }
}

/** The record at a position, whatever it follows; `undefined` if there is none that opens. */
function readRecord(source: PageSource, position: number): LogRecord | undefined {
  const { header, opener } = source;
  const clear = new Fields(readRing(source, position, 48), "LOG_DAMAGED");
  const plaintextBytes = clear.u32(4);
  if (clear.u32(0) !== 0x43455248 || plaintextBytes > header.logBytes / 4 - 256) return undefined;
  const view = new DataView(clear.bytes.buffer, clear.bytes.byteOffset);
  const [commit, ownPosition] = [Number(view.getBigUint64(8, true)), Number(view.getBigUint64(16, true))];
  if (ownPosition !== position || !Number.isSafeInteger(commit)) return undefined;
  const context = clear.slice(24, 16);
  const sealed = readRing(source, position + 48, 48 + plaintextBytes);
  const plaintext = opener.open({ kind: 2, fileId: header.fileId, place: position, birth: commit, context }, sealed);
  if (plaintext === undefined) return undefined;
  const nextPosition = position + Math.ceil((96 + plaintextBytes) / ALIGNMENT) * ALIGNMENT;
  return { commit, context, tag: sealed.slice(16 + plaintextBytes, 32 + plaintextBytes), nextPosition, plaintext };
}

/** Bytes of the ring; they may run over its end and go on at its start. */
function readRing({ file, header }: PageSource, position: number, length: number): Uint8Array {
  const ring = new Fields(file, "LOG_DAMAGED").slice(LOG_OFFSET, header.logBytes);
  const start = position % header.logBytes;
  const head = ring.subarray(start, Math.min(start + length, header.logBytes));
  const bytes = new Uint8Array(length);
  bytes.set(head);
  bytes.set(ring.subarray(0, length - head.length), head.length);
  return bytes;
}

function readOperations(plaintext: Uint8Array): Operation[] {
  const fields = new Fields(plaintext, "LOG_DAMAGED");
  const operations: Operation[] = [];
  for (let offset = 0; offset < plaintext.length; ) {
    const kind = KINDS[fields.u8(offset)];
    if (kind === undefined) throw new ReaderError("LOG_DAMAGED", `an operation of kind ${fields.u8(offset)}`);
    const [keyLength, valueLength] = [fields.u16(offset + 5), fields.u32(offset + 7)];
    const key = fields.slice(offset + 11, keyLength);
    const value = fields.slice(offset + 11 + keyLength, valueLength);
    operations.push({ kind, treeId: fields.u32(offset + 1), key, value });
    offset += 11 + keyLength + valueLength;
  }
  return operations;
}
