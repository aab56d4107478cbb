import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import Realm from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";
import type { Mode } from "./support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];
interface Note {
  id: number;
  text: string;
}
const run = promisify(execFile);
const child = (mode: Mode, action: string) => {
  const key = mode.config({}).encryptionKey as Uint8Array | undefined;
  return run(process.execPath, ["--conditions=@holdfast/source", fileURLToPath(new URL("support/child.ts", import.meta.url)), action, mode.path(), key === undefined ? "" : Buffer.from(key).toString("hex")]);
};
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

forEachMode((mode) => {
  it("[R-7.1] [R-7.3] a results listener hears first of everything, then of insertions, changes and deletions by index", async () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => [1, 2, 3].forEach((id) => realm.create("Note", { id, text: "t" })));
    const heard: unknown[] = [];
    const notes = realm.objects<Note>("Note").filtered("text != 'hidden'").sorted("id");
    const listener: Realm.CollectionChangeCallback = (collection, changes) => void heard.push([collection.length, changes]);
    notes.addListener(listener as never);
    expect(() => notes.addListener(listener as never)).toThrow("Remove callback before adding it again");
    expect(heard).toEqual([]);
    await turn();
    realm.write(() => {
      realm.create("Note", { id: 0, text: "new" });
      realm.create("Note", { id: 2, text: "changed" }, "modified");
      realm.create("Note", { id: 3, text: "hidden" }, "modified");
    });
    await turn();
    realm.write(() => realm.create("Note", { id: 3, text: "hidden" }, "modified"));
    await turn();
    expect(heard).toEqual([
      [3, { insertions: [], deletions: [], newModifications: [], oldModifications: [] }],
      [3, { insertions: [0], deletions: [2], newModifications: [2], oldModifications: [1] }],
    ]);
    notes.removeListener(listener as never);
    realm.write(() => realm.deleteAll());
    await turn();
    expect(heard.length).toBe(2);
  });

  it("[R-7.2] an object listener hears which properties changed and that the object was deleted", async () => {
    const realm = new Realm(mode.config({ schema }));
    const note = realm.write(() => realm.create<Note>("Note", { id: 1, text: "t" }));
    const heard: unknown[] = [];
    note.addListener((_object, changes) => void heard.push(changes));
    await turn();
    realm.write(() => { note.text = "u"; });
    await turn();
    realm.write(() => realm.delete(note));
    await turn();
    expect(heard).toEqual([{ deleted: false, changedProperties: [] }, { deleted: false, changedProperties: ["text"] }, { deleted: true, changedProperties: [] }]);
  });

  it("compacting loses no notification", async () => {
    const realm = new Realm(mode.config({ schema }));
    const heard: number[][] = [];
    realm.objects<Note>("Note").addListener((_notes, changes) => void heard.push(changes.insertions));
    await turn();
    realm.write(() => realm.create("Note", { id: 1, text: "before" }));
    expect(realm.compact()).toBe(true);
    realm.write(() => realm.create("Note", { id: 2, text: "after" }));
    await turn();
    expect(heard).toEqual([[], [0], [1]]);
  });

  it("a realm listener is called after commits, not after a rollback", async () => {
    const realm = new Realm(mode.config({ schema }));
    const heard: string[] = [];
    realm.addListener("change", (_realm, name) => void heard.push(name));
    expect(() => realm.addListener("invalid" as never, () => undefined)).toThrow("Unknown event name 'invalid': only 'change', 'schema' and 'beforenotify' are supported.");
    realm.write(() => realm.create("Note", { id: 1, text: "t" }));
    await turn();
    expect(() => realm.write(() => { throw new Error("no"); })).toThrow("no");
    await turn();
    expect(heard).toEqual(["change"]);
  });

  it("[R-7.1] a listener hears of another process's commit, and sees its objects", async () => {
    const realm = new Realm(mode.config({ schema }));
    const notes = realm.objects<Note>("Note");
    const heard = new Promise<number[]>((resolve) => {
      notes.addListener((_notes, changes) => {
        if (changes.insertions.length > 0) resolve(changes.insertions);
      });
    });
    await turn();
    await child(mode, "write");
    expect(await heard).toEqual([0]);
    expect(notes[0]!.text).toBe("from the child");
  });

  it("after another process migrated the file, the older schema gets a clear error and keeps its old view", async () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("Note", { id: 1, text: "kept" }));
    await child(mode, "migrate");
    for (const attempt of [() => realm.refresh(), () => realm.write(() => undefined)]) expect(attempt).toThrow(/was given another schema by another process \(schema version 0 here, 1 in the file\)/);
    expect(realm.objects<Note>("Note")[0]!.text).toBe("kept");
    expect(realm.isInTransaction).toBe(false);
    realm.close();
    expect(() => new Realm(mode.config({ schema }))).toThrow("Provided schema version 0 is less than last set version 1.");
  });
});

it("an in-memory realm is shared by its path and gone when the last instance closes", () => {
  const config: Realm.Configuration = { path: "memory.realm", inMemory: true, schema };
  const first = new Realm(config);
  const second = new Realm(config);
  first.write(() => first.create("Note", { id: 1, text: "t" }));
  expect(second.objects("Note").length).toBe(1);
  expect(() => new Realm({ path: "memory.realm", schema })).toThrow("already opened with different inMemory settings.");
  first.close();
  expect(second.objects("Note").length).toBe(1);
  second.close();
  expect(new Realm(config).objects("Note").length).toBe(0);
  expect(Realm.exists("memory.realm")).toBe(false);
  Realm.shutdown();
});
