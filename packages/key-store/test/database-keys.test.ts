import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { DatabaseKeys, decodeKeyEntry, encodeKeyEntry, KeyStoreError, MemoryEntries, MemoryKeyStore, passphraseWrap, rawWrap } from "../src/index.ts";

const name = "clinic";
const code = (error: unknown): string => (error as KeyStoreError).code;
const rejected = async (promise: Promise<unknown>): Promise<string> => promise.then(() => "resolved", code);
/** Cheap on purpose: the tests are about the rules, not about the cost. */
const cost = { memoryKib: 8192, iterations: 1, parallelism: 1 };
const passphrase = "correct horse battery";

/** A database as the keys see it: it has a key, or there is none. */
class FakeDatabase {
  key: Uint8Array | undefined;
  readonly check = (key: Uint8Array): boolean => this.key !== undefined && Buffer.compare(key, this.key) === 0;
  readonly rekey = (oldKey: Uint8Array, newKey: Uint8Array): void => {
    if (!this.check(oldKey)) throw new Error("wrong key");
    this.key = newKey.slice();
  };
}

function setup(): { entries: MemoryEntries; keys: DatabaseKeys; texts: () => Promise<Record<string, string | null>> } {
  const entries = new MemoryEntries();
  const keys = new DatabaseKeys({ store: new MemoryKeyStore(entries) });
  const texts = async (): Promise<Record<string, string | null>> => Object.fromEntries(await Promise.all((await entries.names()).map(async (entry) => [entry, await entries.get(entry)])));
  return { entries, keys, texts };
}

describe("getOrCreate", () => {
  it("makes 64 random bytes once, and gives them ever after as fresh copies", async () => {
    const { keys } = setup();
    const first = await keys.getOrCreate({ name, databaseExists: false });
    expect(first.length).toBe(64);
    expect(new Set(first).size).toBeGreaterThan(20);
    const second = await keys.getOrCreate({ name, databaseExists: true });
    expect(second).toEqual(first);
    second.fill(0);
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(first);
    expect(await keys.getOrCreate({ name: "other", databaseExists: false })).not.toEqual(first);
  });

  it("gives 50 callers at once one key, with one write", async () => {
    const { entries, keys } = setup();
    let writes = 0;
    const create = entries.create.bind(entries);
    entries.create = async (...args) => {
      writes += 1;
      return create(...args);
    };
    const all = await Promise.all(Array.from({ length: 50 }, () => keys.getOrCreate({ name, databaseExists: false })));
    expect(new Set(all.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
    expect(writes).toBe(1);
  });

  it("gives two callers one key even where the store has no lock between them", async () => {
    const { entries } = setup();
    const callers = [0, 1].map((caller) => {
      // Another identity: as two processes, which share the entries but no lock.
      const unlocked = new Proxy(entries, {
        get(target, member) {
          const found: unknown = member === "identity" ? `process ${caller}` : Reflect.get(target, member, target);
          return typeof found === "function" ? (found as () => unknown).bind(target) : found;
        },
      });
      return new DatabaseKeys({ store: new MemoryKeyStore(unlocked) });
    });
    const [left, right] = await Promise.all(callers.map((keys) => keys.getOrCreate({ name, databaseExists: false })));
    expect(left).toEqual(right);
  });

  it("never makes a key for a database that exists: KEY_LOST, nothing is written", async () => {
    const { keys, texts } = setup();
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect(await rejected(keys.getOrCreate({ name, databaseExists: async () => true }))).toBe("KEY_LOST");
    expect(await texts()).toEqual({});
  });

  it("asks whether the database exists while nobody else can create the key", async () => {
    const { keys } = setup();
    let exists = false;
    const open = async (): Promise<Uint8Array> => {
      const key = await keys.getOrCreate({ name, databaseExists: () => exists });
      exists = true;
      return key;
    };
    const [left, right] = await Promise.all([open(), open()]);
    expect(left).toEqual(right);
  });

  it("tells a wrong key from a damaged entry, and changes neither", async () => {
    const { entries, keys, texts } = setup();
    await keys.getOrCreate({ name, databaseExists: false });
    const before = await texts();
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true, check: () => false }))).toBe("KEY_MISMATCH");
    expect(await texts()).toEqual(before);
    const [entry] = Object.keys(before) as [string];
    await entries.set(entry, "garbage");
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true, check: () => true }))).toBe("KEY_CORRUPT");
    expect(await rejected(keys.getOrCreate({ name, databaseExists: false }))).toBe("KEY_CORRUPT");
    expect(await entries.get(entry)).toBe("garbage");
  });

  it("reuses a key whose database is gone, or replaces it and its anchor when told to", async () => {
    const { keys } = setup();
    const first = await keys.getOrCreate({ name, databaseExists: false });
    await keys.anchorSource({ name }).write("old");
    expect(await keys.getOrCreate({ name, databaseExists: false })).toEqual(first);
    expect(await keys.getOrCreate({ name, databaseExists: false, whenDatabaseIsGone: "replace" })).not.toEqual(first);
    expect(await keys.anchorSource({ name }).read()).toBeNull();
  });
});

