/**
 * A reader checks the file while another handle commits and checkpoints: it reports damage if there is any, and only then.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { MemoryVolume } from "../../src/simulation.ts";
import type { Volume } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import type { StorageFile } from "../../src/volume/volume.ts";
import type { Change } from "./support.ts";
import { commitChanges, KINDS, openStore, PATH } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const put = (key: string, length = 1500, fill = 1): Change => ({ kind: "put", tree: "one", key, value: new Uint8Array(length).fill(fill) });

function newVolume(): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  return volume;
}

/** Commits until so many checkpoints have been made; the ring goes round. */
function writeOn(store: Store, checkpoints: number): void {
  const end = store.stats().generation + checkpoints;
  for (let index = 0; store.stats().generation < end; index++) commitChanges(store, [put(`k${index % 50}`), put(`l${index % 7}`, 2500)]);
}

/** A volume through which a reader's calls can be watched: `onRead` is called before each read of the database file. */
function watched(volume: MemoryVolume, onRead: () => void): Volume {
  const open = (path: string, mode: Parameters<Volume["open"]>[1]): StorageFile => {
    const file = volume.open(path, mode);
    if (path !== PATH) return file;
    const read = file.read.bind(file);
    file.read = (offset, target) => {
      onRead();
      return read(offset, target);
    };
    return file;
  };
  const get = (target: MemoryVolume, name: string | symbol): unknown => {
    const value: unknown = name === "open" ? open : Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  return new Proxy(volume, { get });
}

describe.each(KINDS)("verify by a reader, $name", ({ name: _name, ...more }) => {
  it.each([1, 2, 5])("is clean after another handle has made %i checkpoints, without a refresh before", (checkpoints) => {
    const volume = newVolume();
    const writer = openStore(volume, more);
    commitChanges(writer, [put("a")]);
    const reader = openStore(volume, { ...more, readOnly: true });
    const held = reader.snapshot();
    writeOn(writer, checkpoints);
    const report = reader.verify();
    expect(report.problems).toEqual([]);
    expect(report.commit).toBe(writer.commit);
    held.close();
    reader.close();
    writer.close();
  });

  it.each([1, 3, 17, 60])("is clean while another handle goes on between its reads, at every one of %i", (every) => {
    const volume = newVolume();
    const writer = openStore(volume, more);
    writeOn(writer, 2);
    let reads = 0;
    let isWatching = false;
    const onRead = (): void => {
      if (!isWatching || reads++ % every !== 0 || reads > 400) return;
      isWatching = false;
      writeOn(writer, reads % 3 === 0 ? 3 : 1);
      isWatching = true;
    };
    const reader = openStore(watched(volume, onRead), { ...more, readOnly: true });
    isWatching = true;
    const report = reader.verify();
    isWatching = false;
    expect(reads).toBeGreaterThan(5);
    expect(report.problems).toEqual([]);
    reader.close();
    writer.close();
  });

  it.each([1, 3, 17])("from outside is clean while another handle goes on between its reads, at every one of %i", async (every) => {
    const volume = newVolume();
    const writer = openStore(volume, more);
    writeOn(writer, 2);
    let reads = 0;
    let isWatching = true;
    const onRead = (): void => {
      if (!isWatching || reads++ % every !== 0 || reads > 400) return;
      isWatching = false;
      writeOn(writer, reads % 3 === 0 ? 3 : 1);
      isWatching = true;
    };
    const report = await Store.verify({ path: PATH, volume: watched(volume, onRead), ...more });
    isWatching = false;
    expect(report.problems).toEqual([]);
    expect(report.opens).toBe(true);
    writer.close();
  });

  it("finds a damaged record, page and slot nonetheless", () => {
    for (const [what, at] of [["LOG_DAMAGED", 24_576 + 100], ["PAGE_DAMAGED", 24_576 + 64 * 1024 + 8192 + 500], ["SLOT_DAMAGED", 8192 + 400], ["SLOT_DAMAGED", 16_384 + 400]] as const) {
      const volume = newVolume();
      const writer = openStore(volume, more);
      commitChanges(writer, [put("a"), put("b")]);
      writer.close();
      const again = openStore(volume, more);
      const reader = openStore(volume, { ...more, readOnly: true });
      if (what === "LOG_DAMAGED") for (let index = 0; index < 3; index++) commitChanges(again, [put(`k${index}`, 100)]);
      const file = volume.open(PATH, "write");
      const from = what === "LOG_DAMAGED" ? 0 : at;
      const bytes = new Uint8Array(what === "LOG_DAMAGED" ? file.sizeBytes() : 64);
      file.read(from, bytes);
      // In the log: the first of the three records behind the newest slot.
      const offset = what === "LOG_DAMAGED" ? firstOfLast(bytes) : 0;
      file.write(from + offset, Uint8Array.of((bytes[offset] ?? 0) ^ 1));
      file.close();
      expect(reader.verify().problems.map(({ code }) => code)).toContain(what);
      reader.close();
      again.close();
    }
  });
});

/** Where the ciphertext of the third record from the end of the log stands. */
function firstOfLast(bytes: Uint8Array): number {
  const fields = new DataView(bytes.buffer);
  const records: { offset: number; commit: number }[] = [];
  for (let offset = 24_576; offset < 24_576 + 64 * 1024; offset += 64) if (fields.getUint32(offset, true) === 0x43455248) records.push({ offset, commit: fields.getUint32(offset + 8, true) });
  return (records.toSorted((one, two) => one.commit - two.commit).at(-3)?.offset ?? 0) + 70;
}
