/**
 * The bytes of a file in memory, in chunks that forks share until one of them writes.
 *
 * @module
 */

const CHUNK_BYTES = 16 * 1024;

/** Bytes that can be read, written, cut and forked. A chunk that was never written reads as zeros and takes no memory. */
export class MemoryContent {
  #chunks: (Uint8Array | undefined)[] = [];
  /** True where the chunk is this content's alone. */
  #isOwn: boolean[] = [];
  #sizeBytes = 0;

  /** One past the last byte. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A copy in time proportional to the number of chunks; neither sees the other's later writes. */
  fork(): MemoryContent {
    const copy = new MemoryContent();
    copy.#chunks = [...this.#chunks];
    copy.#sizeBytes = this.#sizeBytes;
    this.#isOwn = [];
    return copy;
  }

  /** @returns The bytes read: fewer than `target` holds only at the end. */
  read(offset: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.#sizeBytes - offset));
    for (let done = 0; done < count; ) {
      const within = (offset + done) % CHUNK_BYTES;
      const part = Math.min(CHUNK_BYTES - within, count - done);
      const chunk = this.#chunks[(offset + done - within) / CHUNK_BYTES];
      if (chunk === undefined) target.fill(0, done, done + part);
      else target.set(chunk.subarray(within, within + part), done);
      done += part;
    }
    return count;
  }

  /** Extends the content if need be; a gap reads as zeros. */
  write(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const within = (offset + done) % CHUNK_BYTES;
      const part = Math.min(CHUNK_BYTES - within, source.length - done);
      this.#ownChunk((offset + done - within) / CHUNK_BYTES).set(source.subarray(done, done + part), within);
      done += part;
    }
    if (source.length > 0) this.#sizeBytes = Math.max(this.#sizeBytes, offset + source.length);
  }

  /** Cuts, or extends with zeros. */
  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      const kept = Math.ceil(sizeBytes / CHUNK_BYTES);
      if (this.#chunks.length > kept) this.#chunks.length = kept;
      if (this.#isOwn.length > kept) this.#isOwn.length = kept;
      // What is cut off must read as zeros if the content grows again.
      const within = sizeBytes % CHUNK_BYTES;
      if (within > 0 && this.#chunks[kept - 1] !== undefined) this.#ownChunk(kept - 1).fill(0, within);
    }
    this.#sizeBytes = sizeBytes;
  }

  #ownChunk(index: number): Uint8Array {
    const chunk = this.#chunks[index];
    if (chunk !== undefined && this.#isOwn[index] === true) return chunk;
    const own = chunk === undefined ? new Uint8Array(CHUNK_BYTES) : chunk.slice();
    this.#chunks[index] = own;
    this.#isOwn[index] = true;
    return own;
  }
}