describe("rotate", () => {
  it("changes the key of the database, and leaves one entry", async () => {
    const { keys, texts } = setup();
    const database = new FakeDatabase();
    const before = (database.key = await keys.getOrCreate({ name, databaseExists: false }));
    for (let round = 0; round < 3; round += 1) {
      const after = await keys.rotate({ name, check: database.check, rekey: database.rekey });
      expect(after).not.toEqual(before);
      expect(database.check(after)).toBe(true);
      expect(Object.keys(await texts()).length).toBe(1);
      expect(await keys.getOrCreate({ name, databaseExists: true, check: database.check })).toEqual(after);
    }
  });

  it("interrupted at any step, the database opens with a stored key", async () => {
    for (let stopAt = 1; stopAt < 40; stopAt += 1) {
      const { entries, keys } = setup();
      const database = new FakeDatabase();
      database.key = await keys.getOrCreate({ name, databaseExists: false });
      const dying = interrupted(entries, stopAt);
      const rotation = new DatabaseKeys({ store: new MemoryKeyStore(dying.entries) }).rotate({
        name,
        check: database.check,
        rekey: (oldKey, newKey) => {
          dying.step();
          database.rekey(oldKey, newKey);
          dying.step();
        },
      });
      const isDone = await rotation.then(
        () => true,
        () => false,
      );
      expect(database.check(await keys.getOrCreate({ name, databaseExists: true, check: database.check }))).toBe(true);
      expect((await entries.names()).length).toBe(1);
      if (isDone) return;
    }
    throw new Error("the rotation never came to its end");
  });

  it("keeps both keys if the database was not re-keyed, and says so", async () => {
    const { keys, texts } = setup();
    const database = new FakeDatabase();
    database.key = await keys.getOrCreate({ name, databaseExists: false });
    expect(await rejected(keys.rotate({ name, check: database.check, rekey: () => undefined }))).toBe("KEY_MISMATCH");
    expect(Object.keys(await texts()).length).toBe(2);
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_UNDECIDED");
    expect(await keys.getOrCreate({ name, databaseExists: true, check: database.check })).toEqual(database.key);
  });

  it("a damaged second entry does not hide the key that the database has", async () => {
    const { entries, keys } = setup();
    const database = new FakeDatabase();
    database.key = await keys.getOrCreate({ name, databaseExists: false });
    await rejected(keys.rotate({ name, check: database.check, rekey: () => undefined }));
    for (const entry of await entries.names()) {
      const text = (await entries.get(entry)) as string;
      await entries.set(entry, "garbage");
      const answer = await rejected(keys.read({ name, check: database.check }).then((key) => expect(key).toEqual(database.key)));
      expect(["resolved", "KEY_CORRUPT"]).toContain(answer);
      await entries.set(entry, text);
    }
  });

  it("refuses without a key, and with a key that is not the database's", async () => {
    const { keys } = setup();
    const database = new FakeDatabase();
    expect(await rejected(keys.rotate({ name, check: database.check, rekey: database.rekey }))).toBe("KEY_LOST");
    await keys.getOrCreate({ name, databaseExists: false });
    expect(await rejected(keys.rotate({ name, check: database.check, rekey: database.rekey }))).toBe("KEY_MISMATCH");
  });
});

