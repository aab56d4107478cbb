/**
 * The suites in a browser: runs in a dedicated worker, over the origin private file system.
 *
 * @module
 */
import { loadBrowserHash } from "@holdfast/core-cipher/browser";
import Realm from "@holdfast/realm";
import { createPortablePlatform, currentPlatform, setPlatform, Store } from "@holdfast/storage-engine";
import type { FileStatus } from "@holdfast/storage-engine";
import type { FileAccess, RealmPlatform } from "../platform.ts";
import type { RealmConstructor } from "../realm-api.ts";
import { runSuite, type Form, type SuiteResult } from "../suite.ts";
import { SUITES } from "../suites/index.ts";
import { noteUnits } from "./noted-cipher.ts";
import { MISSING, PooledVolume } from "./pooled-volume.ts";
import { show } from "./show.ts";

const POOL = Array.from({ length: 12 }, (_, index) => `/pool/file-${String(index).padStart(2, "0")}`);

/** How a suite is run; as `RunOptions`, in JSON. */
export interface WorkerRunOptions {
  readonly seed: number;
  readonly isLong: boolean;
  readonly checks?: string;
}

let opened: Promise<RealmPlatform> | undefined;

/** Runs one suite in one form. */
export async function runSuiteHere(name: string, form: Form, { seed, isLong, checks }: WorkerRunOptions): Promise<SuiteResult> {
  opened ??= openPlatform();
  const suite = SUITES.find((each) => each.name === name);
  if (suite === undefined) throw new RangeError(`there is no suite "${name}"`);
  return runSuite(suite, form, await opened, { seed, isLong, ...(checks === undefined ? {} : { checks: new RegExp(checks, "u") }) });
}

async function openPlatform(): Promise<RealmPlatform> {
  const platform = currentPlatform();
  await platform.prepare?.([...POOL, MISSING]);
  if (!(await loadBrowserHash())) throw new Error("the cipher does not use WebAssembly, which this page allows");
  const volume = new PooledVolume(platform.volume, POOL);
  // The files are another volume's; the cipher is the browser's own.
  const cipher = noteUnits(platform.createSeal);
  setPlatform(createPortablePlatform({ name: "browser", volume, createSeal: cipher.createSeal }));
  let folders = 0;
  return {
    name: "browser",
    description: "a dedicated worker",
    Realm: Realm as unknown as RealmConstructor,
    temporaryFolder: () => `/folder-${(folders += 1)}`,
    join: (folder, name) => `${folder}/${name}`,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    inspect: (value) => show(value, 8, new Set()),
    cleanUp: () => {
      Realm.shutdown();
      volume.clear();
      return Promise.resolve();
    },
    files: filesOf(volume),
    cipher: cipher.access,
    clocks: {
      wallMs: () => performance.now(),
      threadCpuMs: () => {
        throw new Error("browsers do not tell a thread's processor time");
      },
    },
    verify: {
      verify(path, encryptionKey) {
        const store = Store.open({ path, create: false, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
        try {
          return store.verify().problems.map((problem) => JSON.stringify(problem));
        } finally {
          store.close();
        }
      },
    },
  };
}

function filesOf(volume: PooledVolume): FileAccess {
  const readBytes = (path: string): Uint8Array => {
    const file = volume.open(path, "read");
    try {
      const bytes = new Uint8Array(file.sizeBytes());
      file.read(0, bytes);
      return bytes;
    } finally {
      file.close();
    }
  };
  return {
    readBytes,
    writeBytes(path, bytes) {
      volume.remove(path);
      // An empty file is a missing one here.
      if (bytes.length === 0) return;
      const file = volume.open(`${path}.new-000000000000`, "exclusive");
      file.write(0, bytes);
      file.sync();
      file.close();
      volume.rename(`${path}.new-000000000000`, path);
    },
    isPresent: (path) => volume.stat(path) !== undefined,
    listFiles: (folder) => volume.list(folder).map((name) => `${folder}/${name}`).filter((path) => isFile(volume.stat(path))).toSorted(),
    // The content itself: nothing collides with it.
    hash: (path) => latin1(readBytes(path)),
  };
}

function isFile(status: FileStatus | undefined): boolean {
  return status !== undefined && status.notAFile === undefined;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return text;
}
