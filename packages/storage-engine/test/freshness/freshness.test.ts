/**
 * Stores with an anchor: older copies, other files and missing files are refused and nothing is changed; restored ones
 * are taken when the application says so.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { FileAnchor, MemoryAnchor } from "../../src/freshness-anchors.ts";
import type { FreshnessAnchor } from "../../src/freshness.ts";
import { decodeAnchor } from "../../src/freshness-state.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { codeOf } from "../volume/code-of.ts";
import { commitChanges, describeDifference, expectVerified, KINDS, openStore, PATH, readContent, TEST_KEY } from "../simulation/support.ts";
import { assertUnchanged } from "../forgery/support.ts";
import { lifeOf, newVolume, put, stateOf } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

/** Opens, expects a refusal with this code, and that neither file nor anchor nor anything else was changed. */
function expectRefused(code: string, volume: MemoryVolume, anchor: FreshnessAnchor, more: object = {}): void {
  const before = volume.fork();
  const text = anchor.read();
  expect(codeOf(() => openStore(volume, { freshness: { anchor }, ...more }))).toBe(code);
  expect(codeOf(() => openStore(volume, { freshness: { anchor }, readOnly: true, ...more }))).toBe(code);
  assertUnchanged(before, volume);
  expect(anchor.read()).toBe(text);
}

