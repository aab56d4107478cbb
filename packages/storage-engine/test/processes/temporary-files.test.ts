/**
 * Files that never got their name: what a process that died has left goes away, what a living one writes stays.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryVolume } from "../../src/volume/memory-volume.ts";
import { NodeVolume } from "../../src/volume/node-volume.ts";
import { Store } from "../../src/store.ts";
import type { Volume } from "../../src/volume/volume.ts";

const VOLUMES: readonly { name: string; make: () => Volume }[] = [
  { name: "memory", make: () => new MemoryVolume() },
  { name: "node", make: () => new NodeVolume() },
];

describe.each(VOLUMES)("temporary files, $name", ({ name, make }) => {
  let volume: Volume;
  let folder = "";
  let path = "";

  beforeEach(() => {
    volume = make();
    folder = name === "node" ? mkdtempSync(join(tmpdir(), "holdfast-temporary-")) : "/folder";
    if (name !== "node") volume.makeDirectory(folder);
    path = `${folder}/test.holdfast`;
  });
  afterEach(() => {
    if (name === "node") rmSync(folder, { recursive: true });
  });

  /** What a killed process leaves: a file whose lock is free. */
  function leave(file: string): void {
    const left = volume.open(file, "exclusive");
    left.write(0, new Uint8Array(100).fill(1));
    left.close();
  }

  function namesBeside(): string[] {
    return volume.list(folder).filter((entry) => entry !== "test.holdfast").sort();
  }

  it("one that was forgotten goes away with the next open", () => {
    leave(`${path}.new-0123456789ab`);
    Store.open({ path, volume }).close();
    expect(namesBeside()).toEqual([]);
  });

  it("one that was forgotten by a copy goes away with the next copy to that path", () => {
    const store = Store.open({ path, volume });
    leave(`${folder}/copy.new-0123456789ab`);
    store.writeCopyTo({ path: `${folder}/copy` });
    store.close();
    expect(namesBeside()).toEqual(["copy"]);
  });

  it("one that is being written stays", () => {
    const written = volume.open(`${path}.new-0123456789ab`, "exclusive");
    expect(written.tryLock()).toBe(true);
    Store.open({ path, volume }).close();
    expect(namesBeside()).toEqual(["test.holdfast.new-0123456789ab"]);
    written.close();
  });

  it("files of other names stay", () => {
    const others = ["other.new-0123456789ab", "test.holdfast.new-letter", "test.holdfast.new-0123456789abc", "test.holdfast.newer"];
    for (const other of others) leave(`${folder}/${other}`);
    Store.open({ path, volume }).close();
    expect(namesBeside()).toEqual(others.sort());
  });

  it("a read-only open takes nothing away", () => {
    Store.open({ path, volume }).close();
    leave(`${path}.new-0123456789ab`);
    Store.open({ path, volume, readOnly: true }).close();
    expect(namesBeside()).toEqual(["test.holdfast.new-0123456789ab"]);
  });
});
