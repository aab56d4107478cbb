import { describe, expect, it } from "vitest";
import { encodeName, KeyStoreError, MAX_VALUE_BYTES, MemoryEntries, MemoryKeyStore } from "../src/index.ts";
import type { EntryStore } from "../src/index.ts";

const store = (): MemoryKeyStore => new MemoryKeyStore();
const code = (error: unknown): string => (error as KeyStoreError).code;
const rejected = async (promise: Promise<unknown>): Promise<string> => promise.then(() => "resolved", code);

describe("a key store", () => {
  it("writes, reads, overwrites and deletes", async () => {
    const keys = store();
    expect(await keys.read("a")).toBeNull();
    await keys.write("a", Uint8Array.of(1, 2, 3));
    expect(await keys.read("a")).toEqual(Uint8Array.of(1, 2, 3));
    await keys.write("a", "text");
    expect(await keys.readText("a")).toBe("text");
    expect(await keys.containsKey("a")).toBe(true);
    await keys.write("a", null);
    expect(await keys.containsKey("a")).toBe(false);
    await keys.delete("a");
  });

  it("keeps an empty value apart from none", async () => {
    const keys = store();
    await keys.write("empty", "");
    expect(await keys.readText("empty")).toBe("");
    expect(await keys.read("empty")).toEqual(new Uint8Array());
  });

  it("creates only what is not there", async () => {
    const keys = store();
    expect(await keys.create("a", "first")).toBe(true);
    expect(await keys.create("a", "second")).toBe(false);
    expect(await keys.readText("a")).toBe("first");
  });

  it("gives back any bytes as fresh copies", async () => {
    const keys = store();
    for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(255), Uint8Array.of(0xc3, 0x28, 0, 0x80), crypto.getRandomValues(new Uint8Array(MAX_VALUE_BYTES))]) {
      await keys.write("bytes", bytes);
      const read = await keys.read("bytes");
      expect(read).toEqual(bytes);
      read?.fill(7);
      expect(await keys.read("bytes")).toEqual(bytes);
    }
    const own = Uint8Array.of(1, 2, 3);
    await keys.write("own", own);
    own.fill(9);
    expect(await keys.read("own")).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("tells every two names apart", async () => {
    const keys = store();
    const names = ["a", "A", "a.", "a/b", "ab", "a b", "a\\b", "..", "ключ", "🔑", "é", "e\u0301", '"', ":", "%", "x".repeat(255)];
    for (const name of names) await keys.write(name, name);
    for (const name of names) expect(await keys.readText(name)).toBe(name);
    expect([...(await keys.readAll()).entries.keys()].toSorted()).toEqual(names.toSorted());
  });

  it.each([
    ["an empty name", ""],
    ["a name with a NUL", "a\0b"],
    ["half a surrogate pair", "a\ud800"],
    ["256 characters", "x".repeat(256)],
    ["a number", 7 as never],
  ])("refuses %s", async (_what, name) => {
    expect(await rejected(store().write(name, "value"))).toBe("NAME_INVALID");
    expect(await rejected(store().read(name))).toBe("NAME_INVALID");
  });

  it("refuses values that are too large or no values", async () => {
    expect(await rejected(store().write("a", new Uint8Array(MAX_VALUE_BYTES + 1)))).toBe("VALUE_TOO_LARGE");
    expect(await rejected(store().write("a", "é".repeat(501)))).toBe("VALUE_TOO_LARGE");
    expect(await rejected(store().write("a", 5 as never))).toBe("UNSUPPORTED_OPTION");
    expect(await rejected(store().write("a", "\udc00"))).toBe("UNSUPPORTED_OPTION");
  });

  it("refuses options that it does not have", async () => {
    expect(await rejected(store().write("a", "b", { accessibility: "unlocked" } as never))).toBe("UNSUPPORTED_OPTION");
  });

  it("reports damaged entries by name, keeps them, and shows the others", async () => {
    const entries = new MemoryEntries();
    const keys = new MemoryKeyStore(entries);
    await keys.write("good", "value");
    await keys.write("bad", "value");
    const [encoded] = (await entries.names()).slice(1) as [string];
    const text = (await entries.get(encoded)) as string;
    for (const damaged of [text.slice(0, -1), `${text}A`, text.replace("v1.", "v2."), text.replace(/.(?=\.)/u, (c) => (c === "A" ? "B" : "A")), "garbage", "..."]) {
      await entries.set(encoded, damaged);
      expect(await rejected(keys.read("bad"))).toBe("KEY_CORRUPT");
      const all = await keys.readAll();
      expect([[...all.entries.keys()], all.damaged]).toEqual([["good"], ["bad"]]);
      expect(await entries.get(encoded)).toBe(damaged);
    }
  });

  it("leaves foreign entries alone", async () => {
    const entries = new MemoryEntries();
    await entries.set("Not-Ours", "foreign");
    const keys = new MemoryKeyStore(entries);
    await keys.write("ours", "value");
    expect([...(await keys.readAll()).entries.keys()]).toEqual(["ours"]);
    await keys.deleteAll();
    expect(await entries.names()).toEqual(["Not-Ours"]);
  });

  it("finds out a store that lies about writing", async () => {
    const lying: EntryStore = Object.assign(new MemoryEntries(), { set: async () => undefined, create: async () => true });
    expect(await rejected(new MemoryKeyStore(lying).write("a", "b"))).toBe("IO");
    expect(await rejected(new MemoryKeyStore(lying).create("a", "b"))).toBe("IO");
  });

  it("tells listeners of its own changes, with copies", async () => {
    const keys = store();
    const heard: (string | null)[] = [];
    const end = keys.addListener("a", (value) => {
      heard.push(value === null ? null : new TextDecoder().decode(value));
      value?.fill(0);
    });
    keys.addListener("a", (value) => heard.push(value === null ? null : new TextDecoder().decode(value)));
    await keys.write("a", "one");
    await keys.write("b", "other");
    end();
    await keys.delete("a");
    expect(heard).toEqual(["one", "one", null]);
  });

  it("refuses use after dispose, and an aborted signal before it asks the store", async () => {
    const keys = store();
    expect(await keys.write("a", "b", { signal: AbortSignal.abort(new Error("stopped")) }).then(() => "", String)).toBe("Error: stopped");
    expect(await keys.read("a")).toBeNull();
    await keys.dispose();
    expect(await rejected(keys.read("a"))).toBe("STORE_DISPOSED");
    expect(await rejected(keys.exclusively("a", async () => 1))).toBe("STORE_DISPOSED");
  });

  it("runs one action at a time for a name, over all stores with the same entries", async () => {
    const entries = new MemoryEntries();
    const [left, right] = [new MemoryKeyStore(entries), new MemoryKeyStore(entries)];
    let running = 0;
    const action = async (): Promise<void> => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const failing = left.exclusively("x", async () => Promise.reject(new Error("failed")));
    await Promise.allSettled([failing, left.exclusively("x", action), right.exclusively("x", action), left.exclusively("x", action)]);
    expect(running).toBe(0);
  });
});

