/**
 * How much room the next checkpoint needs in the file, and how much there is. Reserved before a commit is acknowledged, and kept
 * when the file is closed: a disk that is full then must not keep anybody from deleting.
 *
 * @module
 */
import { asStoreError, isDiskFull } from "./errors.ts";
import { writeZeros } from "./file-creation.ts";
import { extentPages, PAGE_BYTES } from "./layout.ts";
import { collectDirty } from "./page-writer.ts";
import type { NodePage } from "./node-page.ts";
import type { Space } from "./space.ts";
import type { View } from "./view.ts";
import type { StorageFile } from "./volume/volume.ts";

/** Free pages that only transactions may use which give up at least as much as they add. */
const EMERGENCY_PAGES = 64;
/** Pages that a checkpoint writes beside those of the trees: catalog and map, generously. */
const CATALOG_PAGES = 16;

/** Pages behind the last one that a closed file has in any case: side files may need their place (reserve-release.ts). */
const TRADABLE_PAGES = 8;

/** The file grows by at least this much at a time. */
const GROWTH_PAGES = 128;

/** What is in memory only and will have to be written. */
export interface Demand {
  readonly pages: number;
  /** Pages of large values; perhaps of some that will not be written after all. */
  readonly extentPages: number;
  /** How many neighbouring pages each of the large values needs. */
  readonly extents: () => number[];
}

/** What a view has in memory only. */
export function demandOf(view: Omit<View, "head">): Demand {
  const pages = dirtyPagesOf(view);
  const extents = pages.flatMap(unplacedExtents);
  return { pages: pages.length, extentPages: extents.reduce((sum, count) => sum + count, 0), extents: () => extents };
}

/** The pages of a view that are in memory only. */
export function dirtyPagesOf(view: Omit<View, "head">): NodePage[] {
  const pages: NodePage[] = [];
  for (const root of view.trees.values()) collectDirty(root.page, pages);
  return pages;
}

/** How many pages each of the large values of a leaf needs that have no extent yet. */
export function unplacedExtents(page: NodePage): number[] {
  if (page.larges === undefined) return [];
  return [...page.larges.values()].filter((large) => large.ref === undefined).map((large) => extentPages(large.lengthBytes));
}

/**
 * By how many pages the file is too short.
 *
 * @param isEmergency - True for a transaction that gives up what it adds: it may use the reserve.
 */
export function missingPages(demand: Demand, space: Space, fileBytes: number, isEmergency: boolean): number {
  const filePages = Math.floor(fileBytes / PAGE_BYTES);
  const behind = Math.max(0, filePages - space.pageCount);
  const single = demand.pages + CATALOG_PAGES + 2 * extentPages(space.encodedBytes) + (isEmergency ? 0 : EMERGENCY_PAGES);
  const missing = single + demand.extentPages - space.freeCount - behind;
  if (missing > 0 || demand.extentPages <= behind) return Math.max(0, missing);
  // Enough in sum, but an extent needs neighbouring pages: only a trial shows whether the free ones lie so.
  const trial = space.copy();
  for (const pages of demand.extents()) trial.take(pages);
  const over = Math.max(0, trial.pageCount - filePages);
  return over + Math.max(0, single - trial.freeCount - Math.max(0, filePages - trial.pageCount));
}

/** Makes the file longer; false if the disk is full. */
export function growFile(file: StorageFile, space: Space, pages: number): boolean {
  const from = Math.max(Math.floor(file.sizeBytes() / PAGE_BYTES), space.pageCount);
  try {
    writeZeros(file, from * PAGE_BYTES, Math.max(GROWTH_PAGES, pages) * PAGE_BYTES);
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw asStoreError(error, "growing the file");
    return false;
  }
}

/**
 * How long a closed file is: its pages, and behind them the reserve that deleting needs, as far as free pages do not make it up.
 *
 * @param space - The newest map; what waits in it for older slots counts as free, since no handle is left that could reach it.
 */
export function closedBytes(space: Space, logPages: number): number {
  const pending = space.pending.reduce((sum, { pages }) => sum + pages, 0);
  const free = space.freeCount + pending;
  // No transaction changes more pages than there are: small files need a small reserve.
  const changeable = Math.min(EMERGENCY_PAGES, space.pageCount - logPages - free);
  const map = 2 * extentPages(space.encodedBytes);
  // A map of several pages needs neighbouring ones, and those are certain only at the end.
  const behind = TRADABLE_PAGES + (map > 2 ? map : 0);
  return (space.pageCount + Math.max(behind, changeable + CATALOG_PAGES + map - free)) * PAGE_BYTES;
}

/** Makes the file exactly so long, or as long as the disk allows. */
export function resizeForClose(file: StorageFile, sizeBytes: number): void {
  const present = file.sizeBytes();
  if (present > sizeBytes) return file.truncate(sizeBytes);
  try {
    if (present < sizeBytes) writeZeros(file, present, sizeBytes - present);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
