/**
 * The volume of the browser's private file system, over a simulated one: names, refusals, and a stop at every step.
 *
 * @module
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { createPortablePlatform, setPlatform, Store } from "../../src/index.ts";
import { openRoot } from "../../src/volume/opfs-errors.ts";
import { OpfsVolume } from "../../src/volume/opfs-volume.ts";
import { FakeOpfs, type Stop } from "./fake-opfs.ts";

const PATH = "/app/a.holdfast";
const KEY = Uint8Array.from({ length: 64 }, (_, i) => i);

function volumeOver(disk: FakeOpfs): OpfsVolume {
  const volume = new OpfsVolume({ openRoot: () => Promise.resolve(disk.root()), newLogBytes: 65_536 });
  setPlatform(createPortablePlatform({ name: "browser", volume, prepare: (paths) => volume.prepare(paths) }));
  return volume;
}

afterEach(() => setPlatform(undefined));

/** Until what was given back is tidied up. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

function put(store: Store, key: number): void {
  const transaction = store.beginWrite();
  transaction.tree("t").put(Uint8Array.of(key), Uint8Array.of(key));
  transaction.commit();
}

function keysOf(store: Store): number[] {
  const snapshot = store.snapshot();
  const tree = snapshot.tree("t");
  const found: number[] = [];
  if (tree !== undefined) {
    const cursor = tree.cursor();
    while (cursor.next()) found.push(cursor.key()[0] as number);
  }
  snapshot.close();
  return found;
}

async function openFiles(disk: FakeOpfs, encryptionKey?: Uint8Array): Promise<Store> {
  const giveBack = await volumeOver(disk).prepare([PATH]);
  try {
    return Store.open({ path: PATH, encryptionKey });
  } finally {
    giveBack();
  }
}

describe("files in a browser", () => {
  it("stand alone under their own names once they are closed", async () => {
    const disk = new FakeOpfs();
    const store = await openFiles(disk);
    put(store, 1);
    expect(disk.paths).toEqual([PATH, `${PATH}.names`, `${PATH}.spare`]);
    store.compact();
    put(store, 2);
    store.close();
    await settle();
    expect(disk.paths).toEqual([PATH]);
    const again = await openFiles(disk);
    expect(keysOf(again)).toEqual([1, 2]);
    again.close();
  });

  it("are refused as FILE_NOT_PREPARED before they are ready, and after they were given back", async () => {
    const disk = new FakeOpfs();
    const volume = volumeOver(disk);
    const refused = expect.objectContaining({ code: "FILE_NOT_PREPARED" });
    expect(() => Store.open({ path: PATH })).toThrow(refused);
    const giveBack = await volume.prepare([PATH]);
    Store.open({ path: PATH }).close();
    giveBack();
    giveBack();
    Store.open({ path: PATH }).close();
    await settle();
    expect(() => Store.open({ path: PATH })).toThrow(refused);
  });

  it("stay ready as long as one is open, or one of several holds them", async () => {
    const disk = new FakeOpfs();
    const volume = volumeOver(disk);
    const [one, two] = [await volume.prepare([PATH]), await volume.prepare([PATH])];
    one();
    await settle();
    const store = Store.open({ path: PATH });
    two();
    await settle();
    put(store, 1);
    store.close();
    await settle();
    expect(disk.paths).toEqual([PATH]);
  });

  it("that another worker has are refused as STORE_LOCKED, with nothing held", async () => {
    const disk = new FakeOpfs();
    const store = await openFiles(disk);
    const other = volumeOver(disk);
    await expect(other.prepare(["/b", PATH])).rejects.toMatchObject({ code: "STORE_LOCKED", message: expect.stringMatching(/^Encrypted interprocess sharing/) });
    store.close();
    await settle();
    expect(disk.paths).toEqual([PATH]);
  });

  it("are full where a write came to less, and fail where it says absurdly much", async () => {
    const disk = new FakeOpfs();
    const root = disk.root();
    const handle = await (await root.getFileHandle("x", { create: true })).createSyncAccessHandle?.();
    if (handle === undefined) throw new Error("no handle");
    const { OpfsBody } = await import("../../src/volume/opfs-pair.ts");
    for (const [count, code] of [[0, "ENOSPC"], [2, "ENOSPC"], [4_294_967_288, "EIO"]] as const) {
      const body = new OpfsBody("x", { ...handle, write: () => count }, () => undefined);
      expect(() => body.write(0, Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code }));
      expect(body.sizeBytes).toBe(0);
    }
  });

  it("that the user has cleared away are noticed right after the first write of a while", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      const disk = new FakeOpfs();
      const store = await openFiles(disk);
      put(store, 1);
      await vi.advanceTimersByTimeAsync(1000);
      disk.clear();
      // This one goes with everything else.
      put(store, 2);
      await vi.advanceTimersByTimeAsync(1);
      expect(() => store.beginWrite()).toThrow(expect.objectContaining({ code: "STORAGE_CLEARED" }));
      store.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("that are full are DISK_FULL", async () => {
    const disk = new FakeOpfs();
    const { OpfsBody } = await import("../../src/volume/opfs-pair.ts");
    const handle = await (await disk.root().getFileHandle("x", { create: true })).createSyncAccessHandle?.();
    if (handle === undefined) throw new Error("no handle");
    const full = (): never => {
      throw Object.assign(new Error("full"), { name: "QuotaExceededError" });
    };
    const body = new OpfsBody("x", { ...handle, write: full }, () => undefined);
    expect(() => body.write(0, Uint8Array.of(1))).toThrow(expect.objectContaining({ code: "ENOSPC" }));
  });
});

describe("a stop at any step leaves every commit that returned", () => {
  /** What had returned when the steps ended. `OPFS_STEP=1` stops at each of them. */
  interface Progress {
    returned: number[];
    keyAfter: Uint8Array | undefined;
    keyMaybe: Uint8Array | undefined;
  }

  async function work(disk: FakeOpfs, progress: Progress): Promise<void> {
    let store = await openFiles(disk);
    const commit = (key: number): void => {
      put(store, key);
      progress.returned.push(key);
    };
    commit(1);
    store.compact();
    commit(2);
    store.compact();
    commit(3);
    store.close();
    await settle();
    store = await openFiles(disk);
    commit(4);
    progress.keyMaybe = KEY;
    store.rekey(KEY);
    progress.keyAfter = KEY;
    commit(5);
    store.close();
    await settle();
  }

  /** A database that lies in its spare file, since its worker ended before it could be put in order. */
  async function untidied(stop: Stop): Promise<Map<string, Uint8Array>> {
    const disk = new FakeOpfs();
    put(await openFiles(disk), 1);
    return disk.after(stop);
  }

  /** Goes on with one. */
  async function goOn(disk: FakeOpfs, progress: Progress): Promise<void> {
    const store = await openFiles(disk);
    store.compact();
    put(store, 2);
    progress.returned.push(2);
    store.compact();
    store.close();
    await settle();
  }

  async function stopAtSteps(stop: Stop, run: typeof work, start: () => Promise<{ files: Map<string, Uint8Array>; returned: number[] }>): Promise<void> {
    const { files, returned } = await start();
    const whole = new FakeOpfs(files);
    await run(whole, { returned: [...returned], keyAfter: undefined, keyMaybe: undefined });
    const every = Number(process.env["OPFS_STEP"] ?? 31);
    let stopped = 0;
    for (let steps = Math.floor(Math.random() * every); steps < whole.steps; steps += every) {
      const disk = new FakeOpfs(files, steps);
      const progress: Progress = { returned: [...returned], keyAfter: undefined, keyMaybe: undefined };
      await run(disk, progress).catch(() => undefined);
      if (disk.hasStopped) stopped += 1;
      const found = await reopened(disk.after(stop), progress);
      expect(found.slice(0, progress.returned.length), `stopped after ${steps} steps`).toEqual(progress.returned);
      expect(found.length - progress.returned.length).toBeOneOf([0, 1]);
    }
    expect(stopped).toBeGreaterThan(1);
  }

  it.each(["end", "power"] satisfies Stop[])("(%s)", { timeout: 900_000 }, async (stop) => {
    await stopAtSteps(stop, work, () => Promise.resolve({ files: new Map(), returned: [] }));
  });

  it.each(["end", "power"] satisfies Stop[])("also of one that goes on after a stop (%s)", { timeout: 900_000 }, async (stop) => {
    await stopAtSteps(stop, goOn, async () => ({ files: await untidied(stop), returned: [1] }));
  });

  async function reopened(files: Map<string, Uint8Array>, { keyAfter, keyMaybe }: Progress): Promise<number[]> {
    const keys = keyAfter !== undefined ? [keyAfter] : [undefined, ...(keyMaybe === undefined ? [] : [keyMaybe])];
    for (const [index, key] of keys.entries()) {
      const disk = new FakeOpfs(files);
      try {
        const store = await openFiles(disk, key);
        expect(store.verify().problems).toEqual([]);
        const found = keysOf(store);
        store.close();
        await settle();
        expect(disk.paths).toEqual([PATH]);
        return found;
      } catch (error) {
        if (index === keys.length - 1 || !String((error as { code?: unknown }).code).startsWith("KEY_")) throw error;
      }
    }
    return [];
  }
});

describe("a browser that gives no files says why", () => {
  const storage = { getDirectory: () => Promise.resolve(new FakeOpfs().root()) };
  it.each([
    ["STORAGE_INSECURE", { isSecureContext: false, navigator: { storage } }],
    ["STORAGE_UNSUPPORTED", { isSecureContext: true, navigator: {} }],
    ["STORAGE_UNSUPPORTED", { isSecureContext: true, navigator: { storage: {} } }],
    ["WORKER_NEEDED", { isSecureContext: true, navigator: { storage }, document: {} }],
    ["STORAGE_DENIED", { isSecureContext: true, navigator: { storage: { getDirectory: () => Promise.reject(Object.assign(new Error("no"), { name: "SecurityError" })) } } }],
  ])("%s", async (code, surroundings) => {
    await expect(openRoot(surroundings)).rejects.toMatchObject({ code });
  });
});
