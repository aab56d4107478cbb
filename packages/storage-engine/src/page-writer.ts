/**
 * Puts pages and large values that are in memory only into the file.
 *
 * @module
 */
import { IV_BYTES, UNIT_KIND } from "@holdfast/core-cipher";
import type { LargeValue } from "./large-value.ts";
import { extentPages, PAGE_PAYLOAD_BYTES } from "./layout.ts";
import type { NodePage } from "./node-page.ts";
import type { PageRef } from "./page-ref.ts";
import type { Space } from "./space.ts";
import type { UnitFile } from "./unit-file.ts";

/** IVs drawn at a time: all of them serve one checkpoint. */
const IVS_PER_DRAW = 64;

export class PageWriter {
  readonly units: UnitFile;
  readonly space: Space;
  /** The generation of the slot that will make the pages durable. */
  readonly birth: number;
  readonly pages: NodePage[] = [];
  readonly larges: LargeValue[] = [];
  readonly #payload = new Uint8Array(PAGE_PAYLOAD_BYTES);
  #ivs: Uint8Array = new Uint8Array(0);

  constructor(units: UnitFile, space: Space, birth: number) {
    this.units = units;
    this.space = space;
    this.birth = birth;
  }

  /** Writes a page whose children are in the file already. */
  writePage(page: NodePage): void {
    if (page.larges !== undefined) for (const large of page.larges.values()) this.#writeLarge(large);
    page.ref = this.units.writePage(this.#payloadOf(page), this.space.take(1), this.birth, this.#nextIv());
    this.pages.push(page);
  }

  /** The page as it goes to the file; in memory it changes only when everything is durable. */
  #payloadOf(page: NodePage): Uint8Array {
    if (page.children === undefined && page.larges === undefined) return page.bytes;
    this.#payload.set(page.bytes);
    page.writeRefs(this.#payload);
    return this.#payload;
  }

  writeExtent(kind: number, plaintext: Uint8Array, place: number): PageRef {
    return this.units.writeExtent(kind, plaintext, { place, birth: this.birth, iv: this.#nextIv() });
  }

  #writeLarge(large: LargeValue): void {
    if (large.ref !== undefined) return;
    large.ref = this.writeExtent(UNIT_KIND.extent, large.bytes, this.space.take(extentPages(large.lengthBytes)));
    this.larges.push(large);
  }

  /** The pages are durable, or nobody else can see them: from now on they can be read back from the file. */
  settle(): void {
    for (const page of this.pages) {
      page.frozen = false;
      page.writeRefs(page.bytes);
      page.children = undefined;
      page.larges = undefined;
      this.units.cache.add(page);
    }
  }

  /** Nothing that was written counts: the pages are in memory only again. */
  undo(): void {
    for (const page of this.pages) page.ref = undefined;
    for (const large of this.larges) large.ref = undefined;
  }

  #nextIv(): Uint8Array {
    if (this.#ivs.length === 0) this.#ivs = this.units.seal.randomBytes(IVS_PER_DRAW * IV_BYTES);
    const iv = this.#ivs.subarray(0, IV_BYTES);
    this.#ivs = this.#ivs.subarray(IV_BYTES);
    return iv;
  }
}

/** The pages below `page` that are in memory only, children first. Those already written are not entered. */
export function collectDirty(page: NodePage | undefined, into: NodePage[]): void {
  if (page === undefined || page.ref !== undefined) return;
  if (page.children !== undefined) for (const child of page.children) collectDirty(child, into);
  into.push(page);
}
