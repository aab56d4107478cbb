import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import Realm, { DeferredAnchor, FileAnchor, MemoryAnchor } from "../src/index.ts";
import type { AnchorSource, FreshnessOptions } from "../src/index.ts";
import { forEachMode, TEST_KEY } from "./support/modes.ts";

const schema: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "id", properties: { id: "int", text: "string" } }];

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

class Entry implements AnchorSource {
  text: string | undefined;
  failure: Error | undefined;
  read = (): Promise<string | undefined> => Promise.resolve(this.text);
  write = (text: string): Promise<void> => {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.text = text;
    return Promise.resolve();
  };
  remove = (): Promise<void> => {
    this.text = undefined;
    return Promise.resolve();
  };
}

forEachMode((mode) => {
  const configFor = (freshness: FreshnessOptions): Realm.Configuration => mode.config({ schema, freshness });
  const write = (freshness: FreshnessOptions, id: number): void => {
    const realm = new Realm(configFor(freshness));
    realm.write(() => realm.create("Note", { id, text: `note ${id}` }));
    realm.close();
  };

  it("an older copy of the realm's file is ROLLED_BACK until it is accepted", () => {
    const anchor = new FileAnchor({ path: join(dirname(mode.path()), "anchor") });
    write({ anchor }, 1);
    const copy = mode.path("copy.realm");
    copyFileSync(mode.path(), copy);
    write({ anchor }, 2);
    copyFileSync(copy, mode.path());
    expect(codeOf(() => new Realm(configFor({ anchor })))).toBe("ROLLED_BACK");
    expect(readFileSync(mode.path()).equals(readFileSync(copy))).toBe(true);
    expect(codeOf(() => new Realm(configFor({ anchor })))).toBe("ROLLED_BACK");
    const realm = new Realm(configFor({ anchor, accept: "restored" }));
    expect(realm.objects("Note").length).toBe(1);
    realm.close();
    write({ anchor }, 3);
  });

  it("a missing file is not made anew, a copy under another id is another file, and deleteFile forgets", () => {
    const anchor = new MemoryAnchor();
    write({ anchor }, 1);
    const realm = new Realm(configFor({ anchor }));
    realm.writeCopyTo(mode.config({ path: mode.path("other.realm") }));
    realm.close();
    copyFileSync(mode.path("other.realm"), mode.path());
    expect(codeOf(() => new Realm(configFor({ anchor })))).toBe("FILE_REPLACED");
    rmSync(mode.path());
    expect(codeOf(() => new Realm(configFor({ anchor })))).toBe("FILE_MISSING");
    expect(existsSync(mode.path())).toBe(false);
    Realm.deleteFile(configFor({ anchor }));
    write({ anchor }, 1);
  });

  it("Realm.rekey and compact take the anchor with them", () => {
    const anchor = new MemoryAnchor();
    write({ anchor }, 1);
    const realm = new Realm(configFor({ anchor }));
    expect(realm.compact()).toBe(true);
    realm.close();
    const before = readFileSync(mode.path());
    Realm.rekey(configFor({ anchor }), TEST_KEY.map((byte) => 255 - byte));
    const next = { path: mode.path(), schema, encryptionKey: TEST_KEY.map((byte) => 255 - byte), freshness: { anchor } };
    new Realm(next).close();
    expect(readFileSync(mode.path()).equals(before)).toBe(false);
    Realm.rekey({ ...next }, mode.name === "encrypted" ? TEST_KEY : undefined);
    write({ anchor }, 2);
  });

  it("Realm.open awaits an anchor that is asynchronous", async () => {
    const entry = new Entry();
    const realm = await Realm.open(configFor({ anchor: new DeferredAnchor(entry) }));
    expect(entry.text).toMatch(/^holdfast1:/);
    realm.write(() => realm.create("Note", { id: 1, text: "one" }));
    realm.close();
    const copy = mode.path("copy.realm");
    copyFileSync(mode.path(), copy);
    const anchor = new DeferredAnchor(entry);
    const again = await Realm.open(configFor({ anchor }));
    again.write(() => again.create("Note", { id: 2, text: "two" }));
    again.close();
    await anchor.flush();
    copyFileSync(copy, mode.path());
    await expect(Realm.open(configFor({ anchor: new DeferredAnchor(entry) }))).rejects.toMatchObject({ code: "ROLLED_BACK" });
    expect(codeOf(() => new Realm(configFor({ anchor: new DeferredAnchor(entry) })))).toBe("ANCHOR_FAILED");
  });

  it("Realm.open rejects, and leaves nothing open, when the anchor cannot be written", async () => {
    const entry = new Entry();
    entry.failure = new Error("the key store is locked");
    await expect(Realm.open(configFor({ anchor: new DeferredAnchor(entry) }))).rejects.toMatchObject({ code: "ANCHOR_FAILED" });
    new Realm(mode.config({ schema })).close();
  });

  it("a second instance under an anchor does not join a file that was opened without one", () => {
    const realm = new Realm(mode.config({ schema }));
    expect(codeOf(() => new Realm(configFor({ anchor: new MemoryAnchor() })))).toBe("CONFIGURATION_CONFLICT");
    realm.close();
  });
});

describe("freshness in a configuration", () => {
  it("of another form is refused before any file is touched", () => {
    const path = "/nowhere/at-all/test.realm";
    for (const freshness of [null, 5, {}, { anchor: {} }, { anchor: new MemoryAnchor(), every: "minute" }, { anchor: new MemoryAnchor(), accept: true }]) {
      expect(codeOf(() => new Realm({ path, schema, freshness: freshness as never }))).toBe("TYPE_MISMATCH");
    }
    expect(codeOf(() => new Realm({ path, schema, inMemory: true, freshness: { anchor: new MemoryAnchor() } }))).toBe("CONFIGURATION_INVALID");
    expect(existsSync("/nowhere")).toBe(false);
  });
});
