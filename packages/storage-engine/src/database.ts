/**
 * One open handle: the newest commit it knows, how it learns of newer ones, and how its own become durable.
 *
 * store.ts is the public face; this file holds the state that transactions, checkpoints and copies share.
 *
 * @module
 */
import { Checkpoint } from "./checkpoint.ts";
import { EditSet, type Freed } from "./edit-set.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { newestSlotUpTo, readSlots, type CheckedFile } from "./file-opening.ts";
import { firstPage, PAGE_BYTES } from "./layout.ts";
import { Log, type LogHead } from "./log.ts";
import { recordBytes, sealRecord } from "./log-record.ts";
import { reachableGenerations, type Presence } from "./presence.ts";
import { closedBytes, demandOf, dirtyPagesOf, growFile, missingPages, resizeForClose, unplacedExtents, type Demand } from "./room.ts";
import type { PublishedFile, PublishedNumbers } from "./published.ts";
import { encodeSlot, readNewestGeneration, rewriteSlot, slotOffset, slotTag, type Slot } from "./slot.ts";
import { Space } from "./space.ts";
import type { TreeRoot } from "./tree.ts";
import { UnitFile } from "./unit-file.ts";
import { UNIT_KIND } from "@holdfast/core-cipher";
import { applyRecord, catalogOf, viewOfSlot, type View } from "./view.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** Slices write at least this many pages. */
const SLICE_PAGES = 8;

export interface DatabaseInput {
  readonly volume: Volume;
  readonly path: string;
  readonly file: StorageFile;
  readonly checked: CheckedFile;
  readonly presence: Presence | undefined;
  readonly published: PublishedFile | undefined;
  readonly cacheBytes: number;
  readonly dirtyBytes: number;
  readonly lockTimeoutMs: number;
  readonly readOnly: boolean;
}

/** What a handle knows of the file. */
interface LoadedState {
  readonly base: Slot;
  readonly view: View;
  readonly savedTrees: ReadonlyMap<string, TreeRoot>;
  readonly catalog: TreeRoot;
  readonly space: Space | undefined;
  readonly freed: Freed[];
  readonly dirtyPages: number;
  readonly extentPages: number;
  readonly tailPosition: number;
  readonly isSlotMissing: boolean;
}

export class Database {
  readonly input: DatabaseInput;
  readonly units: UnitFile;
  readonly log: Log;
  readonly dirtyLimitPages: number;
  base!: Slot;
  view!: View;
  /** True after a failed sync: nobody knows what is on the disk until the file is opened again. */
  isPoisoned = false;
  /** True if what a dead or failed handle left unsynced was there when this one was opened: then it may rewrite it. */
  mayRewriteTail = false;
  /** What is published while the view is ahead of the disk. */
  #told: { readonly commit: number; readonly isUnknown: boolean } | undefined;
  /** What this handle itself has synced since the anchor was last written. */
  readonly unanchored = { slot: false, record: false };
  #ownGeneration = 0;
  #tailPosition = 0;
  /** True if one slot could not be read: torn by a crash, or damaged. The next writer writes it anew. */
  #isSlotMissing = false;
  #savedTrees: ReadonlyMap<string, TreeRoot> = new Map();
  #catalog!: TreeRoot;
  #space: Space | undefined;
  #freed: Freed[] = [];
  #dirtyPages = 0;
  /** Pages that the large values among them will need. */
  #extentPages = 0;
  #checkpoint: Checkpoint | undefined;
  /** Who gives places to pages of the next generation: the number in the side file when it was last seen. */
  #checkpointer = 0;
  #epoch = 1;
  readonly #pins = new Map<number, number>();

  constructor(input: DatabaseInput) {
    this.input = input;
    const { file, checked } = input;
    const { header, seal } = checked;
    this.units = new UnitFile(file, seal, header.fileId, input.cacheBytes);
    this.log = new Log(file, seal, header.fileId, header.logBytes);
    this.dirtyLimitPages = Math.max(64, Math.floor(input.dirtyBytes / PAGE_BYTES));
  }

  /** True if this handle wrote and synced the newest slot itself. */
  get hasOwnSlot(): boolean {
    return this.#ownGeneration === this.base.generation;
  }

  get dirtyPages(): number {
    return this.#dirtyPages + (this.#checkpoint?.remaining ?? 0);
  }

