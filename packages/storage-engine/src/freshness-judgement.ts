/**
 * Is this file the anchored one, or an older copy, a fork, another file? Pure: no I/O.
 *
 * What can be told and what cannot: docs/format/freshness.md.
 *
 * @module
 */
import { equalBytes } from "./bytes.ts";
import type { StoreErrorCode } from "./errors.ts";
import type { AnchorState } from "./freshness-state.ts";

/** What a file shows of its own history. */
export interface FoundFile {
  readonly fileId: Uint8Array;
  readonly isEncrypted: boolean;
  readonly commit: number;
  readonly generation: number;
  /** True if one of the two slots could not be read: then the other and the log stand for it. */
  readonly isSlotMissing: boolean;
  /** The chain's tag at a commit, as far back as log and slots go; undefined where they do not say. */
  tagAt(commit: number): Uint8Array | undefined;
  /** The tag of the slot of a generation, if it is one of the two in the file. */
  slotTagAt(generation: number): Uint8Array | undefined;
}

/** Why a file is refused. */
export interface Refusal {
  readonly code: Extract<StoreErrorCode, "ROLLED_BACK" | "FORKED" | "FILE_REPLACED" | "FILE_NOT_ENCRYPTED">;
  readonly detail: string;
}

/** What an anchor says of a file; `successor` and `newer` ask for the anchor to be moved on. */
export type Judgement = "same" | "newer" | "successor" | Refusal;

/** Compares a file with its anchor. */
export function judge(anchor: AnchorState, found: FoundFile): Judgement {
  const foreign = judgeIdentity(anchor, found);
  if (foreign !== undefined) return foreign;
  const expected = `commit ${anchor.commit} of generation ${anchor.generation}`;
  const seen = `commit ${found.commit} of generation ${found.generation}`;
  if (found.commit < anchor.commit) return { code: "ROLLED_BACK", detail: `it holds ${seen}, and ${expected} was there already` };
  const isBehind = found.generation < anchor.generation && !found.isSlotMissing;
  const tag = found.tagAt(anchor.commit);
  const slotTag = found.slotTagAt(anchor.generation);
  const hasOtherTag = (tag !== undefined && !equalBytes(tag, anchor.tag)) || (slotTag !== undefined && !equalBytes(slotTag, anchor.slotTag));
  if (isBehind && !hasOtherTag && found.commit === anchor.commit) return { code: "ROLLED_BACK", detail: `it holds ${seen}, and ${expected} was there already` };
  if (hasOtherTag || isBehind) return { code: "FORKED", detail: `it holds ${seen}, and its history does not contain ${expected} as it was anchored` };
  return found.commit === anchor.commit && found.generation === anchor.generation ? "same" : "newer";
}

/** Id and kind alone: a header says these before any key is needed. Undefined for the anchored file itself. */
export function judgeIdentity(anchor: AnchorState, found: Pick<FoundFile, "fileId" | "isEncrypted">): "successor" | Refusal | undefined {
  if (equalBytes(found.fileId, anchor.fileId) && found.isEncrypted === anchor.isEncrypted) return undefined;
  const { successor } = anchor;
  if (successor !== undefined && equalBytes(found.fileId, successor.fileId) && found.isEncrypted === successor.isEncrypted) return "successor";
  if (!found.isEncrypted && anchor.isEncrypted) return { code: "FILE_NOT_ENCRYPTED", detail: "it is a plain file, and an encrypted one was there" };
  return { code: "FILE_REPLACED", detail: "it is another database than the one that was there (its file id differs)" };
}