describe.each(KINDS)("an anchor, $name", ({ name, encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it.each(["checkpoint", "commit"] as const)("written at every %s refuses every copy that is older, and takes every other", (every) => {
    const moments = lifeOf({ key, every });
    const counts = { refused: 0, taken: 0 };
    for (const [at, later] of moments.entries()) {
      // One anchor a checkpoint, and every fifth of those that each commit writes.
      if (later.anchor === moments[at + 1]?.anchor || (every === "commit" && at % 5 !== 0)) continue;
      const anchored = decodeAnchor(later.anchor);
      for (const earlier of moments.slice(0, at + 1)) {
        const anchor = new MemoryAnchor(later.anchor);
        const volume = newVolume(earlier.bytes);
        const plainOpen = openStore(newVolume(earlier.bytes), key);
        const { commit, generation } = plainOpen.stats();
        plainOpen.close();
        const isOlder = commit < anchored.commit || (commit === anchored.commit && generation < anchored.generation);
        if (isOlder) {
          expectRefused("ROLLED_BACK", volume, anchor, key);
          counts.refused += 1;
          continue;
        }
        const store = openStore(volume, { ...key, freshness: { anchor, every } });
        expect(describeDifference(readContent(store), earlier.content)).toBeUndefined();
        store.close();
        counts.taken += 1;
      }
    }
    console.log(`replays of ${moments.length} copies of a ${name} file, anchored at every ${every}:`, counts);
    expect(counts.refused).toBeGreaterThan(counts.taken);
  });

  it("written at every commit refuses each copy that lacks a commit", () => {
    const moments = lifeOf({ key, every: "commit" });
    const last = moments.at(-1);
    if (last === undefined) throw new Error("no moments");
    const older = moments.filter((moment) => describeDifference(moment.content, last.content) !== undefined);
    expect(older.length).toBeGreaterThan(30);
    for (const moment of older) expectRefused("ROLLED_BACK", newVolume(moment.bytes), new MemoryAnchor(last.anchor), key);
  });

  it("refuses a missing, an empty and another file, and takes the right one again", () => {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const store = openStore(volume, { ...key, freshness: { anchor } });
    commitChanges(store, [put(1)]);
    store.close();
    const bytes = volume.readFile(PATH);
    volume.writeFile(PATH, new Uint8Array());
    expectRefused("FILE_MISSING", volume, anchor, key);
    volume.remove(PATH);
    expectRefused("FILE_MISSING", volume, anchor, key);
    expect(codeOf(() => openStore(volume, { ...key, freshness: { anchor, accept: "restored" } }))).toBe("FILE_MISSING");
    openStore(volume, key).close();
    expectRefused("FILE_REPLACED", volume, anchor, key);
    volume.writeFile(PATH, bytes);
    const again = openStore(volume, { ...key, freshness: { anchor } });
    expect(readContent(again).get("one")?.size).toBe(1);
    again.close();
  });

  it("refuses a file under another key as another file, and the right file under a wrong key as a wrong key", () => {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    openStore(volume, { ...key, freshness: { anchor } }).close();
    const otherKey = { encryptionKey: new Uint8Array(64).fill(7) };
    expectRefused(encryptionKey === undefined ? "KEY_SUPERFLUOUS" : "KEY_WRONG", volume, anchor, otherKey);
    const foreign = newVolume();
    openStore(foreign, otherKey).close();
    expectRefused("FILE_REPLACED", foreign, anchor, key);
  });

  it("is not moved by a file that is only read, or by a failed open", () => {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const first = openStore(volume, key);
    commitChanges(first, [put(1)]);
    first.close();
    openStore(volume, { ...key, readOnly: true, freshness: { anchor } }).close();
    expect(anchor.read()).toBeUndefined();
    expect(codeOf(() => openStore(volume, { encryptionKey: new Uint8Array(64).fill(8), freshness: { anchor } }))).toMatch(/^KEY_/);
    expect(anchor.read()).toBeUndefined();
    openStore(volume, { ...key, freshness: { anchor } }).close();
    const text = anchor.read();
    expect(stateOf(anchor).commit).toBe(1);
    openStore(volume, { ...key, freshness: { anchor } }).close();
    openStore(volume, { ...key, readOnly: true, freshness: { anchor } }).close();
    expect(anchor.read()).toBe(text);
  });

  it("follows a file through compaction and re-keying, and refuses the file that was before", () => {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const store = openStore(volume, { ...key, freshness: { anchor } });
    commitChanges(store, [put(1), put(2)]);
    const { fileId } = stateOf(anchor);
    store.compact();
    commitChanges(store, [put(3)]);
    const compacted = stateOf(anchor);
    expect(compacted.fileId).not.toEqual(fileId);
    expect(compacted.successor).toBeUndefined();
    store.close();
    const old = volume.readFile(PATH);
    for (const newEncryptionKey of [new Uint8Array(64).fill(9), undefined, TEST_KEY]) {
      const current = stateOf(anchor).isEncrypted ? (newEncryptionKey === undefined ? new Uint8Array(64).fill(9) : key.encryptionKey) : undefined;
      Store.rekey({ path: PATH, volume, freshness: { anchor }, encryptionKey: current, newEncryptionKey });
      expect(stateOf(anchor).isEncrypted).toBe(newEncryptionKey !== undefined);
      const reopened = openStore(volume, { encryptionKey: newEncryptionKey, freshness: { anchor } });
      expect(readContent(reopened).get("one")?.size).toBe(3);
      reopened.close();
    }
    expectRefused(encryptionKey === undefined ? "FILE_NOT_ENCRYPTED" : "FILE_REPLACED", newVolume(old), anchor, key);
  });

  it("leaves the anchor of the source alone when a copy is written, and takes the copy under an anchor of its own", () => {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const store = openStore(volume, { ...key, freshness: { anchor } });
    commitChanges(store, [put(1)]);
    const text = anchor.read();
    store.writeCopyTo({ path: "/db/copy", ...key });
    expect(anchor.read()).toBe(text);
    store.close();
    expectRefused("FILE_REPLACED", newVolume(volume.readFile("/db/copy")), anchor, key);
    const own = new MemoryAnchor();
    Store.open({ path: "/db/copy", volume, ...key, freshness: { anchor: own } }).close();
    expect(stateOf(own).commit).toBeGreaterThan(0);
  });
});

describe("a restored backup", () => {
  function restored(): { volume: MemoryVolume; anchor: MemoryAnchor; newest: Uint8Array; anchored: ReturnType<typeof stateOf> } {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const open = (): Store => openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor } });
    let store = open();
    for (let index = 0; index < 5; index += 1) commitChanges(store, [put(index)]);
    store.close();
    const backup = volume.readFile(PATH);
    store = open();
    for (let index = 5; index < 12; index += 1) commitChanges(store, [put(index)]);
    store.close();
    const newest = volume.readFile(PATH);
    volume.writeFile(PATH, backup);
    return { volume, anchor, newest, anchored: stateOf(anchor) };
  }

  it("is refused, taken when accepted, and taken from then on", () => {
    const { volume, anchor } = restored();
    expectRefused("ROLLED_BACK", volume, anchor, { encryptionKey: TEST_KEY });
    const store = openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } });
    expect(readContent(store).get("one")?.size).toBe(5);
    expect(stateOf(anchor).restoredCount).toBe(1);
    expectVerified(store);
    commitChanges(store, [put(20)]);
    store.close();
    const again = openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor } });
    expect(readContent(again).get("one")?.size).toBe(6);
    again.close();
    expect(stateOf(anchor).restoredCount).toBe(1);
  });

  it("leaves behind the history that it replaced: that one is now the older copy", () => {
    const { volume, anchor, newest, anchored } = restored();
    openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } }).close();
    expect(stateOf(anchor).commit).toBeGreaterThan(anchored.commit);
    expectRefused("ROLLED_BACK", newVolume(newest), anchor, { encryptionKey: TEST_KEY });
  });

  it("is a file with another id, too", () => {
    const { volume, anchor } = restored();
    const other = newVolume();
    const source = openStore(volume, { encryptionKey: TEST_KEY });
    source.writeCopyTo({ path: PATH, volume: other, encryptionKey: TEST_KEY });
    source.close();
    expectRefused("FILE_REPLACED", other, anchor, { encryptionKey: TEST_KEY });
    openStore(other, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } }).close();
    openStore(other, { encryptionKey: TEST_KEY, freshness: { anchor } }).close();
    expectRefused("FILE_REPLACED", volume, anchor, { encryptionKey: TEST_KEY });
  });

  it("is accepted for one open: a handle that goes on does not accept another file", () => {
    const { volume, anchor } = restored();
    const store = openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } });
    store.compact();
    store.close();
    expect(stateOf(anchor).restoredCount).toBe(1);
    openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor } }).close();
  });

  it("does not change an anchor that fits", () => {
    const { volume, anchor, newest } = restored();
    volume.writeFile(PATH, newest);
    const text = anchor.read();
    openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } }).close();
    expect(anchor.read()).toBe(text);
  });

  it("is taken under a damaged anchor when accepted, and refused otherwise", () => {
    const { volume } = restored();
    const anchor = new MemoryAnchor("holdfast1:garbage");
    expectRefused("ANCHOR_DAMAGED", volume, anchor, { encryptionKey: TEST_KEY });
    openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, accept: "restored" } }).close();
    expect(stateOf(anchor).restoredCount).toBe(1);
  });
});

