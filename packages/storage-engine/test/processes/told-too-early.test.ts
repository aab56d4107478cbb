/**
 * What other handles are told while a transaction is written that is too large for the log.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { MemoryVolume } from "../../src/volume/memory-volume.ts";
import type { OpenMode, StorageFile } from "../../src/volume/volume.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";

/** Runs something before each sync of the database file. */
class WatchedVolume extends MemoryVolume {
  beforeSync: (() => void) | undefined;

  override open(path: string, mode: OpenMode): StorageFile {
    const file = super.open(path, mode);
    const sync = file.sync.bind(file);
    if (path === "/db") {
      file.sync = () => {
        this.beforeSync?.();
        sync();
      };
    }
    return file;
  }
}

function put(store: Store, count: number, fill: number): void {
  const transaction = store.beginWrite();
  for (let number = 0; number < count; number += 1) transaction.tree("data").put(new TextEncoder().encode(`k${number}`), new Uint8Array(500).fill(fill));
  transaction.commit();
}

describe.each(KINDS)("a commit too large for the log, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it.each([
    { what: "in memory", dirtyBytes: undefined },
    { what: "spilled", dirtyBytes: 1024 * 1024 },
  ])("is not told to others before its slot is synced: $what", ({ dirtyBytes }) => {
    const volume = new WatchedVolume();
    const writer = Store.open({ path: "/db", volume, dirtyBytes, ...key });
    const reader = Store.open({ path: "/db", volume, ...key });
    put(writer, 10, 1);
    expect(reader.refresh()).toBe(true);
    const before = reader.commit;
    const seen: number[] = [];
    volume.beforeSync = () => {
      reader.refresh();
      seen.push(reader.commit);
    };
    put(writer, 6000, 2);
    volume.beforeSync = undefined;
    // The first sync is of the pages, the second of the slot that makes them the database.
    expect(seen.slice(0, 2)).toEqual([before, before]);
    expect(reader.refresh() || reader.commit === writer.commit).toBe(true);
    expect(reader.commit).toBe(writer.commit);
    expectVerified(reader);
    reader.close();
    writer.close();
  });
});
