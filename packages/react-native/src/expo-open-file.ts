/**
 * One open file over a `FileHandle`.
 *
 * @module
 */
import { VolumeError } from "@holdfast/storage-engine";
import type { StorageFile } from "@holdfast/storage-engine";
import type { ExpoFileHandle, ExpoFileSystem } from "./file-system.ts";
import type { KnownFile } from "./known-files.ts";
import { call, callWithRoom } from "./native-errors.ts";

/** Zeros are written in calls of this length. */
const ZERO_CALL_BYTES = 64 * 1024;

/** What a file is opened with. */
export interface OpenFileInput {
  readonly fileSystem: ExpoFileSystem;
  readonly handle: ExpoFileHandle;
  readonly known: KnownFile;
  readonly path: string;
  readonly isWritable: boolean;
  /** Makes the file empty, through a handle of its own. */
  readonly empty: () => void;
  readonly onChange: () => void;
}

/** Every call of the handle is preceded by a look whether it is open: a closed one ends the application on iOS. */
export class ExpoOpenFile implements StorageFile {
  readonly #input: OpenFileInput;
  #isClosed = false;

  constructor(input: OpenFileInput) {
    this.#input = input;
  }

  read(offset: number, target: Uint8Array): number {
    this.#assertOpen();
    const { handle, known, path } = this.#input;
    const wanted = known.endsAt === undefined ? target.length : Math.max(0, Math.min(target.length, known.endsAt - offset));
    let done = 0;
    while (done < wanted) {
      const bytes = call(`read ${path}`, () => {
        handle.offset = offset + done;
        return readBytes(handle, wanted - done);
      });
      if (bytes.length === 0) break;
      target.set(bytes.length > wanted - done ? bytes.subarray(0, wanted - done) : bytes, done);
      done += bytes.length;
    }
    return Math.min(done, wanted);
  }

  write(offset: number, source: Uint8Array): void {
    this.#assertWritable();
    if (source.length === 0) return;
    const { known } = this.#input;
    // What was cut off is still there: whoever grows the file again must find zeros.
    if (known.endsAt !== undefined && offset > known.endsAt) this.#writeZeros(known.endsAt, offset);
    this.#write(offset, source);
    if (known.endsAt !== undefined) this.#endAt(Math.max(known.endsAt, offset + source.length));
    this.#input.onChange();
  }

  /** The module cannot: `ExpoVolume.durability` says so. The bytes are with the system, for every handle and after this process. */
  sync(): void {
    this.#assertOpen();
  }

  sizeBytes(): number {
    this.#assertOpen();
    return this.#input.known.endsAt ?? this.#realBytes();
  }

  /**
   * The module can empty a file but not cut it. To this process the file ends where it was cut; the bytes behind are as a
   * crash before the cut would leave them, which every reader of a store allows for. A shorter file needs `compact`.
   */
  truncate(sizeBytes: number): void {
    this.#assertWritable();
    const { known, empty, onChange } = this.#input;
    const present = this.sizeBytes();
    if (sizeBytes === 0) {
      empty();
      known.endsAt = undefined;
    } else if (sizeBytes > present) {
      this.#writeZeros(present, sizeBytes);
      if (known.endsAt !== undefined) this.#endAt(sizeBytes);
    } else {
      this.#endAt(sizeBytes);
    }
    onChange();
  }

  identity(): string {
    this.#assertOpen();
    return this.#input.known.identity;
  }

  tryLock(): boolean {
    this.#assertWritable();
    this.#input.known.lockedBy ??= this;
    return this.#input.known.lockedBy === this;
  }

  unlock(): void {
    if (this.#input.known.lockedBy === this) this.#input.known.lockedBy = undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.unlock();
    this.#isClosed = true;
    call(`close ${this.#input.path}`, () => this.#input.handle.close());
  }

  #realBytes(): number {
    const { handle, path } = this.#input;
    const size = call(`size of ${path}`, () => handle.size);
    // `null` stands for a failure on both systems.
    if (size === null) throw new VolumeError("EIO", `size of ${path}`);
    return size;
  }

  #endAt(sizeBytes: number): void {
    this.#input.known.endsAt = sizeBytes < this.#realBytes() ? sizeBytes : undefined;
  }

  #write(offset: number, source: Uint8Array): void {
    const { fileSystem, handle, path } = this.#input;
    // A view becomes an array of its own: nothing but these bytes can reach the file, however the module treats views.
    const isWhole = source.byteLength === source.buffer.byteLength && source.buffer instanceof ArrayBuffer;
    const bytes = isWhole ? source : Uint8Array.prototype.slice.call(source);
    callWithRoom(fileSystem, source.length, `write ${path}`, () => {
      handle.offset = offset;
      writeBytes(handle, bytes);
    });
  }

  #writeZeros(from: number, to: number): void {
    const zeros = new Uint8Array(Math.min(to - from, ZERO_CALL_BYTES));
    for (let at = from; at < to; at += zeros.length) this.#write(at, zeros.subarray(0, Math.min(zeros.length, to - at)));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new VolumeError("EBADF", `${this.#input.path} is closed`);
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (!this.#input.isWritable) throw new VolumeError("EBADF", `${this.#input.path} is open for reading only`);
  }
}

/** Version 58 has a name of its own for what is synchronous; in 57 the plain name is. */
function readBytes(handle: ExpoFileHandle, count: number): Uint8Array {
  if (handle.readBytesSync !== undefined) return handle.readBytesSync(count);
  const bytes = handle.readBytes(count);
  if (bytes instanceof Uint8Array) return bytes;
  throw new VolumeError("EIO", "the file module that was passed does not read synchronously");
}

function writeBytes(handle: ExpoFileHandle, bytes: Uint8Array): void {
  if (handle.writeBytesSync !== undefined) return handle.writeBytesSync(bytes);
  if (handle.writeBytes(bytes) === undefined) return;
  throw new VolumeError("EIO", "the file module that was passed does not write synchronously");
}
