/**
 * Where an open handle meets its anchor: what the file shows of its history, and which states may be anchored.
 *
 * Only what this handle has itself synced is anchored. A slot that another process wrote can be seen before it is durable;
 * an anchor that named it would call the file rolled back after a power cut.
 *
 * @module
 */
import { equalBytes } from "./bytes.ts";
import type { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import { readSlots } from "./file-opening.ts";
import type { AnchorPoint, AnchorTask, Freshness } from "./freshness.ts";
import type { FoundFile } from "./freshness-judgement.ts";
import type { AnchorState } from "./freshness-state.ts";
import { decodeHeader, isHeaderWhole } from "./header.ts";
import { HEADER_BYTES } from "./layout.ts";
import type { StorageFile } from "./volume/volume.ts";

const NO_TAG = new Uint8Array(16);

/** What a file that has just been loaded shows of its history. */
export function foundFile(database: Database): FoundFile {
  const { input, view, base, log } = database;
  const slots = readSlots(input.file, input.checked);
  const { fileId, isEncrypted } = input.checked.header;
  return {
    fileId,
    isEncrypted,
    commit: view.head.commit,
    generation: base.generation,
    isSlotMissing: slots.includes(undefined),
    tagAt: (commit) => slots.find((slot) => slot?.commit === commit)?.logTag ?? log.tagAt(view.head, commit),
    slotTagAt: (generation) => slots.find((slot) => slot?.generation === generation)?.tag,
  };
}

/** The commit that an anchor names, if it is about this file: it was durable, even if the side file could not be told of it. */
export function anchoredCommit(anchored: AnchorState | undefined, fileId: Uint8Array): number {
  return anchored !== undefined && equalBytes(anchored.fileId, fileId) ? anchored.commit : 0;
}

/** The clear header of a file whose key was refused; undefined if it is damaged. */
export function clearIdentity(file: StorageFile): Pick<FoundFile, "fileId" | "isEncrypted"> | undefined {
  const bytes = new Uint8Array(HEADER_BYTES);
  file.read(0, bytes);
  return isHeaderWhole(bytes) ? decodeHeader(bytes) : undefined;
}

/** The same of a file that was just written. */
export function identityOf(file: StorageFile): Pick<FoundFile, "fileId" | "isEncrypted"> {
  const identity = clearIdentity(file);
  if (identity === undefined) throw new StoreError("HEADER_DAMAGED", "the header of a file that was just written is damaged");
  return identity;
}

/** A point that says which file it is and nothing of its age. */
export function identityPoint(database: Database): AnchorPoint {
  const { fileId, isEncrypted } = database.input.checked.header;
  return { fileId, isEncrypted, commit: 0, generation: 0, tag: NO_TAG, slotTag: NO_TAG };
}

/** The state after this handle's last sync, under the writer's lock; the slot counts if this handle wrote it. */
function syncedPoint(database: Database, state: AnchorState | undefined): AnchorPoint {
  const { head } = database.view;
  const slot = database.hasOwnSlot ? { generation: database.base.generation, slotTag: database.base.tag ?? NO_TAG } : undefined;
  const { generation = 0, slotTag = NO_TAG } = slot ?? state ?? {};
  return { ...identityPoint(database), commit: head.commit, tag: head.tag, generation, slotTag };
}

/** Moves the anchor on before the writer's lock is given back, if there is something new that is durable. */
export function anchorIfDue(freshness: Freshness, database: Database): void {
  const { unanchored, isPoisoned } = database;
  const isDue = unanchored.slot || (freshness.every === "commit" && unanchored.record);
  if (!isDue || isPoisoned) return;
  freshness.advance(syncedPoint(database, freshness.state));
  if (freshness.failure !== undefined) return;
  unanchored.slot = false;
  unanchored.record = false;
}

/** At the last close: what the file holds now is anchored, in a slot that this handle has synced. */
export function anchorForClose(freshness: Freshness, database: Database): void {
  const { state } = freshness;
  const { head } = database.view;
  const isBehind = state === undefined || state.commit < head.commit || state.generation < database.base.generation;
  if (isBehind && !database.hasOwnSlot) database.renewSlot();
  anchorIfDue(freshness, database);
}

/** Writes what letting a file in asks for. @throws {StoreError} `ANCHOR_FAILED`, `STORE_LOCKED`. */
export function runTask(task: AnchorTask, freshness: Freshness, database: Database): void {
  const { file } = database.input;
  if (task === "none") return;
  if (!file.tryLock()) {
    // Whoever holds the lock, or this handle's own next slot, will write the anchor.
    if (task !== "restored") return;
    throw new StoreError("STORE_LOCKED", `another handle is writing to '${database.input.path}': a restored file is accepted while nobody else has it open`);
  }
  try {
    if (task === "first") freshness.anchor(identityPoint(database));
    else if (task === "successor") freshness.anchor(slotPoint(database));
    else acceptRestored(freshness, database);
  } finally {
    file.unlock();
  }
}

/** The newest slot of a file that was synced before it got its name. */
function slotPoint(database: Database): AnchorPoint {
  const { commit, logTag, generation, tag = NO_TAG } = database.base;
  return { ...identityPoint(database), commit, tag: logTag, generation, slotTag: tag };
}

/** The file says so itself first: its next commit numbers are beyond those of the history that it replaces. */
function acceptRestored(freshness: Freshness, database: Database): void {
  database.catchUp();
  const { head } = database.view;
  database.skipTo(Math.max(head.commit, freshness.commitToPass(database.units.fileId)) + 1);
  freshness.accept(syncedPoint(database, undefined));
  database.unanchored.slot = false;
}
