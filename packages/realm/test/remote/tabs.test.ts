/**
 * Several tabs on one database: one owns the file, the others reach it, another takes over.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import Realm from "../../src/index.ts";
import type { RemoteRealm } from "../../src/client.ts";
import type { ServeOptions } from "../../src/worker.ts";
import { FakeBrowser } from "./fake-tabs.ts";
import { codeOf, Heard, NOTES } from "./support.ts";
import type { Note } from "./support.ts";

/** Ended from the outside: the test holds a transaction open with it. */
let letGo: () => void = () => undefined;
const SERVE: ServeOptions = {
  schema: NOTES,
  procedures: {
    async hold(realm: Realm, _id: number) {
      realm.create<Note>("Note", { _id, title: "held" });
      await new Promise<void>((resolve) => (letGo = resolve));
    },
  },
};
const KEY = new Uint8Array(64).map((_, index) => index);

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
});
afterEach(() => browser.close());

async function add(realm: RemoteRealm, ...ids: number[]): Promise<void> {
  await realm.write(ids.map((_id) => ({ create: "Note", values: { _id, title: `n${_id}` } })));
}

async function idsIn(realm: RemoteRealm): Promise<number[]> {
  return (await realm.objects<Note>("Note").sorted("_id").run()).map(({ _id }) => _id);
}

describe("tabs", () => {
  it("share one database: what one writes the others read and hear of", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE);
    const three = await browser.open(SERVE);
    expect([one.realm.owner, two.realm.owner, three.realm.owner]).toEqual(["this tab", "another tab", "another tab"]);
    const heard = new Heard<Note>();
    await three.realm.objects<Note>("Note").addListener(heard.listener);
    await add(two.realm, 1, 2);
    expect(await idsIn(one.realm)).toEqual([1, 2]);
    await vi.waitFor(() => expect(heard.results?.map(({ _id }) => _id)).toEqual([1, 2]));
    expect(await codeOf(two.realm.write((tx) => tx.create("Note", { _id: 1, title: "again" })))).toBe("OBJECT_EXISTS");
    expect(heard.misfits).toEqual([]);
  });

  it("encrypted, with the key of each tab", async () => {
    const one = await browser.open(SERVE, { encryptionKey: Uint8Array.from(KEY) });
    const two = await browser.open(SERVE, { encryptionKey: Uint8Array.from(KEY) });
    await add(two.realm, 1);
    expect(await codeOf(browser.open(SERVE, { encryptionKey: Uint8Array.from(KEY).reverse() }))).toBe("KEY_DIFFERS");
    expect(await codeOf(browser.open(SERVE))).toBe("KEY_DIFFERS");
    one.kill();
    expect(await idsIn(two.realm)).toEqual([1]);
    expect(two.realm.owner).toBe("this tab");
  });

  it("with another version of the application are refused", async () => {
    await browser.open({ ...SERVE, schemaVersion: 2 });
    expect(await codeOf(browser.open({ ...SERVE, schemaVersion: 3 }))).toBe("CONFIGURATION_CONFLICT");
    expect(await codeOf(browser.open({ ...SERVE, schemaVersion: 1 }))).toBe("CONFIGURATION_CONFLICT");
  });

  it("of an older version get an error as soon as a newer one owns the file, and go on after it", async () => {
    const [one, two] = [await browser.open({ ...SERVE, schemaVersion: 1 }), await browser.open({ ...SERVE, schemaVersion: 1 })];
    one.worker().side.freeze();
    // What a tab with another version would say: its worker had the lock while nobody else asked for it.
    const other = browser.stranger();
    other.send({ kind: "owner", owner: "stranger", since: Date.now() + 1, proof: null, schemaVersion: 2 });
    await vi.waitFor(async () => expect(await codeOf(idsIn(two.realm))).toBe("CONFIGURATION_CONFLICT"));
    expect(two.realm.owner).toBe("nobody");
    other.close();
    one.kill();
    await vi.waitFor(() => expect(two.realm.owner).toBe("this tab"));
    expect(await idsIn(two.realm)).toEqual([]);
  });

  it("without Web Locks the second has its own file handle refused, and says so", async () => {
    browser.close();
    browser = new FakeBrowser({ hasLocks: false });
    const one = await browser.open(SERVE);
    await add(one.realm, 1);
    const taken = (): never => {
      throw Object.assign(new Error("another worker has it"), { code: "STORE_LOCKED" });
    };
    expect(await codeOf(browser.open({ ...SERVE, open: taken }))).toBe("STORE_LOCKED");
  });
});

