/**
 * The log's ring in the file: records by their position, a number that only grows; its place is the position modulo
 * the ring's length.
 *
 * @module
 */
import type { UnitSeal } from "@holdfast/core-cipher";
import { equalBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { LOG_OFFSET, RECORD_ALIGNMENT_BYTES } from "./layout.ts";
import { openRecord, readRecordHeader, recordBytes, RECORD_HEADER_BYTES, type RecordHeader } from "./log-record.ts";
import type { StorageFile } from "./volume/volume.ts";

/** How much of the ring is searched at a time. */
const SEARCH_BYTES = 1024 * 1024;

/** Where the next record goes, and what it is chained to. */
export interface LogHead {
  readonly position: number;
  readonly commit: number;
  readonly tag: Uint8Array;
}

/** A record that was read, and the head behind it. */
export interface LogEntry {
  readonly position: number;
  readonly previousTag: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly head: LogHead;
}

export class Log {
  readonly #file: StorageFile;
  readonly #seal: UnitSeal;
  readonly #fileId: Uint8Array;
  readonly ringBytes: number;
  readonly #headerBuffer = new Uint8Array(RECORD_HEADER_BYTES);

  constructor(file: StorageFile, seal: UnitSeal, fileId: Uint8Array, ringBytes: number) {
    this.#file = file;
    this.#seal = seal;
    this.#fileId = fileId;
    this.ringBytes = ringBytes;
  }

  /** The longest plaintext of a record: longer transactions go straight to a checkpoint. */
  get maxPlainBytes(): number {
    return this.ringBytes / 4 - 256;
  }

  write(position: number, bytes: Uint8Array): void {
    const place = position % this.ringBytes;
    const first = Math.min(bytes.length, this.ringBytes - place);
    this.#file.write(LOG_OFFSET + place, first === bytes.length ? bytes : bytes.subarray(0, first));
    if (first < bytes.length) this.#file.write(LOG_OFFSET, bytes.subarray(first));
  }

  #read(position: number, target: Uint8Array): void {
    const place = position % this.ringBytes;
    const first = Math.min(target.length, this.ringBytes - place);
    this.#readPart(LOG_OFFSET + place, target.subarray(0, first));
    if (first < target.length) this.#readPart(LOG_OFFSET, target.subarray(first));
  }

  /** The ring is there in full from the file's first day: what ends inside it was cut, and is not the end of history. */
  #readPart(offset: number, target: Uint8Array): void {
    if (this.#file.read(offset, target) < target.length) throw new StoreError("LOG_DAMAGED", "the file ends inside its log");
  }

  /** The record that follows `head`, or undefined if there is none that is whole. */
  next(head: LogHead): LogEntry | undefined {
    const header = this.#headerBuffer;
    this.#read(head.position, header);
    const found = readRecordHeader(header, 0);
    if (found === undefined || found.commit !== head.commit + 1 || found.position !== head.position) return undefined;
    if (found.plainBytes > this.maxPlainBytes || !equalBytes(found.previousTag, head.tag)) return undefined;
    return this.#open(found);
  }

  #open(header: RecordHeader): LogEntry | undefined {
    const bytes = new Uint8Array(recordBytes(header.plainBytes));
    this.#read(header.position, bytes);
    const opened = openRecord(header, bytes, this.#seal, this.#fileId);
    if (opened === undefined) return undefined;
    return { position: header.position, previousTag: header.previousTag, plaintext: opened.plaintext, head: { position: header.position + bytes.length, commit: header.commit, tag: opened.tag } };
  }

  /** Every whole record that the ring holds, of whatever lap, in the order of their positions. For salvage. */
  allRecords(): LogEntry[] {
    const ring = new Uint8Array(this.ringBytes);
    this.#read(0, ring);
    const found: LogEntry[] = [];
    for (let offset = 0; offset + RECORD_HEADER_BYTES <= ring.length; offset += RECORD_ALIGNMENT_BYTES) {
      const header = readRecordHeader(ring, offset);
      if (header === undefined || header.position % this.ringBytes !== offset || header.plainBytes > this.maxPlainBytes) continue;
      const entry = Number.isSafeInteger(header.position) && Number.isSafeInteger(header.commit) ? this.#open(header) : undefined;
      if (entry !== undefined) found.push(entry);
    }
    return found.sort((a, b) => a.position - b.position);
  }

  /**
   * The chain's tag at an earlier commit than `head`, as far back as whole records stand in the ring; undefined further
   * back. A commit without a record (one too large for the log) has the tag of the record before it.
   */
  tagAt(head: LogHead, commit: number): Uint8Array | undefined {
    if (commit >= head.commit) return commit === head.commit ? head.tag : undefined;
    const before = this.#recordsByEnd(head.position);
    let { position, tag } = head;
    while (position > 0) {
      const header = before.get(position);
      const entry = header === undefined ? undefined : this.#open(header);
      if (header === undefined || entry === undefined || !equalBytes(entry.head.tag, tag)) return undefined;
      if (header.commit <= commit) return tag;
      position = header.position;
      tag = header.previousTag;
    }
    return tag;
  }

  /** Whatever looks like a record of the last lap, by the position behind it. */
  #recordsByEnd(end: number): Map<number, RecordHeader> {
    const start = Math.max(0, end - this.ringBytes);
    const ring = new Uint8Array(end - start);
    this.#read(start, ring);
    const found = new Map<number, RecordHeader>();
    for (let offset = 0; offset + RECORD_HEADER_BYTES <= ring.length; offset += RECORD_ALIGNMENT_BYTES) {
      const header = ring[offset] === 0x48 ? readRecordHeader(ring, offset) : undefined;
      if (header === undefined || header.position !== start + offset || header.plainBytes > this.maxPlainBytes) continue;
      found.set(header.position + recordBytes(header.plainBytes), header);
    }
    return found;
  }

  /**
   * The commit number of a whole record of a later commit than `head`, if the ring holds any. A crash tears the last
   * record only, so one that is found means that a record before it was damaged; or, if it is of a later lap, that the
   * slot from which the log was read was put back from an older state.
   *
   * @throws {StoreError} `LOG_DAMAGED` if more records claim to be there than the ring could hold: they are not checked one by one.
   */
  findLater(head: LogHead): number | undefined {
    const chunk = new Uint8Array(Math.min(this.ringBytes, SEARCH_BYTES));
    let budget = 2 * this.ringBytes;
    for (let start = 0; start < this.ringBytes; start += chunk.length) {
      // A chunk is a multiple of the alignment, and so is the ring: no record's header crosses the end of one.
      const part = chunk.subarray(0, Math.min(chunk.length, this.ringBytes - start));
      part.fill(0, this.#file.read(LOG_OFFSET + start, part));
      for (let offset = 0; offset < part.length; offset += RECORD_ALIGNMENT_BYTES) {
        // The first byte of the magic decides nearly always.
        if (part[offset] !== 0x48) continue;
        const header = readRecordHeader(part, offset);
        if (header === undefined || header.commit <= head.commit || header.position % this.ringBytes !== start + offset || header.plainBytes > this.maxPlainBytes) continue;
        budget -= recordBytes(header.plainBytes);
        if (budget < 0) throw new StoreError("LOG_DAMAGED", "the log holds more beginnings of records than there is room for records");
        if (this.#open(header) !== undefined) return header.commit;
      }
    }
    return undefined;
  }
}