describe("a fork", () => {
  /** Two histories over the same first commits: the second is anchored. */
  function fork(commits: number, options: { readonly isClosed: boolean; readonly largeAt?: number }): { volume: MemoryVolume; anchor: MemoryAnchor } {
    const anchor = new MemoryAnchor();
    const volume = newVolume();
    const store = openStore(volume, { encryptionKey: TEST_KEY });
    for (let index = 0; index < 3; index += 1) commitChanges(store, [put(index)]);
    store.close();
    const other = newVolume(volume.readFile(PATH));
    const anchored = openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor, every: "commit" } });
    commitChanges(anchored, [put(50)]);
    anchored.close();
    const second = openStore(other, { encryptionKey: TEST_KEY });
    for (let index = 0; index < commits; index += 1) {
      const isLarge = index === options.largeAt;
      commitChanges(second, isLarge ? Array.from({ length: 40 }, (_, each) => put(each, 1900)) : [put(60 + index)]);
    }
    if (options.isClosed) second.close();
    return { volume: newVolume(other.readFile(PATH)), anchor };
  }

  it.each([1, 2, 9, 120])("of %i commits is found, in a file that was closed or not", (commits) => {
    for (const isClosed of [false, true]) {
      const { volume, anchor } = fork(commits, { isClosed });
      expectRefused("FORKED", volume, anchor, { encryptionKey: TEST_KEY });
    }
  });

  it("cannot be told when the log has gone round since", () => {
    const { volume, anchor } = fork(300, { isClosed: true });
    openStore(volume, { encryptionKey: TEST_KEY, freshness: { anchor } }).close();
    expect(stateOf(anchor).commit).toBe(303);
  });
});