describe("when the owner goes", () => {
  it("in order, another takes over, and nothing is lost or unknown", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE);
    const writes = Array.from({ length: 20 }, (_, index) => add(two.realm, index));
    await writes[0];
    await one.realm.close();
    await Promise.all(writes);
    expect(await idsIn(two.realm)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(two.realm.owner).toBe("this tab");
  });

  it("suddenly, a write that was under way is COMMIT_UNKNOWN, and reading is asked of the next", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE);
    const three = await browser.open(SERVE);
    await add(two.realm, 1);
    const held = codeOf(two.realm.call("hold", 2));
    await vi.waitFor(() => expect(letGo).not.toBe(undefined));
    const behind = codeOf(two.realm.write((tx) => tx.create("Note", { _id: 3, title: "behind" })));
    const reading = idsIn(two.realm);
    // They are with the owner, which is busy.
    await new Promise((resolve) => setTimeout(resolve, 20));
    one.kill();
    expect([await held, await behind]).toEqual(["COMMIT_UNKNOWN", "COMMIT_UNKNOWN"]);
    expect(await reading).toEqual([1]);
    await add(three.realm, 4);
    expect(await idsIn(two.realm)).toEqual([1, 4]);
    expect([two.realm.owner, three.realm.owner].toSorted()).toEqual(["another tab", "this tab"]);
  });

  it("live queries go on, with a change set from the last state to the new one", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE);
    const three = await browser.open(SERVE);
    const heard = [new Heard<Note>(), new Heard<Note>()];
    await add(one.realm, 1, 2, 3);
    await two.realm.objects<Note>("Note").sorted("_id").addListener((heard[0] as Heard<Note>).listener);
    await three.realm.objects<Note>("Note").sorted("_id", true).window(0, 2).addListener((heard[1] as Heard<Note>).listener);
    const kept = heard[0]?.results?.[0];
    // Frozen, two and three hear nothing of what the owner still does.
    const thaw = [two.page.freeze(), three.page.freeze()];
    const first = (await one.realm.objects<Note>("Note").run()).find(({ _id }) => _id === 2) as Note;
    await one.realm.write((tx) => [tx.delete(first), tx.create("Note", { _id: 3, title: "changed" }, "modified"), tx.create("Note", { _id: 9, title: "new" })]);
    one.kill();
    for (const go of thaw) go();
    await vi.waitFor(() => expect(heard.map(({ results }) => results?.map(({ _id, title }) => `${_id} ${title}`))).toEqual([["1 n1", "3 changed", "9 new"], ["9 new", "3 changed"]]));
    expect(heard[0]?.results?.[0]).toBe(kept);
    await add(two.realm, 10);
    await vi.waitFor(() => expect(heard.map(({ results }) => results?.map(({ _id }) => _id))).toEqual([[1, 3, 9, 10], [10, 9]]));
    expect(heard.flatMap(({ misfits }) => misfits)).toEqual([]);
  });

  it("its own page starts another worker, and goes on through the next owner", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE);
    await add(one.realm, 1);
    const held = codeOf(one.realm.call("hold", 2));
    await new Promise((resolve) => setTimeout(resolve, 20));
    one.worker().terminate();
    expect(await held).toBe("COMMIT_UNKNOWN");
    expect(await idsIn(one.realm)).toEqual([1]);
    expect([one.realm.owner, two.realm.owner]).toEqual(["another tab", "this tab"]);
    await two.realm.close();
    await add(one.realm, 3);
    expect(one.realm.owner).toBe("this tab");
  });

  it("and no other tab is there, its page starts another worker and goes on", async () => {
    const one = await browser.open(SERVE);
    const heard = new Heard<Note>();
    await one.realm.objects<Note>("Note").addListener(heard.listener);
    await add(one.realm, 1);
    const owners: string[] = [];
    one.realm.addListener("owner", (owner) => owners.push(owner));
    one.worker().terminate();
    await vi.waitFor(() => expect(owners).toEqual(["nobody", "this tab"]));
    await add(one.realm, 2);
    await vi.waitFor(() => expect(heard.results?.map(({ _id }) => _id)).toEqual([1, 2]));
    expect(heard.misfits).toEqual([]);
  });
});

