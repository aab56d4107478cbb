/**
 * An anchor in an asynchronous place.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { DeferredAnchor } from "../../src/freshness-deferred-anchor.ts";
import type { AnchorSource } from "../../src/freshness-deferred-anchor.ts";
import { encodeAnchor } from "../../src/freshness-state.ts";
import { codeOf } from "../volume/code-of.ts";
import { commitChanges, openStore, readContent } from "../simulation/support.ts";
import { newVolume, put, stateOf } from "./support.ts";

/** A key store's entry that answers when it is told to. */
class SlowSource implements AnchorSource {
  text: string | null = null;
  readonly writes: string[] = [];
  failure: Error | undefined;

  async read(): Promise<string | null> {
    await Promise.resolve();
    return this.text;
  }
  async write(text: string): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    this.text = text;
    this.writes.push(text);
  }
  async remove(): Promise<void> {
    await Promise.resolve();
    this.text = null;
  }
}

function textOf(commit: number, id = 1): string {
  return encodeAnchor({ fileId: new Uint8Array(16).fill(id), isEncrypted: true, commit, generation: 1, tag: new Uint8Array(16), slotTag: new Uint8Array(16), restoredCount: 0 });
}

describe("a deferred anchor", () => {
  it("must be loaded before it is read", async () => {
    const anchor = new DeferredAnchor(new SlowSource());
    expect(codeOf(() => openStore(newVolume(), { freshness: { anchor } }))).toBe("ANCHOR_FAILED");
    await anchor.load();
    expect(anchor.read()).toBeUndefined();
  });

  it("writes the newest of many texts, and nothing that was overtaken", async () => {
    const source = new SlowSource();
    const anchor = new DeferredAnchor(source);
    await anchor.load();
    const volume = newVolume();
    const store = openStore(volume, { freshness: { anchor, every: "commit" } });
    for (let index = 0; index < 20; index += 1) commitChanges(store, [put(index)]);
    store.close();
    await anchor.flush();
    expect(source.writes).toHaveLength(1);
    expect(source.text).toBe(anchor.read());
    const next = new DeferredAnchor(source);
    await next.load();
    const again = openStore(volume, { freshness: { anchor: next } });
    expect(readContent(again).get("one")?.size).toBe(20);
    again.close();
    expect(stateOf(next).commit).toBe(20);
  });

  it("finds an older copy once it was flushed, and takes a newer file if it was not", async () => {
    const source = new SlowSource();
    const anchor = new DeferredAnchor(source);
    await anchor.load();
    const volume = newVolume();
    let store = openStore(volume, { freshness: { anchor } });
    commitChanges(store, [put(1)]);
    store.close();
    await anchor.flush();
    const older = volume.fork();
    store = openStore(volume, { freshness: { anchor } });
    commitChanges(store, [put(2)]);
    store.close();
    // The process dies here: what it had not flushed is gone.
    const unflushed = new SlowSource();
    unflushed.text = source.text;
    const lagging = new DeferredAnchor(unflushed);
    await lagging.load();
    openStore(volume, { freshness: { anchor: lagging } }).close();
    await anchor.flush();
    await anchor.load();
    expect(codeOf(() => openStore(older, { freshness: { anchor } }))).toBe("ROLLED_BACK");
  });

  it("reports a source that fails, and writes when it works again", async () => {
    const source = new SlowSource();
    const anchor = new DeferredAnchor(source);
    await anchor.load();
    source.failure = new Error("locked");
    anchor.write(textOf(1));
    await expect(anchor.flush()).rejects.toMatchObject({ code: "ANCHOR_FAILED" });
    source.failure = undefined;
    await anchor.flush();
    expect(source.text).toBe(textOf(1));
  });

  it("does not overwrite what another process has written since, unless it is older", async () => {
    const source = new SlowSource();
    const anchor = new DeferredAnchor(source);
    await anchor.load();
    for (const [theirs, ours, expected] of [
      [textOf(9), textOf(5), textOf(9)],
      [textOf(5), textOf(9), textOf(9)],
      [textOf(1, 2), textOf(9), textOf(1, 2)],
    ] as const) {
      source.text = null;
      await anchor.load();
      source.text = theirs;
      anchor.write(ours);
      await anchor.flush();
      expect(source.text).toBe(expected);
    }
  });

  it("is removed, also without having been loaded", async () => {
    const source = new SlowSource();
    source.text = textOf(3);
    const anchor = new DeferredAnchor(source);
    anchor.remove();
    await anchor.flush();
    expect(source.text).toBeNull();
  });
});
