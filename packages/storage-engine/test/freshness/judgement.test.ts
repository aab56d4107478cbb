/**
 * What an anchor says of a file, case by case.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { judge } from "../../src/freshness-judgement.ts";
import type { FoundFile } from "../../src/freshness-judgement.ts";
import type { AnchorState } from "../../src/freshness-state.ts";

const ID = new Uint8Array(16).fill(1);
const OTHER_ID = new Uint8Array(16).fill(2);
const TAG = new Uint8Array(16).fill(3);
const SLOT_TAG = new Uint8Array(16).fill(4);
const OTHER_TAG = new Uint8Array(16).fill(5);

const ANCHOR: AnchorState = { fileId: ID, isEncrypted: true, commit: 20, generation: 8, tag: TAG, slotTag: SLOT_TAG, restoredCount: 0 };
const FOUND: FoundFile = {
  fileId: ID,
  isEncrypted: true,
  commit: 20,
  generation: 8,
  isSlotMissing: false,
  tagAt: () => TAG,
  slotTagAt: (generation) => (generation === 8 ? SLOT_TAG : undefined),
};

const CASES: readonly (readonly [string, Partial<FoundFile>, string])[] = [
  ["the anchored state itself", {}, "same"],
  ["one commit more", { commit: 21 }, "newer"],
  ["one commit less", { commit: 19 }, "ROLLED_BACK"],
  ["one commit less in a later generation", { commit: 19, generation: 9 }, "ROLLED_BACK"],
  ["the same commit one generation earlier", { generation: 7 }, "ROLLED_BACK"],
  ["the same commit one generation earlier, because the newest slot is damaged", { generation: 7, isSlotMissing: true }, "newer"],
  ["the same commit one generation later", { generation: 9 }, "newer"],
  ["more commits in an earlier generation", { commit: 25, generation: 7 }, "FORKED"],
  ["more commits in an earlier generation, because the newest slot is damaged", { commit: 25, generation: 7, isSlotMissing: true }, "newer"],
  ["the same commit with another tag", { tagAt: () => OTHER_TAG }, "FORKED"],
  ["later commits over another commit 20", { commit: 30, generation: 12, tagAt: () => OTHER_TAG }, "FORKED"],
  ["later commits over a history that the file does not hold any more", { commit: 30, generation: 12, tagAt: () => undefined }, "newer"],
  ["another slot of the same generation", { slotTagAt: () => OTHER_TAG }, "FORKED"],
  ["another file", { fileId: OTHER_ID }, "FILE_REPLACED"],
  ["another file, plain", { fileId: OTHER_ID, isEncrypted: false }, "FILE_NOT_ENCRYPTED"],
  ["a plain file that claims the same id", { isEncrypted: false }, "FILE_NOT_ENCRYPTED"],
];

describe("a file is", () => {
  it.each(CASES)("%s", (_name, found, expected) => {
    const judgement = judge(ANCHOR, { ...FOUND, ...found });
    expect(typeof judgement === "string" ? judgement : judgement.code).toBe(expected);
  });

  it("the successor that was announced, of the announced kind only", () => {
    const anchor: AnchorState = { ...ANCHOR, successor: { fileId: OTHER_ID, isEncrypted: true } };
    expect(judge(anchor, { ...FOUND, fileId: OTHER_ID, commit: 1, generation: 3 })).toBe("successor");
    expect(judge(anchor, FOUND)).toBe("same");
    expect(judge(anchor, { ...FOUND, fileId: OTHER_ID, isEncrypted: false })).toMatchObject({ code: "FILE_NOT_ENCRYPTED" });
    expect(judge(anchor, { ...FOUND, fileId: TAG })).toMatchObject({ code: "FILE_REPLACED" });
  });

  it("encrypted where a plain one was anchored: another one", () => {
    expect(judge({ ...ANCHOR, isEncrypted: false }, { ...FOUND, fileId: OTHER_ID })).toMatchObject({ code: "FILE_REPLACED" });
  });
});