describe("recovery", () => {
  it("brings a lost key back under its passphrase", async () => {
    const { keys } = setup();
    const key = await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase, cost });
    expect(recovery).toMatch(/^[\w.:~-]+$/u);
    await keys.remove({ name });
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect(await rejected(keys.importRecovery({ name, recovery, passphrase: "another passphrase" }))).toBe("WRAP_REFUSED");
    expect(await rejected(keys.getOrCreate({ name, databaseExists: true }))).toBe("KEY_LOST");
    expect(await keys.importRecovery({ name, recovery: ` ${recovery}\n`, passphrase })).toEqual(key);
    expect(await keys.getOrCreate({ name, databaseExists: true })).toEqual(key);
  });

  it("is bound to its database, shows its damage, and bounds what it asks for", async () => {
    const { keys } = setup();
    await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase, cost });
    expect(await rejected(keys.importRecovery({ name: "other", recovery, passphrase }))).toBe("WRAP_REFUSED");
    for (const damaged of [recovery.slice(0, -1), recovery.slice(1), recovery.replace("k1", "k2"), ""]) {
      expect(await rejected(keys.importRecovery({ name, recovery: damaged, passphrase }))).toBe("KEY_CORRUPT");
    }
    const entry = decodeKeyEntry(recovery);
    const hostile = Buffer.from(entry.wraps[0]?.payload ?? "", "base64url");
    hostile.writeUInt32BE(0x7fff_ffff, 0);
    const asked = encodeKeyEntry({ ...entry, wraps: [{ kind: "pass", payload: hostile.toString("base64url") }] });
    expect(await rejected(keys.importRecovery({ name, recovery: asked, passphrase }))).toBe("KEY_CORRUPT");
    hostile.writeUInt32BE(8193, 0);
    const cheaper = encodeKeyEntry({ ...entry, wraps: [{ kind: "pass", payload: hostile.toString("base64url") }] });
    expect(await rejected(keys.importRecovery({ name, recovery: cheaper, passphrase }))).toBe("WRAP_REFUSED");
    expect(await rejected(keys.exportRecovery({ name, passphrase: "short", cost }))).toBe("WRAP_REFUSED");
  });

  it("does not take the place of another key unless the database says so", async () => {
    const { keys } = setup();
    const lostKey = await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase, cost });
    await keys.remove({ name });
    const other = await keys.getOrCreate({ name, databaseExists: false });
    expect(await rejected(keys.importRecovery({ name, recovery, passphrase }))).toBe("KEY_MISMATCH");
    expect(await keys.read({ name })).toEqual(other);
    expect(await rejected(keys.importRecovery({ name, recovery, passphrase, check: () => false }))).toBe("KEY_MISMATCH");
    const check = (key: Uint8Array): boolean => Buffer.compare(key, lostKey) === 0;
    expect(await keys.importRecovery({ name, recovery, passphrase, check })).toEqual(lostKey);
    expect(await keys.read({ name })).toEqual(lostKey);
  });

  it.each(["KEY_LOST", "AUTH_INVALIDATED"] as const)("takes the place of an entry that the platform can never read again (%s), if the database says that the key is its own", async (answer) => {
    const entries = new MemoryEntries();
    const keys = new DatabaseKeys({ store: new MemoryKeyStore(entries) });
    const key = await keys.getOrCreate({ name, databaseExists: false });
    const recovery = await keys.exportRecovery({ name, passphrase, cost });
    const lost = new Set(await entries.names());
    const unreadable = new Proxy(entries, {
      get(target, member) {
        const found: unknown = Reflect.get(target, member, target);
        if (typeof found !== "function") return found;
        const call = (found as (...values: unknown[]) => unknown).bind(target);
        if (member === "remove") return (entry: string) => (lost.delete(entry), call(entry));
        if (member !== "get") return call;
        return async (entry: string) => (lost.has(entry) ? Promise.reject(new KeyStoreError(answer, "the platform's own key is gone")) : call(entry));
      },
    });
    const after = new DatabaseKeys({ store: new MemoryKeyStore(unreadable) });
    expect(await rejected(after.getOrCreate({ name, databaseExists: true }))).toBe(answer);
    expect(await rejected(after.importRecovery({ name, recovery, passphrase }))).toBe("KEY_MISMATCH");
    expect(await rejected(after.getOrCreate({ name, databaseExists: true }))).toBe(answer);
    const check = (candidate: Uint8Array): boolean => Buffer.compare(candidate, key) === 0;
    expect(await after.importRecovery({ name, recovery, passphrase, check })).toEqual(key);
    expect(await after.getOrCreate({ name, databaseExists: true, check })).toEqual(key);
  });

  it("all argon2id implementations agree", async () => {
    const { script, wasm } = await import("../src/argon2id.ts");
    const [text, salt] = [new TextEncoder().encode(passphrase), new Uint8Array(16).fill(3)];
    expect(await wasm(text, salt, cost)).toEqual(await script(text, salt, cost));
  });
});

