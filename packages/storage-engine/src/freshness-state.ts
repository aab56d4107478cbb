/**
 * What an anchor remembers of a database, and the line of text that holds it.
 *
 * Specified in docs/format/freshness.md; if the two disagree, this file is the bug.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import { portableCrc32 } from "./plain-seal.ts";

/** The longest text of an anchor. */
export const MAX_ANCHOR_TEXT = 200;

/** The file that is about to take the place of the anchored one. */
export interface AnchorSuccessor {
  /** 16 bytes. */
  readonly fileId: Uint8Array;
  readonly isEncrypted: boolean;
}

/** A durable state of one file: everything older than this is an older copy. */
export interface AnchorState {
  /** 16 bytes. */
  readonly fileId: Uint8Array;
  readonly isEncrypted: boolean;
  readonly commit: number;
  readonly generation: number;
  /** First 16 bytes of the tag of the newest record; zeros before the first. */
  readonly tag: Uint8Array;
  /** First 16 bytes of the tag of the slot of that generation. */
  readonly slotTag: Uint8Array;
  /** How often the application accepted a file that did not fit the anchor. */
  readonly restoredCount: number;
  /** Named before a compacted or re-keyed file is put in place. */
  readonly successor?: AnchorSuccessor | undefined;
}

const VERSION = "holdfast1";
const PATTERN = /^holdfast1:([0-9a-f]{32}):([ep]):(\d{1,16}):(\d{1,16}):([0-9a-f]{32}):([0-9a-f]{32}):(\d{1,6}):(?:([0-9a-f]{32})([ep]))?:([0-9a-f]{8})$/;
const MAX_RESTORED = 999_999;

/** The text of a state: ASCII, at most {@link MAX_ANCHOR_TEXT} characters, no secret in it. */
export function encodeAnchor(state: AnchorState): string {
  const { successor } = state;
  const fields = [
    VERSION, hex(state.fileId), kindOf(state.isEncrypted), state.commit, state.generation, hex(state.tag), hex(state.slotTag),
    Math.min(state.restoredCount, MAX_RESTORED), successor === undefined ? "" : hex(successor.fileId) + kindOf(successor.isEncrypted),
  ];
  const body = fields.join(":");
  return `${body}:${checksum(body)}`;
}

/**
 * Reads the text of an anchor.
 *
 * @throws {StoreError} `ANCHOR_DAMAGED` for a text of another form, or one whose checksum does not fit.
 */
export function decodeAnchor(text: string): AnchorState {
  const match = text.length > MAX_ANCHOR_TEXT ? null : PATTERN.exec(text);
  if (match === null) throw damaged("it has not the form of an anchor");
  const [, fileId = "", kind, commit, generation, tag = "", slotTag = "", restored, nextId, nextKind, sum] = match;
  if (checksum(text.slice(0, text.lastIndexOf(":"))) !== sum) throw damaged("its checksum does not fit");
  if (!Number.isSafeInteger(Number(commit)) || !Number.isSafeInteger(Number(generation))) throw damaged("a number in it is too large");
  return {
    fileId: bytesOf(fileId),
    isEncrypted: kind === "e",
    commit: Number(commit),
    generation: Number(generation),
    tag: bytesOf(tag),
    slotTag: bytesOf(slotTag),
    restoredCount: Number(restored),
    successor: nextId === undefined ? undefined : { fileId: bytesOf(nextId), isEncrypted: nextKind === "e" },
  };
}

/** True if `after` is a later state of the same file than `before`. The commit decides, then the generation. */
export function isLater(after: AnchorState, before: AnchorState): boolean {
  return after.commit > before.commit || (after.commit === before.commit && after.generation > before.generation);
}

function damaged(reason: string): StoreError {
  return new StoreError("ANCHOR_DAMAGED", `the freshness anchor cannot be read: ${reason}. If you know that the file is the newest one, open it once with accept: "restored"`);
}

function kindOf(isEncrypted: boolean): string {
  return isEncrypted ? "e" : "p";
}

function checksum(body: string): string {
  return portableCrc32(new TextEncoder().encode(body)).toString(16).padStart(8, "0");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
}
