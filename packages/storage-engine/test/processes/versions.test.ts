/**
 * Files with features of a newer release: refused, read, or worked with, as each feature says, also beside a process of
 * that release which has the file open.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretKey } from "@holdfast/core-cipher";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeU32 } from "../../src/bytes.ts";
import { checkFile, readSlots } from "../../src/file-opening.ts";
import { HEADER_BYTES } from "../../src/layout.ts";
import { nodePlatform } from "../../src/node-platform.ts";
import { portableCrc32 } from "../../src/plain-seal.ts";
import { encodeSlot, slotOffset } from "../../src/slot.ts";
import { Store } from "../../src/store.ts";
import { KINDS } from "../simulation/support.ts";
import { RemoteStore } from "./remote.ts";

/** Where the header has its feature bits. */
const FEATURES = { compatible: 24, readOnlyCompatible: 28, incompatible: 32 } as const;
const NEWER = { nodeFlags: ["--import", join(import.meta.dirname, "newer-release.ts")] };

describe.each(KINDS)("features of a newer release, $name", ({ encryptionKey }) => {
  let folder = "";
  let path = "";
  const remotes: RemoteStore[] = [];
  const key = encryptionKey === undefined ? {} : { key: [...(encryptionKey as Uint8Array)] };

  function open(more: { readOnly?: boolean } = {}): Store {
    return Store.open({ ...more, path, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  }

  function newerProcess(): RemoteStore {
    const remote = new RemoteStore(NEWER);
    remotes.push(remote);
    return remote;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-versions-"));
    path = join(folder, "test.holdfast");
    const store = open();
    const transaction = store.beginWrite();
    transaction.tree("data").put(new TextEncoder().encode("k0000000"), new Uint8Array(8));
    transaction.commit();
    store.close();
  });
  afterEach(async () => {
    for (const remote of remotes.splice(0)) await remote.kill();
    rmSync(folder, { recursive: true });
  });

  /** Rewrites header and slots as a release would that sets the bit: the slots' tags cover it. */
  function setFeature(offset: number, bits: number): void {
    const secret = encryptionKey === undefined ? undefined : SecretKey.from(encryptionKey);
    const file = nodePlatform.volume.open(path, "write");
    const checked = checkFile(file, path, secret, nodePlatform, false);
    const slots = readSlots(file, checked);
    const header = checked.headerBytes.slice();
    writeU32(header, offset, bits);
    writeU32(header, HEADER_BYTES - 4, portableCrc32(header.subarray(0, HEADER_BYTES - 4)));
    file.write(0, header);
    for (const slot of slots) if (slot !== undefined) file.write(slotOffset(slot.generation), encodeSlot(slot, header, checked.seal, checked.header.fileId));
    file.sync();
    file.close();
  }

  /** The file and everything beside it. */
  function state(): string {
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return names.map((entry) => `${entry.name} ${createHash("sha256").update(readFileSync(join(entry.parentPath, entry.name))).digest("hex")}`).sort().join("\n");
  }

  function code(action: () => Store): string {
    try {
      action().close();
      return "opened";
    } catch (error) {
      const { name, code } = error as { name: string; code: string };
      return `${name} ${code}`;
    }
  }

  it("an incompatible one is refused for reading and writing, and the files are unchanged", () => {
    setFeature(FEATURES.incompatible, 1);
    const before = state();
    expect(code(() => open())).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(code(() => open({ readOnly: true }))).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(code(() => Store.open({ path, encryptionKey: new Uint8Array(64).fill(99) }))).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(state()).toBe(before);
  });

  it("an incompatible one is refused too while a newer process has the file open, which is not disturbed", async () => {
    setFeature(FEATURES.incompatible, 1);
    const newer = newerProcess();
    await newer.call("open", { path, ...key });
    await newer.call("begin", { from: 1, count: 1 });
    const before = state();
    expect(code(() => open())).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(code(() => open({ readOnly: true }))).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(state()).toBe(before);
    await newer.call("commit");
    expect(await newer.call("put", { from: 2, count: 1 })).toBeGreaterThan(0);
    expect(await newer.call("verify")).toMatchObject({ isClean: true });
    await newer.call("close");
    expect(readdirSync(folder)).toEqual(["test.holdfast"]);
  });

  it("a read-only compatible one can be read, not written, not re-keyed and not compacted", () => {
    setFeature(FEATURES.readOnlyCompatible, 1);
    const before = state();
    expect(code(() => open())).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(() => Store.rekey({ path, ...(encryptionKey === undefined ? {} : { encryptionKey }), newEncryptionKey: new Uint8Array(64).fill(9) })).toThrow(expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }) as Error);
    expect(state()).toBe(before);
    const reader = open({ readOnly: true });
    expect(() => reader.beginWrite()).toThrow(expect.objectContaining({ code: "STORE_READ_ONLY" }) as Error);
    expect(() => reader.compact()).toThrow(expect.objectContaining({ code: "STORE_READ_ONLY" }) as Error);
    expect(reader.commit).toBe(1);
    expect(reader.verify().isClean).toBe(true);
    reader.close();
    expect(state()).toBe(before);
  });

  it("a read-only compatible one can be read while a newer process writes: each commit is seen, and what is read stays whole", async () => {
    setFeature(FEATURES.readOnlyCompatible, 1);
    const newer = newerProcess();
    await newer.call("open", { path, ...key });
    const reader = open({ readOnly: true });
    const first = reader.snapshot();
    for (let round = 0; round < 6; round += 1) {
      await newer.call("put", { from: 1 + round * 400, count: 400, length: 900 });
      expect(reader.refresh()).toBe(true);
      expect(reader.commit).toBe(2 + round);
      expect(first.tree("data")?.count).toBe(1);
    }
    expect(code(() => open())).toBe("StoreError FORMAT_UNSUPPORTED");
    const last = reader.snapshot();
    expect(last.tree("data")?.count).toBe(2401);
    last.close();
    first.close();
    reader.close();
    expect(await newer.call("verify")).toMatchObject({ isClean: true });
  });

  it("a compatible one changes nothing, stays in the file, and both releases write in turn", async () => {
    setFeature(FEATURES.compatible, 0x8000_0001);
    const newer = newerProcess();
    await newer.call("open", { path, ...key });
    const store = open();
    for (let round = 0; round < 4; round += 1) {
      await newer.call("put", { from: 1 + round * 100, count: 100, length: 3000 });
      const transaction = store.beginWrite();
      transaction.tree("data").delete(new TextEncoder().encode("k0000001"));
      transaction.commit();
    }
    await newer.call("close");
    expect(store.verify().isClean).toBe(true);
    store.close();
    expect(featureOf(path, FEATURES.compatible)).toBe(0x8000_0001);
    expect(code(() => open())).toBe("opened");
  });

  it("a newer format version is refused, whatever the key", () => {
    const descriptor = openSync(path, "r+");
    const header = new Uint8Array(HEADER_BYTES);
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
    header[8] = 99;
    writeU32(header, HEADER_BYTES - 4, portableCrc32(header.subarray(0, HEADER_BYTES - 4)));
    writeSync(descriptor, header, 0, HEADER_BYTES, 0);
    closeSync(descriptor);
    expect(code(() => open())).toBe("StoreError FORMAT_UNSUPPORTED");
    expect(code(() => open({ readOnly: true }))).toBe("StoreError FORMAT_UNSUPPORTED");
  });
});

function featureOf(path: string, offset: number): number {
  const bytes = new Uint8Array(readFileSync(path).subarray(0, HEADER_BYTES));
  return new DataView(bytes.buffer).getUint32(offset, true);
}