describe("wraps", () => {
  it("a key can be kept under a passphrase alone, and moved to another", async () => {
    const store = new MemoryKeyStore();
    const first = new DatabaseKeys({ store, wraps: [passphraseWrap({ passphrase, cost })] });
    const key = await first.getOrCreate({ name, databaseExists: false });
    expect(await rejected(new DatabaseKeys({ store, wraps: [passphraseWrap({ passphrase: "wrong passphrase", cost })] }).read({ name }))).toBe("WRAP_REFUSED");
    expect(await rejected(new DatabaseKeys({ store }).read({ name }))).toBe("WRAP_REFUSED");
    const both = new DatabaseKeys({ store, wraps: [rawWrap, passphraseWrap({ passphrase, cost })] });
    await both.rewrap({ name });
    expect(await new DatabaseKeys({ store }).read({ name })).toEqual(key);
    expect(await first.read({ name })).toEqual(key);
  });
});

describe("the anchor", () => {
  it("is kept under the database's name, the newest one counts, and it goes with the key", async () => {
    const { keys, entries } = setup();
    const anchor = keys.anchorSource({ name });
    expect(await anchor.read()).toBeNull();
    for (const text of ["one", "two", "three"]) {
      await anchor.write(text);
      expect(await anchor.read()).toBe(text);
    }
    expect((await entries.names()).length).toBe(2);
    await keys.remove({ name });
    expect(await anchor.read()).toBeNull();
  });

  it("a write that is cut between deletion and insertion leaves the one before", async () => {
    const { keys, entries } = setup();
    const anchor = keys.anchorSource({ name });
    await anchor.write("one");
    await anchor.write("two");
    const set = entries.set.bind(entries);
    entries.set = async (entry) => {
      await entries.remove(entry);
      throw new Error("killed");
    };
    await expect(anchor.write("three")).rejects.toThrow("killed");
    entries.set = set;
    expect(await anchor.read()).toBe("two");
  });
});

it("no error, inspection or JSON holds a key", async () => {
  const { keys, entries } = setup();
  const key = await keys.getOrCreate({ name, databaseExists: false });
  const [entry] = (await entries.names()) as [string];
  const secrets = [Buffer.from(key).toString("base64url").slice(4, 40), Buffer.from(key).toString("hex").slice(4, 40), [...key.slice(2, 10)].join(","), [...key.slice(2, 10)].join(", ")];
  const shown: string[] = [inspect(keys, { depth: 9, showHidden: true }), JSON.stringify(keys)];
  const text = (await entries.get(entry)) as string;
  const noteError = async (promise: Promise<unknown>): Promise<void> => {
    const error = await promise.then(
      () => new Error("resolved"),
      (reason: unknown) => reason,
    );
    shown.push(inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), String(error));
  };
  await noteError(keys.getOrCreate({ name, databaseExists: true, check: () => false }));
  await entries.set(entry, text.slice(0, -1));
  await noteError(keys.read({ name }));
  await entries.set(entry, text);
  // The entries in memory hold the key, of course: the memory store's own inspection is what must not.
  for (const secret of secrets) for (const one of shown) expect(one).not.toContain(secret);
});

/** The entries of a process that dies at its nth step. */
function interrupted(entries: MemoryEntries, stopAt: number): { entries: MemoryEntries; step: () => void } {
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps >= stopAt) throw new Error("killed");
  };
  const dying = new Proxy(entries, {
    get(target, member) {
      const found: unknown = Reflect.get(target, member, target);
      if (typeof found !== "function" || member === "checkOptions") return found;
      return async (...args: unknown[]) => {
        step();
        return (found as (...values: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { entries: dying, step };
}

describe("adopt", () => {
  it("keeps a key that was made elsewhere; the same one again writes nothing", async () => {
    const { keys, texts } = setup();
    const key = crypto.getRandomValues(new Uint8Array(64));
    await keys.adopt({ name, key });
    expect(await keys.read({ name })).toEqual(key);
    const before = await texts();
    await keys.adopt({ name, key });
    expect(await texts()).toEqual(before);
  });

  it("never puts a key in another one's place, but where the database says that it is its own", async () => {
    const { keys, texts } = setup();
    const stored = await keys.getOrCreate({ name, databaseExists: false });
    const before = await texts();
    const key = crypto.getRandomValues(new Uint8Array(64));
    expect(await rejected(keys.adopt({ name, key }))).toBe("KEY_MISMATCH");
    expect(await rejected(keys.adopt({ name, key, check: () => false }))).toBe("KEY_MISMATCH");
    expect(await rejected(keys.adopt({ name, key: key.subarray(1) }))).toBe("KEY_CORRUPT");
    expect(await texts()).toEqual(before);
    expect(await keys.read({ name })).toEqual(stored);
    await keys.adopt({ name, key, check: (candidate) => Buffer.compare(candidate, key) === 0 });
    expect(await keys.read({ name })).toEqual(key);
  });
});