describe("a worker", () => {
  it("that was given and not started by a function ends with WORKER_GONE, and what it had not answered is COMMIT_UNKNOWN", async () => {
    const worker = browser.worker(SERVE);
    const { realm } = await browser.open(SERVE, { worker, ownerDeadlineMs: 200 });
    const held = codeOf(realm.call("hold" as never, ...([1] as never)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    worker.terminate();
    expect(await held).toBe("COMMIT_UNKNOWN");
    expect(await codeOf(idsIn(realm))).toBe("WORKER_GONE");
    await realm.close();
  });

  it("whose module does not call serve() is WORKER_GONE", async () => {
    const silent = { postMessage: () => undefined, addEventListener: () => undefined, terminate: () => undefined };
    expect(await codeOf(browser.open(SERVE, { worker: silent }, 50))).toBe("WORKER_GONE");
  });

  it("opens the realm as the application says, and passes on what that throws", async () => {
    const paths: string[] = [];
    const open = async (path: string): Promise<Realm> => {
      paths.push(path);
      return Realm.open({ path, schema: NOTES, encryptionKey: KEY });
    };
    const { realm } = await browser.open({ ...SERVE, open });
    await add(realm, 1);
    await realm.close();
    expect(paths).toEqual([realm.path]);
    expect(() => new Realm({ path: realm.path })).toThrow(expect.objectContaining({ code: "KEY_MISSING" }));
    const lost = (): never => {
      throw Object.assign(new Error("no key"), { code: "KEY_LOST" });
    };
    expect(await codeOf(browser.open({ ...SERVE, open: lost }))).toBe("KEY_LOST");
    let realmSeen: Realm | undefined;
    const refused = browser.open({ ...SERVE, open, onOpen: (opened) => { realmSeen = opened; throw new Error("not ready"); } });
    expect(await codeOf(refused)).toBe("not ready");
    expect(realmSeen?.isClosed).toBe(true);
  });

  it("opens the realm again after a commit whose fate the disk did not tell", async () => {
    const opens: Realm[] = [];
    const unknown = (): never => {
      throw Object.assign(new Error("the sync failed"), { code: "COMMIT_UNKNOWN" });
    };
    const { realm } = await browser.open({ ...SERVE, procedures: { unknown }, onOpen: (opened) => opens.push(opened) });
    const heard = new Heard<Note>();
    await realm.objects<Note>("Note").addListener(heard.listener);
    expect(await codeOf(realm.call("unknown"))).toBe("COMMIT_UNKNOWN");
    await add(realm, 1);
    expect(opens.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    await vi.waitFor(() => expect(heard.results?.map(({ _id }) => _id)).toEqual([1]));
  });

  it("waits for a transaction that the application has open in it", async () => {
    let inWorker: Realm | undefined;
    const { realm } = await browser.open({ ...SERVE, onOpen: (opened) => (inWorker = opened) });
    let finish: () => void = () => undefined;
    const own = inWorker?.writeAsync(async () => {
      inWorker?.create<Note>("Note", { _id: 1, title: "own" });
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await vi.waitFor(() => expect(inWorker?.isInTransaction).toBe(true));
    const write = add(realm, 2);
    await new Promise((resolve) => setTimeout(resolve, 10));
    finish();
    await Promise.all([own, write]);
    expect(await idsIn(realm)).toEqual([1, 2]);
  });
});

describe("an owner that is frozen in the background", () => {
  it("is given up after the deadline: reading is OWNER_SILENT, a write COMMIT_UNKNOWN, and what was not begun by then never is", async () => {
    const one = await browser.open(SERVE);
    const two = await browser.open(SERVE, { ownerDeadlineMs: 120 });
    const heard = new Heard<Note>();
    await two.realm.objects<Note>("Note").addListener(heard.listener);
    await add(two.realm, 1);
    const thaw = one.worker().side.freeze();
    expect(await Promise.all([codeOf(idsIn(two.realm)), codeOf(add(two.realm, 2))])).toEqual(["OWNER_SILENT", "COMMIT_UNKNOWN"]);
    expect(await codeOf(browser.open(SERVE, { ownerDeadlineMs: 120 }))).toBe("OWNER_SILENT");
    thaw();
    await add(two.realm, 3);
    expect(await idsIn(two.realm)).toEqual([1, 3]);
    await vi.waitFor(() => expect(heard.results?.map(({ _id }) => _id)).toEqual([1, 3]));
  });
});
