/**
 * A file that is replaced between the moment when it is opened and the moment when the handle is registered.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { MemoryVolume } from "../../src/volume/memory-volume.ts";
import { VolumeError, type OpenMode, type StorageFile } from "../../src/volume/volume.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";

/** Runs something once, when the side file of a store is opened: the store has its file by then, and is not registered. */
class MeetingVolume extends MemoryVolume {
  meanwhile: (() => void) | undefined;

  override open(path: string, mode: OpenMode): StorageFile {
    if (path.endsWith(".lock")) {
      const action = this.meanwhile;
      this.meanwhile = undefined;
      action?.();
    }
    return super.open(path, mode);
  }
}

const [KEY, VALUE] = [new Uint8Array([1]), new Uint8Array([2])];

function put(store: Store): void {
  const transaction = store.beginWrite();
  transaction.tree("a").put(KEY, VALUE);
  transaction.commit();
}

describe.each(KINDS)("a file replaced while it is opened, $name", ({ encryptionKey }) => {
  const options = { path: "/db", ...(encryptionKey === undefined ? {} : { encryptionKey }) };

  it("by compaction: the handle gets the file that is there now, and can write to it", () => {
    const volume = new MeetingVolume();
    const other = Store.open({ ...options, volume });
    put(other);
    volume.meanwhile = () => {
      other.compact();
      other.close();
    };
    const store = Store.open({ ...options, volume });
    put(store);
    expectVerified(store);
    store.close();
  });

  it("by re-keying: the old key is refused, and nothing is left beside the file", () => {
    const volume = new MeetingVolume();
    const other = Store.open({ ...options, volume });
    put(other);
    volume.meanwhile = () => {
      other.rekey(new Uint8Array(64).fill(7));
      other.close();
    };
    const expected = encryptionKey === undefined ? "KEY_MISSING" : "KEY_WRONG";
    expect(() => Store.open({ ...options, volume })).toThrow(expect.objectContaining({ code: expected }) as Error);
    expect(volume.list("/")).toEqual(["db"]);
  });

  it("by deletion: a new one is made", () => {
    const volume = new MeetingVolume();
    Store.open({ ...options, volume }).close();
    volume.meanwhile = () => volume.remove("/db");
    const store = Store.open({ ...options, volume });
    put(store);
    expectVerified(store);
    store.close();
  });
});

/** Refuses to create anything in a store's folder of presence files while it is told to. */
class CrowdedVolume extends MemoryVolume {
  isFull = false;

  override open(path: string, mode: OpenMode): StorageFile {
    if (this.isFull && path.includes("/db.management/") && mode === "exclusive") throw new VolumeError("ENOSPC", `open ${path}`);
    return super.open(path, mode);
  }
}

describe("an open that cannot register", () => {
  it("leaves the side file to the handle that works with it", () => {
    const volume = new CrowdedVolume();
    const working = Store.open({ path: "/db", volume });
    const before = volume.stat("/db.lock")?.identity;
    volume.isFull = true;
    expect(() => Store.open({ path: "/db", volume })).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
    expect(volume.stat("/db.lock")?.identity).toBe(before);
    working.close();
    expect(volume.list("/")).toEqual(["db"]);
  });

  it("takes its own side file away if it is alone", () => {
    const volume = new CrowdedVolume();
    Store.open({ path: "/db", volume }).close();
    volume.isFull = true;
    expect(() => Store.open({ path: "/db", volume })).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
    expect(volume.list("/")).toEqual(["db"]);
  });
});
