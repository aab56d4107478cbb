/**
 * What can still be found in a file without following any reference: pages of trees by their places, records by theirs.
 *
 * Each carries its own tag, which binds file, place and time, and a page names its tree. So what is found was written by
 * someone with the key, at this place; whether it is still the newest is for salvage.ts to find out.
 *
 * @module
 */
import { TAG_BYTES, UNIT_KIND } from "@holdfast/core-cipher";
import { compareKeys, readU64 } from "./bytes.ts";
import { LOG_OFFSET, PAGE_BYTES, PAGE_PREFIX_BYTES, REF_TAG_BYTES } from "./layout.ts";
import { findMalformation, NodePage } from "./node-page.ts";
import type { PageRef } from "./page-ref.ts";
import type { Steps } from "./sliced.ts";
import { isOrdered } from "./tree.ts";
import { NO_CONTEXT } from "./unit-file.ts";
import type { Survey } from "./survey.ts";

/** A page that opened. */
export interface FoundPage {
  readonly ref: PageRef;
  readonly level: number;
  readonly entries: number;
  /** Of a leaf: its keys reach from one to the other, both included. Empty leaves are not noted. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** Pages by the tree that they name, newest first. */
export type FoundPages = ReadonlyMap<number, readonly FoundPage[]>;

/** Reads every page of the file once. */
export function* scanPages({ file, seal, header }: Survey): Steps<FoundPages> {
  const found = new Map<number, FoundPage[]>();
  const end = Math.floor(file.sizeBytes() / PAGE_BYTES);
  const stored = new Uint8Array(PAGE_BYTES);
  const sealed = stored.subarray(PAGE_PREFIX_BYTES);
  const identity = { kind: UNIT_KIND.page, fileId: header.fileId, place: 0, birth: 0, context: NO_CONTEXT };
  // From the front on: the header that says how long the log is may be one of those that are lost.
  const first = LOG_OFFSET / PAGE_BYTES;
  for (let place = first; place < end; place++) {
    yield { unit: "pages", done: place - first, total: end - first };
    file.read(place * PAGE_BYTES, stored);
    const birth = readU64(stored, 0);
    if (birth === 0 || !Number.isSafeInteger(birth)) continue;
    identity.place = place;
    identity.birth = birth;
    const plaintext = seal.open(identity, sealed);
    if (plaintext === undefined || findMalformation(plaintext) !== undefined) continue;
    const page = new NodePage(plaintext, 0);
    if (!isOrdered(page) || page.count === 0) continue;
    const tagOffset = sealed.length - TAG_BYTES;
    const ref = { place, pages: 1, birth, tag: sealed.slice(tagOffset, tagOffset + REF_TAG_BYTES) };
    const pages = found.get(page.treeId) ?? [];
    found.set(page.treeId, pages);
    pages.push({ ref, level: page.level, entries: page.count, first: page.key(0).slice(), last: page.key(page.count - 1).slice() });
  }
  for (const pages of found.values()) pages.sort((a, b) => b.ref.birth - a.ref.birth);
  return found;
}

/** Keys that are spoken for: an older page has nothing to say about them. */
export class Spans {
  /** In order, none touching another. */
  readonly #spans: { first: Uint8Array; last: Uint8Array }[] = [];

  /** Adds the keys from one to the other, both included. */
  add(first: Uint8Array, last: Uint8Array): void {
    const spans = this.#spans;
    const start = this.#firstEndingAtOrAfter(first);
    let end = start;
    let span = { first, last };
    for (let next = spans[end]; next !== undefined && compareKeys(next.first, span.last) <= 0; next = spans[end]) {
      span = { first: compareKeys(next.first, span.first) < 0 ? next.first : span.first, last: compareKeys(next.last, span.last) > 0 ? next.last : span.last };
      end++;
    }
    spans.splice(start, end - start, span);
  }

  has(key: Uint8Array): boolean {
    const span = this.#spans[this.#firstEndingAtOrAfter(key)];
    return span !== undefined && compareKeys(span.first, key) <= 0;
  }

  #firstEndingAtOrAfter(key: Uint8Array): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (compareKeys((this.#spans[middle] as { last: Uint8Array }).last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
