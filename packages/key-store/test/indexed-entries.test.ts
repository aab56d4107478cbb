import { describe, expect, it } from "vitest";
import { DatabaseKeys, IndexedEntries, INDEX_ENTRY_NAME, MemoryEntries, StringKeyStore, TwoPlaceEntries } from "../src/index.ts";
import type { EntryStore, KeyStoreError, UnlistedEntries } from "../src/index.ts";

const LOSS = { code: "KEY_LOST", sentence: "gone" } as const;
const code = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as KeyStoreError).code,
  );

/** A store that cannot list, as phones' are. */
function unlisted(entries: EntryStore): UnlistedEntries {
  const { get, set, remove, checkOptions } = entries;
  const bound = { get: get.bind(entries), set: set.bind(entries), remove: remove.bind(entries), checkOptions: checkOptions.bind(entries) };
  return { backend: entries.backend, capabilities: entries.capabilities, identity: entries.identity, ...bound };
}

/** Lets so many changes through, then fails every operation, as if the application had been killed. */
function dying(entries: EntryStore, changes: number): UnlistedEntries {
  let left = changes;
  const change = async (action: () => Promise<void>): Promise<void> => {
    if (left <= 0) throw new Error("killed");
    left -= 1;
    await action();
  };
  const get = async (name: string): Promise<string | null> => (left < 0 ? Promise.reject(new Error("killed")) : entries.get(name, {}));
  return { ...unlisted(entries), get, set: (name, text) => change(() => entries.set(name, text, {})), remove: (name) => change(() => entries.remove(name, {})) };
}

describe("an index", () => {
  const setup = (): { raw: MemoryEntries; store: StringKeyStore } => {
    const raw = new MemoryEntries();
    return { raw, store: new StringKeyStore(new IndexedEntries(unlisted(raw), LOSS)) };
  };
  const rawName = async (raw: MemoryEntries): Promise<string> => (await raw.names()).find((name) => name !== INDEX_ENTRY_NAME) as string;

  it("lists what was written and strikes out what was deleted", async () => {
    const { raw, store } = setup();
    await Promise.all(["a", "b", "ключ"].map((name) => store.write(name, name)));
    expect([...(await store.readAll()).entries.keys()].toSorted()).toEqual(["a", "b", "ключ"]);
    await store.delete("a");
    expect([await store.containsKey("a"), await store.containsKey("b")]).toEqual([false, true]);
    await store.deleteAll();
    expect(await raw.names()).toEqual([INDEX_ENTRY_NAME]);
  });

  it("tells a lost entry from one that never was, and lets it be written again", async () => {
    const { raw, store } = setup();
    await store.write("kept", "1");
    await store.write("lost", "1");
    await raw.remove((await raw.names()).at(-1) as string);
    expect([await store.readText("kept"), await code(store.read("lost")), await store.read("never")]).toEqual(["1", "KEY_LOST", null]);
    expect([...(await store.readAll()).damaged]).toEqual(["lost"]);
    await store.write("lost", "2");
    expect(await store.readText("lost")).toBe("2");
  });

  it("an interruption anywhere leaves the entry or none: never a false loss", async () => {
    for (let changes = 0; ; changes += 1) {
      const { raw, store } = setup();
      await store.write("other", "1");
      const died = new StringKeyStore(new IndexedEntries(dying(raw, changes), LOSS));
      const results = await Promise.allSettled([died.write("a", "1").then(() => died.delete("a"))]);
      expect(["1", null]).toContain(await code(store.readText("a")));
      expect(await store.readText("other")).toBe("1");
      expect((await store.readAll()).damaged).toEqual([]);
      if (results[0].status === "fulfilled") return;
    }
  });

  it("that is damaged hides no entry, makes no write fail, and says from then on that it is not complete", async () => {
    const { raw, store } = setup();
    await store.write("old", "1");
    await raw.set(INDEX_ENTRY_NAME, "garbage");
    expect([await store.readText("old"), await store.containsKey("old"), await code(store.readAll())]).toEqual(["1", true, "KEY_CORRUPT"]);
    await store.write("new", "2");
    expect([await store.readText("new"), await code(store.readAll()), await code(store.deleteAll())]).toEqual(["2", "KEY_CORRUPT", "KEY_CORRUPT"]);
    await store.delete("old");
    expect(await store.read("old")).toBeNull();
  });

  it("does not believe a null that the platform gives for other reasons", async () => {
    const raw = new MemoryEntries();
    const locked: UnlistedEntries = { ...unlisted(raw), get: async () => null, assertReadable: async () => Promise.reject(Object.assign(new Error("locked"), { code: "STORE_LOCKED" })) };
    const keys = new DatabaseKeys({ store: new StringKeyStore(new IndexedEntries(locked, LOSS)) });
    expect(await code(keys.getOrCreate({ name: "clinic", databaseExists: false }))).toBe("STORE_LOCKED");
    expect(await raw.names()).toEqual([]);
  });

  it("a key that was lost is KEY_LOST, and is made anew where its database is gone and the application says so", async () => {
    const { raw, store } = setup();
    const keys = new DatabaseKeys({ store });
    const first = await keys.getOrCreate({ name: "clinic", databaseExists: false });
    await raw.remove(await rawName(raw));
    expect(await code(keys.getOrCreate({ name: "clinic", databaseExists: true }))).toBe("KEY_LOST");
    expect(await code(keys.getOrCreate({ name: "clinic", databaseExists: false }))).toBe("KEY_LOST");
    const second = await keys.getOrCreate({ name: "clinic", databaseExists: false, whenDatabaseIsGone: "replace" });
    expect(second).not.toEqual(first);
    expect(await keys.getOrCreate({ name: "clinic", databaseExists: true })).toEqual(second);
  });
});

describe("two places", () => {
  it("an interruption at any step of writing over an entry leaves the old text or the new one", async () => {
    for (let changes = 0; ; changes += 1) {
      const raw = new MemoryEntries();
      const entries = new TwoPlaceEntries(unlisted(raw));
      await entries.set("a", "old");
      const [result] = await Promise.allSettled([new TwoPlaceEntries(deleteThenAdd(raw, changes)).set("a", "new")]);
      expect(["old", "new"]).toContain(await entries.get("a"));
      await entries.set("a", "newest");
      expect([await entries.get("a"), (await raw.names()).length]).toEqual(["newest", 1]);
      if (result.status === "fulfilled") return;
    }
  });

  it("keeps the old text if the new one does not come back", async () => {
    const raw = new MemoryEntries();
    const entries = new TwoPlaceEntries(unlisted(raw));
    await entries.set("a", "old");
    expect(await code(new TwoPlaceEntries({ ...unlisted(raw), set: async () => undefined }).set("a", "new"))).toBe("IO");
    expect(await entries.get("a")).toBe("old");
  });

  it("does not hide a damaged text behind an older one", async () => {
    const raw = new MemoryEntries();
    await raw.set("a_a", "7~old");
    await raw.set("a_b", "garbage");
    const entries = new TwoPlaceEntries(unlisted(raw));
    expect(await entries.get("a")).toBe("garbage");
    await entries.remove("a");
    expect(await raw.names()).toEqual([]);
  });
});

/** What the phones' libraries do: an addition deletes first, and the application may be killed in between. */
function deleteThenAdd(entries: EntryStore, changes: number): UnlistedEntries {
  const steps = dying(entries, changes);
  return {
    ...steps,
    set: async (name, text) => {
      await steps.remove(name, {});
      await steps.set(name, text, {});
    },
  };
}
