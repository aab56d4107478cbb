/**
 * The line of text that an anchor is.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { decodeAnchor, encodeAnchor, isLater, MAX_ANCHOR_TEXT } from "../../src/freshness-state.ts";
import type { AnchorState } from "../../src/freshness-state.ts";
import { codeOf } from "../volume/code-of.ts";

const STATE: AnchorState = {
  fileId: Uint8Array.from({ length: 16 }, (_, index) => index * 16),
  isEncrypted: true,
  commit: 41,
  generation: 7,
  tag: new Uint8Array(16).fill(0xab),
  slotTag: new Uint8Array(16).fill(1),
  restoredCount: 0,
  successor: undefined,
};

describe("the text of an anchor", () => {
  it("comes back as it was, also with the largest numbers and a successor", () => {
    const largest: AnchorState = {
      ...STATE,
      isEncrypted: false,
      commit: Number.MAX_SAFE_INTEGER,
      generation: Number.MAX_SAFE_INTEGER,
      restoredCount: 999_999,
      successor: { fileId: new Uint8Array(16).fill(255), isEncrypted: true },
    };
    for (const state of [STATE, largest, { ...STATE, successor: { fileId: new Uint8Array(16), isEncrypted: false } }]) {
      const text = encodeAnchor(state);
      expect(text.length).toBeLessThanOrEqual(MAX_ANCHOR_TEXT);
      expect(text).toMatch(/^[ -~]+$/);
      expect(decodeAnchor(text)).toEqual(state);
    }
  });

  it("is ANCHOR_DAMAGED with any character changed, left out or added", () => {
    const text = encodeAnchor({ ...STATE, successor: { fileId: new Uint8Array(16).fill(3), isEncrypted: true } });
    for (let index = 0; index <= text.length; index += 1) {
      const others = [`${text.slice(0, index)}${text.slice(index + 1)}`, `${text.slice(0, index)}0${text.slice(index)}`];
      for (const other of ["0", "1", "a", ":", "e", "p", " "]) others.push(`${text.slice(0, index)}${other}${text.slice(index + 1)}`);
      for (const changed of others) if (changed !== text) expect([changed, codeOf(() => decodeAnchor(changed))]).toEqual([changed, "ANCHOR_DAMAGED"]);
    }
    for (const other of ["", "\0", text + text, text.slice(0, 60), text.toUpperCase(), `${text}\n\n`]) expect(codeOf(() => decodeAnchor(other))).toBe("ANCHOR_DAMAGED");
  });

  it("orders by commit, then by generation", () => {
    expect(isLater({ ...STATE, commit: 42, generation: 1 }, STATE)).toBe(true);
    expect(isLater({ ...STATE, generation: 8 }, STATE)).toBe(true);
    expect(isLater(STATE, STATE)).toBe(false);
    expect(isLater({ ...STATE, commit: 40, generation: 9 }, STATE)).toBe(false);
  });
});
