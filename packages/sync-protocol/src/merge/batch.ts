/**
 * A batch: several operations of one object, applied together.
 *
 * One by one each operation may look through a list, copy a record or put something in order. For a batch that would grow with the square of
 * its operations, and whoever sends them decides how many there are and in what order. So a batch copies what it changes once, and once a list
 * has cost more steps than it has positions, the list is written down again only when the batch ends.
 *
 * @module
 */
import type { Position } from "../object-state.ts";
import type { Content } from "../operation.ts";
import type { ListIndex } from "./list-index.ts";
import { StampHeap } from "./stamp-heap.ts";

/** How a batch treats lists. */
export interface BatchOptions {
  /** Lists are written down when the batch ends. False: at once, for who reads them in between. */
  readonly defers: boolean;
  /** What names an element that is not there waits for it. False: it is dropped, for who has everything that anybody can have seen. */
  readonly waits: boolean;
}

/** What a batch has made, and what it has still to write down. */
export class Batch {
  readonly options: BatchOptions;
  readonly #own = new Set<object>();
  #heaps: Map<object, StampHeap> | undefined;
  #texts: Map<Content, string> | undefined;
  readonly #deferred: (() => void)[] = [];

  constructor(options: BatchOptions) {
    this.options = options;
  }

  /** True for what this batch has made itself, and so may change in place. */
  has(thing: object): boolean {
    return this.#own.has(thing);
  }

  add(thing: object): void {
    this.#own.add(thing);
  }

  /** The list behind `positions` is written down in {@link finish}. */
  defer(positions: Position[], index: ListIndex): void {
    this.#deferred.push(() => index.writeDown(positions));
  }

  /** The stamps that are keys of a record of this batch; `undefined` if nobody has asked for them yet. */
  knownStamps(record: object): StampHeap | undefined {
    return this.#heaps?.get(record);
  }

  /** The stamps that are keys of a record of this batch. */
  stampsOf(record: object): StampHeap {
    const known = this.#heaps?.get(record);
    if (known !== undefined) return known;
    const heap = new StampHeap(Object.keys(record));
    (this.#heaps ??= new Map()).set(record, heap);
    return heap;
  }

  /** The JSON of a content, written once: it can be as long as a frame. */
  textOf(content: Content): string {
    const known = this.#texts?.get(content);
    if (known !== undefined) return known;
    const text = JSON.stringify(content);
    (this.#texts ??= new Map()).set(content, text);
    return text;
  }

  /** To be called once, after the last operation: until then lists of states of this batch are not what they are. */
  finish(): void {
    for (const write of this.#deferred.splice(0)) write();
  }
}
