/**
 * The kernel's locks, looked at from outside: file systems without them, stopped processes, children, threads.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";
import { RemoteStore, type RemoteOptions } from "./remote.ts";

const isLinux = process.platform === "linux";
/** Faults are put into the kernel's answers by strace, so that nothing of the engine or of Node is replaced. */
const withoutStrace = !isLinux || spawnSync("strace", ["-V"]).status !== 0;
const THREAD = join(import.meta.dirname, "thread.ts");

describe.each(KINDS)("locks, $name", ({ encryptionKey }) => {
  let folder = "";
  let path = "";
  const remotes: RemoteStore[] = [];
  const key = encryptionKey === undefined ? {} : { key: [...(encryptionKey as Uint8Array)] };

  function remote(options: RemoteOptions = {}): RemoteStore {
    const made = new RemoteStore(options);
    remotes.push(made);
    return made;
  }

  function open(lockTimeoutMs = 100): Store {
    return Store.open({ path, lockTimeoutMs, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-locks-"));
    path = join(folder, "test.holdfast");
  });
  afterEach(async () => {
    for (const each of remotes.splice(0)) await each.kill();
    rmSync(folder, { recursive: true });
  });

  /** Every lock call on the store's files (or on those of one name) answers with an error. */
  function withoutLocks(error: string, on: readonly string[] = [path, `${path}.lock`]): RemoteStore {
    const paths = on.flatMap((each) => ["-P", each]);
    return remote({ wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", ...paths, "-e", "trace=fcntl", "-e", `inject=fcntl:error=${error}`] });
  }

  describe.skipIf(withoutStrace)("a file system without locks", () => {
    it.each(["ENOLCK", "EOPNOTSUPP", "EINVAL", "ENOSYS"])("that says %s: an open is refused, and leaves the files as they were", async (error) => {
      const store = open();
      store.close();
      const child = withoutLocks(error);
      expect(await child.outcome("open", { path, ...key })).toBe("StoreError INTERPROCESS_UNSUPPORTED");
      expect(await child.outcome("open", { path, ...key, options: { readOnly: true } })).toBe("StoreError INTERPROCESS_UNSUPPORTED");
      expect(readdirSync(folder)).toEqual(["test.holdfast"]);
      open().close();
    });

    it("a file whose side file can be locked and which itself cannot: no write begins", async () => {
      open().close();
      const child = withoutLocks("ENOLCK", [path]);
      await child.call("open", { path, ...key });
      expect(await child.outcome("put", { count: 1 })).toBe("StoreError INTERPROCESS_UNSUPPORTED");
      expect(await child.call("read")).toBe(0);
    });

    it("that has them but is out of order (EIO): an error that says so, and is no lock", async () => {
      open().close();
      const child = withoutLocks("EIO");
      expect(await child.outcome("open", { path, ...key })).toBe("StoreError IO_FAILED");
    });
  });

  describe.skipIf(withoutStrace)("a disk whose sync fails", () => {
    it("makes the commit unknown, refuses more, and loses nothing that had been acknowledged", async () => {
      // The first syncs make the file; the sixth is a commit's.
      const child = remote({ wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=4+"] });
      await child.call("open", { path, ...key });
      let acknowledged = 0;
      let outcome = "done";
      while (outcome === "done" && acknowledged < 20) {
        outcome = await child.outcome("put", { from: acknowledged, count: 1 });
        if (outcome === "done") acknowledged += 1;
      }
      expect(outcome).toBe("StoreError COMMIT_UNKNOWN");
      expect(await child.outcome("put", { from: 100, count: 1 })).toBe("StoreError COMMIT_UNKNOWN");
      await child.kill();
      const other = remote();
      await other.call("open", { path, ...key });
      expect(await other.call("read")).toBeOneOf([acknowledged, acknowledged + 1]);
      expect(await other.outcome("put", { from: 200, count: 1 })).toBe("done");
      expect(await other.call("verify")).toMatchObject({ isClean: true });
    });
  });

  describe.skipIf(!isLinux)("a stopped process", () => {
    it("that holds the writer's lock: others get STORE_LOCKED in their time, readers go on, and all is well when it goes on", async () => {
      const child = remote();
      await child.call("open", { path, ...key });
      await child.call("put", { count: 5 });
      await child.call("begin", { from: 5, count: 5 });
      child.process.kill("SIGSTOP");
      const store = open();
      expect(() => store.beginWrite()).toThrow(expect.objectContaining({ name: "StoreError", code: "STORE_LOCKED" }) as Error);
      expect(() => store.verify()).toThrow(expect.objectContaining({ code: "STORE_LOCKED" }) as Error);
      const snapshot = store.snapshot();
      expect(snapshot.tree("data")?.count).toBe(5);
      snapshot.close();
      child.process.kill("SIGCONT");
      await child.call("commit");
      store.beginWrite().abort();
      expectVerified(store);
      store.close();
      expect(await child.call("read")).toBe(10);
    });

    it("at any moment of its opening and closing: others open the file, or hear that it is locked", async () => {
      open().close();
      const random = new SeededRandom(0x5709);
      const child = remote();
      for (let stop = 0; stop < 12; stop += 1) {
        const answers = Promise.all([child.call("open", { path, ...key }), child.call("put", { from: stop, count: 1 }), child.call("close")]);
        await new Promise((resolve) => setTimeout(resolve, random.next() * 12));
        child.process.kill("SIGSTOP");
        let outcome = "opened";
        try {
          const store = open(20);
          try {
            store.beginWrite().abort();
          } finally {
            child.process.kill("SIGCONT");
            store.close();
          }
        } catch (error) {
          outcome = (error as { code: string }).code;
        }
        expect(outcome).toBeOneOf(["opened", "STORE_LOCKED"]);
        child.process.kill("SIGCONT");
        await answers;
      }
      const store = open();
      expectVerified(store);
      store.close();
    });
  });

  describe.skipIf(!isLinux)("a child of a process that has the file open", () => {
    it("inherits no descriptor, and the lock ends with the parent", async () => {
      const code = `
        const { Store } = await import(${JSON.stringify(new URL("../../src/store.ts", import.meta.url).href)});
        const { spawn } = await import("node:child_process");
        const store = Store.open({ path: ${JSON.stringify(path)}${encryptionKey === undefined ? "" : `, encryptionKey: [${[...(encryptionKey as Uint8Array)].join()}]`} });
        store.beginWrite();
        const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
        const forked = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
        process.stdout.write(child.pid + " " + forked.pid + "\\n");
        setInterval(() => {}, 1000);`;
      const parent = spawn(process.execPath, ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "pipe"] });
      const pids = await new Promise<number[]>((resolve, reject) => {
        let errors = "";
        parent.stderr.on("data", (chunk: Uint8Array) => (errors += new TextDecoder().decode(chunk)));
        parent.stdout.once("data", (chunk: Uint8Array) => resolve(new TextDecoder().decode(chunk).trim().split(" ").map(Number)));
        parent.once("close", () => reject(new Error(errors)));
      });
      try {
        const store = open();
        expect(() => store.beginWrite()).toThrow(expect.objectContaining({ code: "STORE_LOCKED" }) as Error);
        const held = pids.flatMap((pid) => readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`)));
        expect(held.filter((target) => target.startsWith(folder))).toEqual([]);
        parent.kill("SIGKILL");
        await new Promise((resolve) => void parent.once("exit", resolve));
        for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
        store.beginWrite().abort();
        store.compact();
        store.close();
      } finally {
        for (const pid of pids) process.kill(pid, "SIGKILL");
      }
    });
  });

  it("threads of one process take turns like processes, and lose no update", async () => {
    const [threads, commits] = [3, 40];
    open().close();
    await Promise.all(
      Array.from({ length: threads }, (_, thread) => {
        const worker = new Worker(THREAD, { workerData: { path, ...key, name: `thread ${thread}`, commits }, execArgv: ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning"] });
        return new Promise<void>((resolve, reject) => {
          worker.once("error", reject);
          worker.once("exit", (exit) => (exit === 0 ? resolve() : reject(new Error(`ended with ${exit}`))));
        });
      }),
    );
    const store = open();
    const snapshot = store.snapshot();
    const count = snapshot.tree("counter")?.get(new TextEncoder().encode("n")) as Uint8Array;
    expect(new DataView(count.buffer, count.byteOffset).getUint32(0, true)).toBe(threads * commits);
    expect(snapshot.tree("data")?.count).toBe(threads * commits);
    snapshot.close();
    expectVerified(store);
    store.close();
    expect(readdirSync(folder)).toEqual(["test.holdfast"]);
  });

  it("two stores of one process on one file take turns, and see each other's commits", () => {
    const [first, second] = [open(), open()];
    for (let round = 0; round < 30; round += 1) {
      const store = round % 2 === 0 ? first : second;
      const transaction = store.beginWrite();
      expect(() => (store === first ? second : first).beginWrite()).toThrow(expect.objectContaining({ code: "STORE_LOCKED" }) as Error);
      transaction.tree("data").put(new TextEncoder().encode(`k${round}`), new Uint8Array(3000).fill(round));
      transaction.commit();
    }
    for (const store of [first, second]) {
      store.refresh();
      const snapshot = store.snapshot();
      expect(snapshot.tree("data")?.count).toBe(30);
      snapshot.close();
      expectVerified(store);
    }
    first.close();
    second.close();
    expect(readdirSync(folder)).toEqual(["test.holdfast"]);
  }, 60_000);
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
