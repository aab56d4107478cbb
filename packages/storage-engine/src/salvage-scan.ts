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
import { firstPage, PAGE_BYTES, PAGE_PREFIX_BYTES, REF_TAG_BYTES } from "./layout.ts";
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
  const first = firstPage(header.logBytes);
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
  readonly #spans: { first: Uint8Array; last: Uint8Array }[] = [];

  add(first: Uint8Array, last: Uint8Array): void {
    this.#spans.push({ first, last });
  }

  has(key: Uint8Array): boolean {
    return this.#spans.some(({ first, last }) => compareKeys(first, key) <= 0 && compareKeys(key, last) <= 0);
  }
}