describe("an anchor that fails", () => {
  class FailingAnchor extends MemoryAnchor {
    fails: "read" | "write" | undefined;
    override read(): string | undefined {
      if (this.fails === "read") throw new Error("the key store is locked");
      return super.read();
    }
    override write(text: string): void {
      if (this.fails === "write") throw new Error("the key store is full");
      super.write(text);
    }
  }

  it("at the open refuses the file", () => {
    const volume = newVolume();
    const anchor = new FailingAnchor();
    for (const fails of ["read", "write"] as const) {
      anchor.fails = fails;
      expect(codeOf(() => openStore(volume, { freshness: { anchor } }))).toBe("ANCHOR_FAILED");
    }
    anchor.fails = undefined;
    openStore(volume, { freshness: { anchor } }).close();
  });

  it("behind a commit does not fail the commit; the close says so, and the next open goes on", () => {
    const volume = newVolume();
    const anchor = new FailingAnchor();
    const store = openStore(volume, { freshness: { anchor, every: "commit" } });
    commitChanges(store, [put(1)]);
    anchor.fails = "write";
    commitChanges(store, [put(2)]);
    expect(stateOf(anchor).commit).toBe(1);
    expect(codeOf(() => store.close())).toBe("ANCHOR_FAILED");
    expect(store.isClosed).toBe(true);
    anchor.fails = undefined;
    const again = openStore(volume, { freshness: { anchor } });
    expect(readContent(again).get("one")?.size).toBe(2);
    again.close();
    expect(stateOf(anchor).commit).toBe(2);
  });

  it("for a while is written again by a later commit", () => {
    const anchor = new FailingAnchor();
    const store = openStore(newVolume(), { freshness: { anchor, every: "commit" } });
    anchor.fails = "write";
    commitChanges(store, [put(1)]);
    anchor.fails = undefined;
    commitChanges(store, [put(2)]);
    expect(stateOf(anchor).commit).toBe(2);
    store.close();
  });

  it("before a compaction leaves the file as it was", () => {
    const volume = newVolume();
    const anchor = new FailingAnchor();
    const store = openStore(volume, { freshness: { anchor } });
    commitChanges(store, [put(1)]);
    anchor.fails = "write";
    expect(codeOf(() => store.compact())).toBe("ANCHOR_FAILED");
    expect(volume.paths().filter((path) => path.includes(".new-"))).toEqual([]);
    anchor.fails = undefined;
    expect(readContent(store).get("one")?.size).toBe(1);
    store.close();
    openStore(volume, { freshness: { anchor } }).close();
  });

  it("that is nothing of the kind is the caller's mistake", () => {
    for (const freshness of [{ anchor: {} }, { anchor: new MemoryAnchor(), every: "second" }, { anchor: new MemoryAnchor(), accept: true }]) {
      expect(() => openStore(newVolume(), { freshness: freshness as never })).toThrow(expect.objectContaining({ code: "FRESHNESS_INVALID" }));
    }
  });
});

describe("two handles on one file", () => {
  it("never move the anchor back", () => {
    const volume = newVolume();
    const anchor = new MemoryAnchor();
    const freshness = { anchor, every: "commit" } as const;
    const one = openStore(volume, { freshness });
    const two = openStore(volume, { freshness });
    let last = -1;
    for (let index = 0; index < 60; index += 1) {
      commitChanges(index % 3 === 0 ? one : two, [put(index, 1500)]);
      const { commit } = stateOf(anchor);
      expect(commit).toBe(index + 1);
      expect(commit).toBeGreaterThan(last);
      last = commit;
    }
    one.close();
    two.close();
    expect(stateOf(anchor).commit).toBe(60);
  });

  it("a handle without an anchor moves the file on, and the anchor catches up at the close of the other", () => {
    const volume = newVolume();
    const anchor = new MemoryAnchor();
    const one = openStore(volume, { freshness: { anchor } });
    const two = openStore(volume);
    for (let index = 0; index < 30; index += 1) commitChanges(two, [put(index, 1500)]);
    two.close();
    one.close();
    expect(stateOf(anchor).commit).toBe(30);
  });
});

describe("an anchor in a file", () => {
  it("is read as it was written, replaced whole, and removed", () => {
    const volume = newVolume();
    const anchor = new FileAnchor({ path: "/db/anchor", volume });
    expect(anchor.read()).toBeUndefined();
    openStore(volume, { freshness: { anchor } }).close();
    expect(stateOf(new FileAnchor({ path: "/db/anchor", volume })).generation).toBeGreaterThan(0);
    anchor.write("x".repeat(150));
    anchor.write("short");
    expect(anchor.read()).toBe("short");
    expect(volume.paths().filter((path) => path.endsWith(".new"))).toEqual([]);
    expectRefused("ANCHOR_DAMAGED", volume, anchor);
    anchor.remove();
    expect(anchor.read()).toBeUndefined();
  });
});
