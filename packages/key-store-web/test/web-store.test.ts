import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleEntry } from "@holdfast/test-browser";
import { describe, expect, it } from "vitest";
import { chromium, freshHost, isSkipped, PATIENT, rejected, storeTab, tab, titleOf, twoTabs, useChromium } from "./browser.ts";
import { passkeyCases } from "./passkey-cases.ts";

const KEY = /^[0-9a-f]{128}$/u;

describe.skipIf(isSkipped)(titleOf("the web store in Chromium"), () => {
  useChromium({ blockedHosts: ["blocked.localhost"] });

  it.each(["call", "callInWorker"] as const)("keeps entries under a key that no script can export (%s)", async (how) => {
    const page = await tab();
    expect(await page[how]("open")).toEqual({ backend: "indexeddb", persistent: true, hardwareBacked: false, enumerable: true, backupExcluded: false, synchronizable: false, biometrics: false, crossProcessLock: true });
    await page[how]("write", "a", "recognisable");
    await page[how]("write", "A", "");
    expect(await page[how]("createEntry", "a", "other")).toBe(false);
    expect(await page[how]("readAll")).toEqual({ entries: [["A", ""], ["a", "recognisable"]], damaged: [] });
    const [first] = (await page.call("records", "entries")) as string[];
    await page[how]("write", "A", "");
    const records = (await page.call("records", "entries")) as string[];
    // A fresh IV with every write: the same text never gives the same bytes.
    expect(records[0]).not.toBe(first);
    expect(records.join()).not.toContain(Buffer.from("recognisable").toString("hex"));
    const key = { extractable: false, algorithm: { name: "AES-GCM", length: 256 }, usages: ["encrypt", "decrypt"], refusal: "InvalidAccessError" };
    expect(await page.call("records", "keys")).toEqual([{ id: expect.any(String), key }]);
    await page[how]("write", "a", null);
    expect([await page[how]("read", "a"), await page[how]("contains", "a"), await page[how]("contains", "A")]).toEqual([null, false, true]);
    await page[how]("dispose");
    expect(await rejected(page[how]("read", "A"))).toBe("STORE_DISPOSED");
  });

  it("keeps keys over a reload and a restart of the browser; the disk shows the wrapping key's bytes, and no value", async () => {
    const host = freshHost();
    const planted = [...Buffer.from("the bytes of the wrapping key ..")];
    let page = await storeTab(host);
    await page.call("write", "first", "so that there is a wrapping key");
    await page.call("deleteAll");
    await page.call("plantWrappingKey", planted);
    const key = await page.call("databaseKey", "clinic", false);
    expect(key).toMatch(KEY);
    await page.call("write", "text", "a recognisable value");
    await page.reload();
    await page.call("open");
    expect(await page.call("databaseKey", "clinic", true)).toBe(key);
    await chromium().restart();
    page = await storeTab(host);
    expect(await page.call("databaseKey", "clinic", true)).toBe(key);
    expect(await page.call("read", "text")).toBe("a recognisable value");
    // What the README warns of. That the key's bytes are found also shows that the search would find the others.
    const files = filesUnder(join(chromium().profile, "Default/IndexedDB"));
    const holds = (bytes: Buffer): boolean => files.some((path) => readFileSync(path).includes(bytes));
    expect(holds(Buffer.from(planted))).toBe(true);
    expect([holds(Buffer.from("a recognisable value")), holds(Buffer.from(key, "hex")), holds(Buffer.from(Buffer.from(key, "hex").toString("base64url")))]).toEqual([false, false, false]);
  });

  describe("tabs that ask at once", () => {
    const names = Array.from({ length: 10 }, (_, index) => `database ${index}`);

    it("get one key, in windows and workers", async () => {
      const [first, second] = await twoTabs();
      await Promise.all([first.callInWorker("open"), second.callInWorker("open")]);
      const answers = await Promise.all([first.call("databaseKeys", names), first.callInWorker("databaseKeys", names), second.call("databaseKeys", names), second.callInWorker("databaseKeys", names)]);
      expect(answers).toEqual(answers.map(() => answers[0]));
      expect(new Set(answers[0]).size).toBe(names.length);
      expect(await first.call("records", "keys")).toHaveLength(1);
    });

    it("get one key without Web Locks, and the store says that it has none", async () => {
      const pages = await Promise.all([tab(), tab(), tab()]);
      for (const page of pages) await page.call("takeAway", "locks");
      const capabilities = await Promise.all(pages.map((page) => page.call("open")));
      expect(capabilities.map(({ crossProcessLock }) => crossProcessLock)).toEqual([false, false, false]);
      const answers = await Promise.all(pages.map((page) => page.call("databaseKeys", names)));
      expect(answers).toEqual(answers.map(() => answers[0]));
      expect(await pages[0]?.call("records", "keys")).toHaveLength(1);
    });

    it("would get several keys if they read and then wrote: these tests can fail", async () => {
      const pages = await twoTabs();
      // On a busy machine one tab may be done before the other begins; then they did not meet, and try again.
      let answers: string[][] = [];
      for (let round = 0; round < 50 && new Set(answers.map(String)).size < 2; round += 1) {
        answers = await Promise.all(pages.map((page) => page.call("carelessKeys", names.map((name) => `${name}, round ${round}`))));
      }
      expect(answers[0]).not.toEqual(answers[1]);
    });
  });

  it("a tab that is closed while it holds a lock gives it back", async () => {
    const [first, second] = await twoTabs();
    expect(await first.call("holdForEver", "clinic/lock")).toBe("held");
    let isDone = false;
    const turn = second.call("databaseKey", "clinic", false).finally(() => (isDone = true));
    // Another database's key takes as long as the one that waits, and does not wait.
    for (const other of ["one", "two", "three"]) await second.call("databaseKey", other, false);
    expect(isDone).toBe(false);
    await first.close();
    expect(await turn).toMatch(KEY);
  });

  it("tells listeners in other tabs and workers, by the entry's name alone", async () => {
    const [first, second] = await twoTabs();
    await second.callInWorker("open");
    await second.call("listen", "a");
    await second.callInWorker("listen", "a");
    await first.call("write", "a", "one");
    await expect.poll(() => second.call("whatWasHeard"), PATIENT).toEqual(["one"]);
    await first.call("write", "b", "of no interest");
    await first.call("remove", "a");
    await expect.poll(() => second.call("whatWasHeard"), PATIENT).toEqual(["one", null]);
    await expect.poll(() => second.callInWorker("whatWasHeard"), PATIENT).toEqual(["one", null]);
  });

  it("works without BroadcastChannel", async () => {
    const page = await tab();
    await page.call("takeAway", "BroadcastChannel");
    await page.call("open");
    await page.call("listen", "a");
    await page.call("write", "a", "one");
    expect([await page.call("read", "a"), await page.call("whatWasHeard")]).toEqual(["one", ["one"]]);
  });

  describe("what is damaged", () => {
    it("is KEY_CORRUPT wherever a bit is flipped or the record is cut; it is kept, and other entries stay readable", async () => {
      const page = await storeTab();
      await page.call("write", "other", "whole");
      const key = await page.call("databaseKey", "clinic", false);
      const name = "clinic/key0";
      const length = await page.call("recordLength", name);
      for (const flip of [0, 1, 2, 13, 14, length >> 1, length - 16, length - 1]) {
        await page.call("damage", name, { flip });
        expect([flip, await rejected(page.call("databaseKey", "clinic", true))]).toEqual([flip, "KEY_CORRUPT"]);
        expect([flip, await rejected(page.call("databaseKey", "clinic", false))]).toEqual([flip, "KEY_CORRUPT"]);
        expect(await page.call("readAll")).toEqual({ entries: [["other", "whole"]], damaged: [name] });
        await page.call("damage", name, { flip });
        expect([flip, await page.call("databaseKey", "clinic", true)]).toEqual([flip, key]);
      }
      for (const how of [{ cut: 0 }, { cut: 20 }, { put: "text" }, { put: { a: 1 } }, { moveFrom: "other" }, { put: null }]) {
        await page.call("damage", name, how);
        expect([how, await rejected(page.call("databaseKey", "clinic", true))]).toEqual([how, "KEY_CORRUPT"]);
        expect(await page.call("read", "other")).toBe("whole");
      }
      expect(await page.call("contains", name)).toBe(true);
    });

    it.each(["deleted", "garbage"] as const)("a wrapping key that is %s is KEY_LOST, and none is made while there are entries", async (how) => {
      const page = await storeTab();
      await page.call("write", "a", "one");
      await page.call("loseWrappingKey", how);
      const before = [await page.call("records", "keys"), await page.call("records", "entries")];
      const answers = [page.call("read", "a"), page.call("readAll"), page.call("write", "b", "two"), page.call("createEntry", "c", "three"), page.call("databaseKey", "clinic", false)].map(rejected);
      expect(await Promise.all(answers)).toEqual(answers.map(() => "KEY_LOST"));
      expect([await page.call("records", "keys"), await page.call("records", "entries")]).toEqual(before);
      expect([await page.call("contains", "a"), await page.call("read", "none")]).toEqual([true, null]);
      await page.call("deleteAll");
      if (how === "deleted") {
        await page.call("write", "a", "again");
        expect(await page.call("read", "a")).toBe("again");
      }
    });

    it("another wrapping key in its place is KEY_CORRUPT for what it has not sealed", async () => {
      const page = await storeTab();
      await page.call("write", "a", "one");
      await page.call("loseWrappingKey", "another");
      expect(await rejected(page.call("read", "a"))).toBe("KEY_CORRUPT");
      await page.call("write", "b", "two");
      expect(await page.call("readAll")).toEqual({ entries: [["b", "two"]], damaged: ["a"] });
    });
  });

  it("seals again if the wrapping key changed while it sealed: what was written can be read", async () => {
    const page = await storeTab();
    await page.call("write", "before", "gone");
    await page.call("replaceWrappingKeyWhileSealing");
    await page.call("write", "a", "sealed under the present key");
    expect(await page.call("readAll")).toEqual({ entries: [["a", "sealed under the present key"]], damaged: [] });
    await page.call("replaceWrappingKeyWhileSealing");
    expect(await page.call("createEntry", "b", "this, too")).toBe(true);
    expect(await page.call("readAll")).toEqual({ entries: [["b", "this, too"]], damaged: [] });
  });

  it("asks for every write to be on the disk before it returns", async () => {
    const page = await tab();
    await page.call("watchDurability");
    await page.call("open");
    await page.call("databaseKey", "clinic", false);
    await page.call("write", "a", "one");
    await page.call("remove", "a");
    expect(await page.call("seenDurabilities")).toEqual(["strict"]);
  });

  describe("a browser that does not play along", () => {
    it("clears the site's data under an open tab: KEY_LOST for a database that exists, and nothing is sealed under a key that is gone", async () => {
      const host = freshHost();
      const page = await storeTab(host);
      await page.call("databaseKey", "clinic", false);
      await page.command("Storage.clearDataForOrigin", { origin: await page.call("origin"), storageTypes: "all" });
      expect(await rejected(page.call("databaseKey", "clinic", true))).toBe("KEY_LOST");
      expect([await page.call("records", "keys"), await page.call("records", "entries")]).toEqual([[], []]);
      await page.call("write", "a", "after");
      await page.reload();
      await page.call("open");
      expect(await page.call("read", "a")).toBe("after");
    });

    it("another tab deletes the database: the connection makes way", async () => {
      const [first, second] = await twoTabs();
      await first.call("write", "a", "one");
      await second.call("dispose");
      expect(await second.call("deleteDatabase")).toBe("deleted");
      expect(await first.call("read", "a")).toBeNull();
    });

    it.each(["call", "callInWorker"] as const)("refuses an insecure context (%s)", async (how) => {
      const page = await tab("plain.test");
      await expect(page[how]("open")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("https") });
      expect(await rejected(page[how]("createPasskey", { application: "a", user: "u" }))).toBe("STORE_UNAVAILABLE");
    });

    it.each(["call", "callInWorker"] as const)("blocks the site's data in its settings (%s)", async (how) => {
      const page = await tab("blocked.localhost");
      await expect(page[how]("open")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("settings") });
    });

    it("runs the page in a sandbox", async () => {
      const page = await tab(freshHost(), { isSandboxed: true });
      await expect(page.call("open")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("sandbox") });
    });

    it("has no IndexedDB", async () => {
      const page = await tab();
      await page.call("takeAway", "indexedDB");
      await expect(page.call("open")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("IndexedDB") });
    });

    it("has no space left: nothing is written, and it goes on once there is space", async () => {
      const page = await tab(freshHost());
      const origin = await page.call("origin");
      await page.command("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
      await page.call("open");
      await expect(page.call("write", "a", "one")).rejects.toMatchObject({ code: "IO", message: expect.stringContaining("full") });
      expect(await rejected(page.call("databaseKey", "clinic", false))).toBe("IO");
      expect([await page.call("records", "keys"), await page.call("records", "entries")]).toEqual([[], []]);
      await page.command("Storage.overrideQuotaForOrigin", { origin });
      await page.call("write", "a", "one");
      expect(await page.call("read", "a")).toBe("one");
    });

    it("has a database of that name already, somebody else's or a newer release's", async () => {
      const page = await tab();
      await page.call("openForeign", "foreign", 1);
      expect(await rejected(page.call("open", { dbName: "foreign" }))).toBe("UNSUPPORTED_OPTION");
      await page.call("openForeign", "newer", 2);
      await expect(page.call("open", { dbName: "newer" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("newer") });
    });

    it("never answers, because another tab keeps a deletion waiting", async () => {
      const page = await tab();
      expect(await page.call("openBehindDeletion", 300)).toBe("STORE_UNAVAILABLE");
    });
  });

  it("the README's first example gives the same 64 bytes again after a reload", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const example = /^```ts\n(?<source>[\s\S]*?)^```$/mu.exec(readme)?.groups?.["source"] ?? "";
    expect(example).toContain("// 64");
    const path = join(import.meta.dirname, "../node_modules/.readme-example.ts");
    writeFileSync(path, `${example}\nexport const key = (): number[] => [...encryptionKey];\n`);
    const page = await chromium().open<{ key: () => number[] }>({ entry: path, host: freshHost() });
    const key = await page.call("key");
    expect(key).toHaveLength(64);
    await page.reload();
    expect(await page.call("key")).toEqual(key);
    await page.close();
  });

  passkeyCases();

  describe("options", () => {
    it("dbName and publicKey keep stores apart", async () => {
      const page = await tab();
      const stores = [{}, { publicKey: "a" }, { publicKey: "ab" }, { publicKey: "a\0" }, { dbName: "another" }, { dbName: "another", publicKey: "a" }];
      for (const [index, options] of stores.entries()) {
        await page.call("open", options);
        await page.call("write", "name", String(index));
      }
      for (const [index, options] of stores.entries()) {
        await page.call("open", options);
        expect(await page.call("readAll")).toEqual({ entries: [["name", String(index)]], damaged: [] });
      }
      await page.call("open", { publicKey: "a" });
      await page.call("deleteAll");
      expect(await page.call("readAll")).toEqual({ entries: [], damaged: [] });
      await page.call("open", { publicKey: "ab" });
      expect(await page.call("read", "name")).toBe("2");
    });

    it("wrapKey seals a second time: without it, or with another, values are WRAP_REFUSED", async () => {
      const page = await tab();
      const [wrapKey, another] = [Buffer.alloc(32, 1).toString("base64"), Buffer.alloc(32, 2).toString("base64")];
      await page.call("open");
      await page.call("write", "before", "one layer");
      await page.call("open", { wrapKey });
      await page.call("write", "a", "two layers");
      expect([await page.call("read", "a"), await page.call("read", "before")]).toEqual(["two layers", "one layer"]);
      await page.call("open", { wrapKey: another });
      expect(await rejected(page.call("read", "a"))).toBe("WRAP_REFUSED");
      await page.call("open");
      expect(await rejected(page.call("read", "a"))).toBe("WRAP_REFUSED");
      await page.call("damage", "a", { flip: 40 });
      expect(await rejected(page.call("read", "a"))).toBe("KEY_CORRUPT");
    });

    it("what cannot be had is refused, and never ignored", async () => {
      const page = await tab();
      const answers = {
        UNSUPPORTED_OPTION: [{ wrapKeyIv: "AAAA" }, { useSessionStorage: true }, { accessibility: "unlocked" }, { wrapKey: "short" }, { wrapKey: "!" }, { persist: "yes" as never }],
        NAME_INVALID: [{ dbName: "" }, { publicKey: "x".repeat(101) }],
        resolved: [{ useSessionStorage: false }],
      };
      for (const [code, cases] of Object.entries(answers)) for (const options of cases) expect([options, await rejected(page.call("open", options))]).toEqual([options, code]);
      expect(await rejected(page.call("write", "a", "b", { dbName: "other" }))).toBe("UNSUPPORTED_OPTION");
    });

    it("persist asks the browser, and the store works whatever it answers", async () => {
      const page = await tab(freshHost());
      await page.call("open", { persist: true });
      const answer = await page.call("requestPersistence");
      expect(await page.call("persistence")).toBe(answer ? "persistent" : "best-effort");
      await page.call("write", "a", "one");
      await page.command("Browser.grantPermissions", { permissions: ["durableStorage"], origin: await page.call("origin") });
      expect([await page.call("requestPersistence"), await page.call("persistence")]).toEqual([true, "persistent"]);
      await page.callInWorker("open");
      expect(await page.callInWorker("persistence")).toBe("persistent");
      expect(await rejected(page.callInWorker("open", { persist: true }))).toBe("UNSUPPORTED_OPTION");
    });
  });
});

it("a bundle in which a module of Node would be reached is refused: the one above has none", async () => {
  const path = join(tmpdir(), `holdfast-node-entry-${process.pid}.ts`);
  writeFileSync(path, `import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n`);
  await expect(bundleEntry(path)).rejects.toThrow(/node:fs/u);
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
