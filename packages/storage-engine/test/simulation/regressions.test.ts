/**
 * What the simulator found, each as small as it could be made.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { MemoryVolume } from "../../src/simulation.ts";
import { applyToModel, commitChanges, describeDifference, expectVerified, openStore, readContent } from "./support.ts";
import type { Change } from "./support.ts";

describe("large values", () => {
  it("a delete of one with an extent takes none without: its generation may be the other's number (crash-sweep, seed 20978)", () => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    const put = (key: string): Change => ({ kind: "put", tree: "large", key, value: new Uint8Array(3000).fill(key.charCodeAt(0)) });
    let store = openStore(volume);
    commitChanges(store, [put("first")]);
    store.close();
    store = openStore(volume);
    const changes: Change[] = [..."abcdefghijklmnop"].map(put);
    changes.push({ kind: "delete", tree: "large", key: "first" });
    commitChanges(store, changes);
    const expected = applyToModel(new Map(), changes);
    expect(describeDifference(readContent(store), expected)).toBeUndefined();
    store.close();
    store = openStore(volume);
    expect(describeDifference(readContent(store), expected)).toBeUndefined();
    expectVerified(store);
    store.close();
  });
});

describe("a tree that is dropped and made again in one transaction", () => {
  it("is empty for the writer too, even if nothing is put into it (shared-disk, seed 202)", () => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    const store = openStore(volume);
    commitChanges(store, [{ kind: "put", tree: "one", key: "a", value: Uint8Array.of(1) }]);
    commitChanges(store, [{ kind: "drop", tree: "one" }, { kind: "delete", tree: "one", key: "a" }]);
    expect(describeDifference(readContent(store), new Map([["one", new Map()]]))).toBeUndefined();
    expectVerified(store);
    store.close();
  });
});
