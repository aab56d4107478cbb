/**
 * Keys that a plan found, each once and in the engine's order, in one buffer: no object for each of them.
 *
 * @module
 */

/** Keys, up to a limit. A key that two parts of a plan find counts twice: to know better they would have to be put in order. */
export class KeyList {
  readonly limit: number;
  /** The keys one behind the other. */
  bytes: Uint8Array = new Uint8Array(1024);
  /** Where each key ends; the one before it ends where it begins. */
  #ends: number[] = [];
  #isOrdered = true;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many there are, repeated ones included until `settle`. */
  get count(): number {
    return this.#ends.length;
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  /** Adds `source[from, to)`; false if there are too many. In a damaged index an entry may end before its row's key begins: that is no row. */
  add(source: Uint8Array, from: number = 0, to: number = source.length): boolean {
    const count = this.count;
    const start = this.start(count);
    const end = start + Math.max(0, to - from);
    if (end > this.bytes.length) this.#grow(end);
    const { bytes } = this;
    for (let at = start; at < end; at++) bytes[at] = source[from + at - start] as number;
    if (this.#isOrdered && count > 0 && this.#order(this.start(count - 1), start, start, end) >= 0) this.#isOrdered = false;
    this.#ends.push(end);
    return count < this.limit;
  }

  /** Puts the keys in order and leaves each of them once. */
  settle(): void {
    if (this.#isOrdered) return;
    const { bytes, count } = this;
    const starts = Array.from({ length: count }, (_, index) => this.start(index));
    const ends = this.#ends;
    const order = starts.map((_, index) => index).sort((left, right) => this.#order(starts[left] as number, ends[left] as number, starts[right] as number, ends[right] as number));
    const ordered = new KeyList(Infinity);
    ordered.bytes = new Uint8Array(bytes.length);
    let last = -1;
    for (const index of order) {
      const isRepeated = last >= 0 && this.#order(starts[last] as number, ends[last] as number, starts[index] as number, ends[index] as number) === 0;
      if (!isRepeated) ordered.add(bytes, starts[index], ends[index]);
      last = index;
    }
    this.bytes = ordered.bytes;
    this.#ends = ordered.#ends;
    this.#isOrdered = true;
  }

  /** Copies of the keys. */
  *keys(): IterableIterator<Uint8Array> {
    for (let index = 0; index < this.count; index++) yield this.bytes.slice(this.start(index), this.end(index));
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  #order(leftStart: number, leftEnd: number, rightStart: number, rightEnd: number): number {
    const { bytes } = this;
    const shared = Math.min(leftEnd - leftStart, rightEnd - rightStart);
    for (let at = 0; at < shared; at++) {
      const difference = (bytes[leftStart + at] as number) - (bytes[rightStart + at] as number);
      if (difference !== 0) return difference;
    }
    return leftEnd - leftStart - (rightEnd - rightStart);
  }
}
