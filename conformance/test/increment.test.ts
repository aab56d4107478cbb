/** A chain of backups, restored from docs/format/increment.md alone, with the independent reader: the same as what the engine restores. */
import { MemoryVolume, Store } from "@holdfast/storage-engine";
import { expect, it } from "vitest";
import { readStore } from "../reader/reader.ts";
import { seededBytes } from "../src/random.ts";

type Content = Map<string, Map<string, string>>;

const KEY = seededBytes(0x5eed, 64);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function read(file: Uint8Array): Content {
  return new Map([...readStore(file, KEY).trees].map(([name, entries]) => [name, new Map(entries.map(([key, value]) => [hex(key), hex(value)]))]));
}

/** Sections 4 and 5 of the page. */
function apply(content: Content, increment: Content): void {
  for (const [name, entry] of increment.get("trees") ?? []) {
    const tree = Buffer.from(name, "hex").toString();
    const bytes = Buffer.from(entry, "hex");
    const number = bytes.readUInt32LE(1);
    if (bytes[0] === 0) {
      content.delete(tree);
      continue;
    }
    const entries = content.get(tree) ?? new Map<string, string>();
    content.set(tree, entries);
    for (const [key, value] of increment.get(`put ${number}`) ?? []) entries.set(key, value);
    for (const key of increment.get(`delete ${number}`)?.keys() ?? []) entries.delete(key);
  }
}

/** File id, and the first 16 bytes of the root's tag, are checked against the next file's head. */
function headOf(increment: Content): Buffer {
  return Buffer.from(increment.get("increment")?.get(hex(new TextEncoder().encode("head"))) ?? "", "hex");
}

it("a chain applied by the words of its specification gives what the engine restores", async () => {
  const volume = new MemoryVolume();
  const store = Store.open({ path: "/live", volume, encryptionKey: KEY });
  const paths = ["/full", "/one", "/two", "/three"];
  for (const [round, path] of paths.entries()) {
    const transaction = store.beginWrite();
    for (let index = 0; index < 300; index += 1) transaction.tree(`tree ${index % 3}`).put(seededBytes(round * 50 + index, 6), seededBytes(round + index, 40));
    transaction.tree("large").put(Uint8Array.of(round), seededBytes(round, 9000));
    for (let index = 0; index < 100; index += 1) transaction.tree("tree 0").delete(seededBytes(round * 50 + index * 3, 6));
    if (round === 2) transaction.dropTree("tree 1");
    transaction.commit();
    await store.backup({ path, ...(round === 0 ? {} : { since: paths.slice(0, round) }) });
  }
  store.close();
  await Store.restore({ from: paths, path: "/restored", volume, encryptionKey: KEY });

  const files = paths.map((path) => volume.readFile(path));
  const live = volume.readFile("/live").subarray(40, 56);
  const content = read(files[0] as Uint8Array);
  for (const [index, file] of files.entries()) {
    expect(hex(file.subarray(88, 104))).toBe(hex(live));
    if (index === 0) continue;
    const increment = read(file);
    const head = headOf(increment);
    expect(head.readUInt32LE(0)).toBe(1);
    expect(head.readUInt32LE(4)).toBe(index);
    expect(hex(head.subarray(8, 24))).toBe(hex((files[0] as Uint8Array).subarray(40, 56)));
    expect(hex(head.subarray(40, 56))).toBe(hex((files[index - 1] as Uint8Array).subarray(40, 56)));
    apply(content, increment);
  }
  expect(content).toEqual(read(volume.readFile("/restored")));
  expect([...content.keys()].toSorted()).toEqual(["large", "tree 0", "tree 1", "tree 2"]);
});