  nextEpoch(): number {
    this.#epoch++;
    return this.#epoch;
  }

  // ---- Learning of commits -------------------------------------------------------------------------------------

  /**
   * Takes the newest slot from the disk and replays the log behind it, up to `limit` commits. If it fails, the handle
   * stays as it was.
   *
   * @throws {StoreError} `SLOT_DAMAGED` or `LOG_DAMAGED` if `isAlone` and the log goes on behind a record that is not whole, or if
   * a commit that this handle has shown, or another one has published, is not there.
   */
  load(limit: number, isAlone: boolean): void {
    this.abandonCheckpoint();
    const state = this.#state();
    const expected = Math.max(state?.view.head.commit ?? 0, Number.isFinite(limit) ? limit : 0);
    try {
      for (;;) {
        this.#loadOnce(limit, isAlone);
        if (this.view.head.commit >= expected) return;
        // Unless a writer went on meanwhile and has used the records' places again, they are damaged.
        const newest = newestSlotUpTo(readSlots(this.input.file, this.input.checked), limit);
        if (newest === undefined || newest.generation <= this.base.generation) throw this.#isMissing(expected);
      }
    } catch (error) {
      if (state !== undefined) this.#restore(state);
      throw error;
    }
  }

  #isMissing(commit: number): StoreError {
    return new StoreError("LOG_DAMAGED", `commit ${commit} of '${this.input.path}' was there and is missing now; the log ends behind commit ${this.view.head.commit}`);
  }

  /** What `load` changes; undefined before the first one. */
  #state(): LoadedState | undefined {
    if (this.base === undefined) return undefined;
    return {
      base: this.base, view: this.view, savedTrees: this.#savedTrees, catalog: this.#catalog, space: this.#space,
      freed: this.#freed, dirtyPages: this.#dirtyPages, extentPages: this.#extentPages, tailPosition: this.#tailPosition, isSlotMissing: this.#isSlotMissing,
    };
  }

  #restore(state: LoadedState): void {
    this.view = state.view;
    this.#savedTrees = state.savedTrees;
    this.#catalog = state.catalog;
    this.#space = state.space;
    this.#freed = state.freed;
    this.#dirtyPages = state.dirtyPages;
    this.#extentPages = state.extentPages;
    this.#tailPosition = state.tailPosition;
    this.#isSlotMissing = state.isSlotMissing;
    this.#setBase(state.base);
  }

  #loadOnce(limit: number, isAlone: boolean): void {
    const { file, checked } = this.input;
    let slots = readSlots(file, checked);
    for (;;) {
      const slot = newestSlotUpTo(slots, limit);
      if (slot === undefined) throw new StoreError("SLOT_DAMAGED", `both slots of '${this.input.path}' are damaged`);
      // The pin must be seen before the slot is: a writer that has not seen it keeps the two newest slots only.
      this.#setBase(slot);
      const again = readSlots(file, checked);
      if (newestSlotUpTo(again, limit)?.generation === slot.generation) break;
      slots = again;
    }
    const other = slots[1 - (this.base.generation % 2)];
    this.#isSlotMissing = other === undefined;
    this.#tailPosition = Math.min(other?.logPosition ?? this.base.logPosition, this.base.logPosition);
    this.view = viewOfSlot(this.units, this.base);
    this.#savedTrees = this.view.trees;
    this.#catalog = catalogOf(this.base);
    this.#space = undefined;
    this.#freed = [];
    this.#dirtyPages = 0;
    this.#extentPages = 0;
    this.replay(limit);
    if (!isAlone) return;
    const later = this.log.findLater(this.view.head);
    if (later === undefined) return;
    const code = slots.includes(undefined) ? "SLOT_DAMAGED" : "LOG_DAMAGED";
    throw new StoreError(code, `commit ${this.view.head.commit + 1} of '${this.input.path}' is damaged or missing, and commit ${later} behind it is whole`);
  }

  #setBase(slot: Slot): void {
    this.base = slot;
    this.#updatePins();
  }

  /** Applies the records behind the view; true if there were any. */
  replay(limit: number): boolean {
    const before = this.view;
    while (this.view.head.commit < limit) {
      const entry = this.log.next(this.view.head);
      if (entry === undefined) break;
      const edit = new EditSet(this.nextEpoch());
      // One by one: if a later record fails, what this one gave up is not noted a second time.
      this.#adopt(applyRecord(this.units, this.view, edit, entry.plaintext, entry.head), edit);
    }
    return this.view !== before;
  }

  /** True if the side file tells of a commit that this handle has not seen. */
  get isOutdated(): boolean {
    return this.input.published?.tellsOfLater(this.view.head.commit) === true;
  }

  /** Sees what other handles have published; true if there was anything new. */
  refresh(): boolean {
    const numbers = this.input.published?.read();
    if (numbers === undefined) return this.#refreshUnpublished();
    if (numbers.generation === this.base.generation && numbers.commit === this.view.head.commit) return false;
    const before = this.view.head.commit;
    if (numbers.generation === this.base.generation) this.replay(numbers.commit);
    if (this.view.head.commit < numbers.commit || numbers.generation > this.base.generation) this.load(Math.max(numbers.commit, before), false);
    return this.view.head.commit !== before;
  }

  /** A handle without side files sees what the log says. */
  #refreshUnpublished(): boolean {
    if (this.input.published !== undefined) return false;
    const before = this.view.head.commit;
    if (readNewestGeneration(this.input.file) !== this.base.generation) this.load(Infinity, false);
    else this.replay(Infinity);
    return this.view.head.commit !== before;
  }

  /** Under the writer's lock: brings the view up to date, whatever the side file says, and repairs an unsynced tail. */
  catchUp(): void {
    if (readNewestGeneration(this.input.file) !== this.base.generation) this.load(Infinity, false);
    else this.replay(Infinity);
    const numbers = this.input.published?.read();
    if (numbers !== undefined && numbers.commit > this.view.head.commit) throw this.#isMissing(numbers.commit);
    this.#yieldTo(numbers?.checkpointer ?? 0);
    if (numbers?.isUnknown === true && !this.mayRewriteTail) {
      this.isPoisoned = true;
      throw new StoreError("COMMIT_UNKNOWN", "a sync of another handle failed; close the file and open it again");
    }
    const isUntold = numbers === undefined || numbers.commit < this.view.head.commit || numbers.generation < this.base.generation;
    if (isUntold || numbers.isUnknown || this.#isSlotMissing) this.#rewriteTail(numbers);
  }

  /** Another handle has begun to write pages since: it may have used the places that this one had chosen. */
  #yieldTo(checkpointer: number): void {
    if (checkpointer === this.#checkpointer) return;
    this.abandonCheckpoint();
    this.#space = undefined;
    this.#checkpointer = checkpointer;
  }

  /** From now on other handles know that their own choice of places is void. */
  #claimPlaces(): void {
    const [a, b, c, d] = this.input.volume.randomBytes(4) as unknown as [number, number, number, number];
    this.#checkpointer = 1 + a + b * 0x100 + c * 0x10000 + (d % 0x80) * 0x1000000;
    this.publish(this.#told?.isUnknown === true);
  }

  /**
   * A writer died or its sync failed behind a record that was seen here: the cache may show what the disk has not got.
   * So the slot is written once more and everything since then goes to fresh places.
   */
  #rewriteTail(numbers: PublishedNumbers | undefined): void {
    this.#rewriteSlot();
    // Until it is done the side file says what it said: if this handle dies too, the next one has to know.
    this.#told = { commit: numbers?.commit ?? this.base.commit, isUnknown: numbers?.isUnknown === true };
    try {
      this.checkpointFully();
    } finally {
      this.#told = undefined;
    }
    this.#announce();
    this.mayRewriteTail = false;
  }

  /**
   * The newest slot becomes durable before the other one is overwritten: else a power cut could leave neither. Its very
   * bytes are written again, since a sync alone brings nothing to the disk after one that failed.
   */
  #rewriteSlot(): void {
    try {
      rewriteSlot(this.input.file, this.base.generation);
    } catch (error) {
      this.#poison();
      throw new StoreError("COMMIT_UNKNOWN", "a slot could not be synced; reopen the file", { cause: error });
    }
  }

  publish(isUnknown: boolean): void {
    this.input.published?.write({ commit: this.#told?.commit ?? this.view.head.commit, generation: this.base.generation, isUnknown, checkpointer: this.#checkpointer });
  }

  /** Tells the others, if it can: what it tells is durable, so that a failing side file must not make it look undone. */
  #announce(): void {
    try {
      this.publish(false);
    } catch {
      // Writers look at the log and the slots themselves; readers learn of it with the next commit that can be told.
    }
  }

  // ---- Readers -------------------------------------------------------------------------------------------------

  /** Keeps the pages that the present view can reach; returns what gives them up. */
  pin(): () => void {
    const { generation } = this.base;
    this.#pins.set(generation, (this.#pins.get(generation) ?? 0) + 1);
    return () => {
      const left = (this.#pins.get(generation) ?? 1) - 1;
      if (left === 0) this.#pins.delete(generation);
      else this.#pins.set(generation, left);
      if (left === 0 && generation !== this.base.generation) this.input.presence?.tryPin(this.#ownPins());
    };
  }

  get hasSnapshots(): boolean {
    return this.#pins.size > 0;
  }

  #updatePins(): void {
    this.input.presence?.pin(this.#ownPins());
  }

  #ownPins(): number[] {
    return [...new Set([this.base.generation, ...this.#pins.keys()])].sort((a, b) => a - b);
  }

  #pinnedGenerations(): number[] {
    const { generation } = this.base;
    const pinned = [generation - 1, generation, ...reachableGenerations([...this.#pins.keys()], generation)];
    for (const pins of this.input.presence?.others() ?? []) {
      // A handle that is just registering has named nothing yet: it will read one of the two newest slots.
      if (pins.length > 0) pinned.push(...reachableGenerations(pins, generation));
    }
    return [...new Set(pinned)];
  }

  // ---- Own commits ---------------------------------------------------------------------------------------------

  space(): Space {
    this.#space ??= Space.decode(this.units.readExtent(UNIT_KIND.space, this.base.space, this.base.spaceBytes), { firstPage: firstPage(this.log.ringBytes), filePages: this.units.filePages });
    return this.#space;
  }

  /** A transaction that grew beyond the dirty limit: from now on its pages go straight to the file. */
  beginSpill(): { space: Space; birth: number; undo: () => void } {
    this.checkpointNow();
    this.#claimPlaces();
    const space = this.space();
    space.reclaim(this.#pinnedGenerations());
    const before = space.copy();
    return { space, birth: this.base.generation + 1, undo: () => (this.#space = before) };
  }

  /** Makes a small transaction durable: one append and one sync. */
  commitToLog(view: Omit<View, "head">, edit: EditSet, plaintext: Uint8Array): void {
    const { head } = this.view;
    this.#makeLogRoom(recordBytes(plaintext.length));
    this.#reserve(() => this.#demandWith(view, edit), edit.dirtyPages + edit.extentPages <= edit.freed.length, true);
    const { seal, fileId } = this.units;
    const record = sealRecord({ commit: head.commit + 1, position: head.position, previousTag: head.tag }, plaintext, seal, fileId);
    try {
      this.log.write(head.position, record.bytes);
      this.input.file.sync();
    } catch (error) {
      this.#poison();
      throw new StoreError("COMMIT_UNKNOWN", "the commit could not be synced and may or may not be on the disk; reopen the file to find out", { cause: error });
    }
    this.#adopt({ ...view, head: { position: head.position + record.bytes.length, commit: head.commit + 1, tag: record.tag } }, edit);
    this.#announce();
    this.unanchored.record = true;
    this.#slice(record.bytes.length);
  }

  /** Makes a transaction durable that is too large for the log. */
  commitToPages(view: Omit<View, "head">, edit: EditSet): void {
    const { view: before } = this;
    const head: LogHead = { ...before.head, commit: before.head.commit + 1 };
    this.finishCheckpoint();
    const demand = demandOf(view);
    const isSpilled = edit.ownBirth !== Infinity;
    this.#reserve(() => demand, !isSpilled && demand.pages + demand.extentPages <= edit.freed.length, !isSpilled);
    const freed = this.#freed.slice();
    const dirtyPages = this.#dirtyPages;
    const extents = this.#extentPages;
    // Others are told of the claim, and with it of the newest commit: that must not be the one which is still to be written.
    this.#claimPlaces();
    this.#adopt({ ...view, head }, edit);
    this.#told = { commit: before.head.commit, isUnknown: false };
    try {
      this.#writeCheckpoint(this.#freeze());
    } catch (error) {
      this.view = before;
      this.#freed = freed;
      this.#dirtyPages = dirtyPages;
      this.#extentPages = extents;
      throw error;
    } finally {
      this.#told = undefined;
    }
    this.#repeatSlot();
    this.#announce();
  }

  #adopt(view: View, edit: EditSet): void {
    this.view = view;
    this.#absorb(edit);
  }

  #absorb(edit: EditSet): void {
    append(this.#freed, edit.freed);
    for (const page of edit.replaced) if (page.ref !== undefined || page.frozen) this.#freed.push(page);
    this.#dirtyPages += edit.dirtyPages;
    this.#extentPages += edit.extentPages;
  }

  /** What waits for a checkpoint, a transaction's included. */
  #demandWith(view: Omit<View, "head">, edit: EditSet): Demand {
    return {
      pages: this.dirtyPages + Math.max(0, edit.dirtyPages),
      extentPages: this.#extentPages + (this.#checkpoint?.extentPages ?? 0) + edit.extentPages,
      extents: () => dirtyPagesOf(view).flatMap(unplacedExtents),
    };
  }

  #poison(): void {
    this.isPoisoned = true;
    try {
      this.publish(true);
    } catch {
      // The side file is a hint; whoever opens the file next finds the tail behind the published commit.
    }
  }

  #makeLogRoom(bytes: number): void {
    const fits = (): boolean => this.view.head.position + bytes - this.#tailPosition <= this.log.ringBytes;
    if (fits()) return;
    this.checkpointNow();
    if (!fits()) this.#repeatSlot();
  }

  /**
   * Makes sure that the next checkpoint will find room, before a commit is acknowledged.
   *
   * @param mayCheckpoint - False if pages of the transaction itself are in the file already: no slot may come between.
   */
  #reserve(demand: () => Demand, givesUp: boolean, mayCheckpoint: boolean): void {
    const missing = (isEmergency: boolean): number => missingPages(demand(), this.space(), this.input.file.sizeBytes(), isEmergency);
    if (missing(false) === 0 || growFile(this.input.file, this.space(), missing(false)) || missing(false) === 0) return;
    if (givesUp && missing(true) === 0) return;
    if (mayCheckpoint) {
      // What earlier commits gave up can be used again once neither slot reaches it.
      this.checkpointFully();
      this.space().reclaim(this.#pinnedGenerations());
      if (missing(givesUp) === 0) return;
    }
    throw new StoreError("DISK_FULL", "there is no room on the disk for this transaction; deleting objects is still possible");
  }

  // ---- Checkpoints ---------------------------------------------------------------------------------------------

  /** A part of a checkpoint behind a commit, so that no commit waits for a whole one. */
  #slice(recordLength: number): void {
    try {
      if (this.#checkpoint === undefined) {
        const logUsed = this.view.head.position - this.base.logPosition;
        // Another handle's checkpoint goes on while it commits; if it has stopped, the full log decides.
        const share = this.#checkpointer === 0 ? 4 : 2.5;
        if (logUsed < this.log.ringBytes / share && this.#dirtyPages < this.dirtyLimitPages / 2) return;
        this.#checkpoint = this.#begin();
        return;
      }
      const checkpoint = this.#checkpoint;
      if (checkpoint.remaining === 0) return this.finishCheckpoint();
      // Done within an eighth of the ring, however long the records are.
      checkpoint.step(SLICE_PAGES + Math.ceil((checkpoint.total * recordLength) / (this.log.ringBytes / 8)));
    } catch {
      // The commit itself is durable. The checkpoint starts anew with a later one; if the log is full by then, that
      // commit reports what is wrong.
      this.abandonCheckpoint();
    }
  }

  #begin(): Checkpoint {
    this.#claimPlaces();
    return this.#freeze();
  }

  #freeze(): Checkpoint {
    const space = this.space();
    space.reclaim(this.#pinnedGenerations());
    const checkpoint = new Checkpoint({
      units: this.units,
      space,
      base: this.base,
      view: this.view,
      savedTrees: this.#savedTrees,
      catalog: this.#catalog,
      freed: this.#freed,
      epoch: this.nextEpoch(),
    });
    this.#freed = [];
    this.#dirtyPages = 0;
    this.#extentPages = 0;
    return checkpoint;
  }

  /** Completes the checkpoint under way, if any. */
  finishCheckpoint(): void {
    if (this.#checkpoint === undefined) return;
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    this.#writeCheckpoint(checkpoint);
    this.#announce();
  }

  /** Pages first, sync, slot, sync: swap them and a crash leaves a slot whose pages were never written. */
  #writeCheckpoint(checkpoint: Checkpoint): void {
    let slot: Slot;
    try {
      slot = checkpoint.complete();
    } catch (error) {
      this.#giveUp(checkpoint);
      throw asStoreError(error, "a checkpoint");
    }
    try {
      this.input.file.sync();
      this.#writeSlot(slot);
    } catch (error) {
      this.#giveUp(checkpoint);
      this.#poison();
      throw new StoreError("COMMIT_UNKNOWN", "a checkpoint could not be synced; reopen the file", { cause: error });
    }
    this.#checkpointer = 0;
    checkpoint.settle();
    this.#catalog = checkpoint.catalog;
    this.#savedTrees = checkpoint.view.trees;
  }

  #writeSlot(slot: Slot): void {
    const { seal, fileId } = this.units;
    const bytes = encodeSlot(slot, this.input.checked.headerBytes, seal, fileId);
    this.input.file.write(slotOffset(slot.generation), bytes);
    this.input.file.sync();
    this.#tailPosition = this.base.logPosition;
    this.#isSlotMissing = false;
    this.#setBase({ ...slot, tag: slotTag(bytes) });
    this.#ownGeneration = slot.generation;
    this.unanchored.slot = true;
  }

  /** Writes the newest slot once more, so that this handle knows it to be durable. */
  renewSlot(): void {
    this.#repeatSlot();
    this.publish(false);
  }

  /** Writes the newest slot over the older one too, so that neither needs the log. */
  #repeatSlot(): void {
    try {
      this.#writeSlot({ ...this.base, generation: this.base.generation + 1 });
    } catch (error) {
      this.#poison();
      throw new StoreError("COMMIT_UNKNOWN", "a slot could not be synced; reopen the file", { cause: error });
    }
  }

  #giveUp(checkpoint: Checkpoint): void {
    checkpoint.abandon();
    this.#space = undefined;
    this.#freed = append(checkpoint.freed.slice(), this.#freed);
    this.#dirtyPages += checkpoint.dirtyPages;
    this.#extentPages += checkpoint.extentPages;
  }

  abandonCheckpoint(): void {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    if (checkpoint !== undefined) this.#giveUp(checkpoint);
  }

  /** A whole checkpoint of the present view, if there is anything to write. */
  checkpointNow(): void {
    this.finishCheckpoint();
    if (this.view.head.commit === this.base.commit && this.view.head.position === this.base.logPosition) return;
    this.#writeCheckpoint(this.#begin());
    this.#announce();
  }

  /** Afterwards neither slot needs the log. */
  checkpointFully(): void {
    this.checkpointNow();
    if (this.#tailPosition !== this.view.head.position || this.#isSlotMissing) this.#repeatSlot();
    this.#announce();
  }

  /** Goes on at a later commit number: a restored file must not use the numbers of the history that it replaces. */
  skipTo(commit: number): void {
    this.finishCheckpoint();
    this.#told = { commit: this.view.head.commit, isUnknown: false };
    try {
      this.view = { ...this.view, head: { ...this.view.head, commit } };
      this.checkpointFully();
    } finally {
      this.#told = undefined;
    }
    this.#announce();
  }

  /** Everything into pages, and the file cut behind the last page in use and the reserve. Only while no other handle is open. */
  checkpointForClose(): void {
    const isClean = !this.#isSlotMissing && this.#tailPosition === this.view.head.position && this.base.logPosition === this.view.head.position;
    if (isClean) return;
    this.checkpointFully();
    this.keepReserve();
  }

  /** Cuts what was too much, and adds what is missing of the room that deleting on a full disk needs. */
  keepReserve(): void {
    resizeForClose(this.input.file, closedBytes(this.space(), firstPage(this.log.ringBytes)));
  }
}

function append(target: Freed[], more: readonly Freed[]): Freed[] {
  for (const entry of more) target.push(entry);
  return target;
}