it("tells listeners of changes by others, where the store tells of them", async () => {
  let announce = (_name: string): void => undefined;
  let watchers = 0;
  const shared = new MemoryEntries();
  const entries: EntryStore = {
    backend: shared.backend,
    capabilities: shared.capabilities,
    identity: shared.identity,
    checkOptions: () => undefined,
    get: (name) => shared.get(name),
    set: (name, text) => shared.set(name, text),
    remove: (name) => shared.remove(name),
    watch(onChange) {
      watchers += 1;
      announce = onChange;
      return () => void (watchers -= 1);
    },
  };
  const keys = new MemoryKeyStore(entries);
  const told: (string | null)[] = [];
  keys.addListener("a", (value) => told.push(value === null ? null : new TextDecoder().decode(value)));
  keys.addListener("b", () => told.push("of another name"));
  expect(watchers).toBe(1);
  const other = new MemoryKeyStore(shared);
  await other.write("a", "theirs");
  announce(encodeName("a"));
  await expect.poll(() => told).toEqual(["theirs"]);
  await shared.set(encodeName("a"), "damaged");
  announce(encodeName("a"));
  announce("not a name of ours");
  await other.delete("a");
  announce(encodeName("a"));
  await expect.poll(() => told).toEqual(["theirs", null]);
  await keys.dispose();
  expect(watchers).toBe(0);
});
