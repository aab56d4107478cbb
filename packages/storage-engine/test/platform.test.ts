/**
 * The platform: chosen, replaced, and made of a volume without Node.
 *
 * @module
 */
import { afterEach, describe, expect, it } from "vitest";
import { createPortablePlatform, currentPlatform, MemoryVolume, setPlatform, Store } from "../src/index.ts";
import { defaultPlatform as injected } from "../src/injected-platform.ts";
import { nodePlatform } from "../src/node-platform.ts";

const KEY = Uint8Array.from({ length: 64 }, (_, i) => i);

afterEach(() => setPlatform(undefined));

describe("the current platform", () => {
  it("is Node's here", () => {
    expect(currentPlatform()).toBe(nodePlatform);
  });

  it("can be replaced, and stores that name no volume stand on it from then on", () => {
    const volume = new MemoryVolume({ newLogBytes: 65_536 });
    setPlatform(createPortablePlatform({ name: "test", volume }));
    const store = Store.open({ path: "/a.holdfast", encryptionKey: KEY });
    const transaction = store.beginWrite();
    transaction.tree("t").put(Uint8Array.of(1), Uint8Array.of(2));
    transaction.commit();
    store.close();
    expect(volume.paths()).toEqual(["/a.holdfast"]);
  });

  it("comes back", () => {
    setPlatform(injected);
    setPlatform(undefined);
    expect(currentPlatform()).toBe(nodePlatform);
  });
});

describe("a portable platform", () => {
  it("writes files that Node's seal opens, and the other way round", () => {
    const volume = new MemoryVolume({ newLogBytes: 65_536 });
    const portable = createPortablePlatform({ name: "test", volume });
    for (const [index, [writer, reader]] of [[portable, nodePlatform], [nodePlatform, portable]].entries()) {
      for (const encryptionKey of [KEY, undefined]) {
        const path = `/${index}-${encryptionKey === undefined ? "plain" : "sealed"}`;
        setPlatform(writer);
        Store.open({ path, volume, encryptionKey }).close();
        setPlatform(reader);
        const store = Store.open({ path, volume, encryptionKey });
        expect(store.verify().isClean).toBe(true);
        store.close();
      }
    }
  });

  it("takes random bytes from a source that is given", () => {
    let draws = 0;
    const randomBytes = (count: number): Uint8Array => {
      draws += 1;
      return new Uint8Array(count).fill(draws);
    };
    const platform = createPortablePlatform({ name: "test", volume: new MemoryVolume({ newLogBytes: 65_536 }), randomBytes });
    expect(platform.generateKey()).toEqual(new Uint8Array(64).fill(1));
  });

  it("answers what the SDK asks of files", () => {
    const volume = new MemoryVolume({ newLogBytes: 65_536 });
    const { files } = createPortablePlatform({ name: "test", volume });
    expect(files.absolutePath("x/../y")).toBe("/y");
    expect(files.hasParentFolder("/a/b/c")).toBe(false);
    files.makeParentFolder("/a/b/c");
    expect(files.hasParentFolder("/a/b/c")).toBe(true);
    expect([files.isThere("/a/b/c"), files.sizeOf("/a/b/c")]).toEqual([false, 0]);
    volume.writeFile("/a/b/c", Uint8Array.of(1, 2, 3));
    expect([files.isThere("/a/b/c"), files.sizeOf("/a/b/c")]).toEqual([true, 3]);
    expect([files.firstBytes("/a/b/c", 2), files.firstBytes("/a/b/c", 9)]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3)]);
    files.removeAll("/a");
    files.removeAll("/a");
    expect([volume.paths(), files.hasParentFolder("/a/b/c")]).toEqual([[], false]);
  });
});

describe("a volume that cannot sync", () => {
  const volume = Object.assign(new MemoryVolume({ newLogBytes: 65_536 }), { durability: "process-death" as const });
  const accepting = createPortablePlatform({ name: "test", volume, leastDurability: "process-death" });
  const refused = (action: () => unknown): void => expect(action).toThrow(expect.objectContaining({ code: "DURABILITY_MISSING" }));

  it("is written to by those who accept it, and read by all", () => {
    setPlatform(accepting);
    const store = Store.open({ path: "/a.holdfast", encryptionKey: KEY });
    store.writeCopyTo({ path: "/copy", encryptionKey: KEY });
    store.close();
    setPlatform(undefined);
    Store.open({ path: "/a.holdfast", volume, encryptionKey: KEY, readOnly: true }).close();
    refused(() => Store.open({ path: "/a.holdfast", volume, encryptionKey: KEY }));
  });

  it("gets no new file either: no database, no copy of one that can", async () => {
    refused(() => Store.open({ path: "/b.holdfast", volume }));
    const synced = new MemoryVolume({ newLogBytes: 65_536 });
    const store = Store.open({ path: "/c.holdfast", volume: synced });
    refused(() => store.writeCopyTo({ path: "/d", volume }));
    await expect(store.backup({ path: "/e", volume })).rejects.toMatchObject({ code: "DURABILITY_MISSING" });
    store.close();
    expect(volume.paths().filter((path) => path !== "/a.holdfast" && path !== "/copy")).toEqual([]);
  });
});

describe("a platform that waits to be given one", () => {
  it("refuses files with PLATFORM_MISSING", () => {
    setPlatform(injected);
    expect(() => Store.open({ path: "/a.holdfast" })).toThrow(expect.objectContaining({ code: "PLATFORM_MISSING" }));
  });

  it("has in-memory stores", () => {
    setPlatform(injected);
    const store = Store.open({ path: "/a.holdfast", volume: new MemoryVolume({ newLogBytes: 65_536 }), encryptionKey: KEY });
    expect(store.isEncrypted).toBe(true);
    store.close();
  });
});
