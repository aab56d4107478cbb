/**
 * The suites in an application on a phone: one process, Expo's files, the cipher that was handed in. Nothing of Node.
 *
 * docs/examples/device-tests runs it on phones; test/phone-application.test.ts over simulated native modules.
 *
 * @module
 */
import Realm from "@holdfast/realm";
import { createReactNativePlatform, setPlatform } from "@holdfast/react-native";
import type { ReactNativePlatformOptions } from "@holdfast/react-native";
import { currentPlatform, Store } from "@holdfast/storage-engine";
import type { Volume } from "@holdfast/storage-engine";
import type { FileAccess, RealmPlatform } from "../platform.ts";
import type { RealmConstructor } from "../realm-api.ts";
import { runSuite, type SuiteResult } from "../suite.ts";
import { SUITES } from "../suites/index.ts";
import { show } from "./show.ts";

/** Everything the suites make is in here, below the documents folder. */
const FOLDER = "holdfast-suites";

const ONE_PROCESS = "an application is one process; the killed ones run over simulated native modules (conformance/REPORT.md)";
const INAPPLICABLE: Readonly<Record<string, string>> = {
  "copy-and-rekey": ONE_PROCESS,
  "several-processes": ONE_PROCESS,
  "crash-and-reopen": ONE_PROCESS,
  "across-runtimes": ONE_PROCESS,
};

/** What the application hands in; without `crypto` the portable cipher is tried. */
export type PhoneModules = Omit<ReactNativePlatformOptions, "durability">;

/** Which suites, and how. */
export interface PhoneRunOptions {
  readonly modules: PhoneModules;
  readonly description: string;
  readonly seed: number;
  /** Only these suites; all that apply if absent. */
  readonly only?: readonly string[];
  /** Hears of each suite as it ends. */
  readonly onSuite?: (result: SuiteResult) => void;
}

/** Runs every suite that applies, in its brief form; between suites the application's screen has its turn. */
export async function runSuitesInApplication({ modules, description, seed, only, onSuite = () => undefined }: PhoneRunOptions): Promise<SuiteResult[]> {
  const platform = openPlatform(modules, description);
  const results: SuiteResult[] = [];
  try {
    for (const suite of SUITES.filter(({ name }) => only?.includes(name) !== false)) {
      for (const form of suite.forms) {
        const reason = INAPPLICABLE[suite.name] ?? (suite.name === "budget" && modules.crypto === undefined ? "the portable cipher has none" : undefined);
        if (reason === undefined) results.push(await runSuite(suite, form, platform, { seed, isLong: false, isBrief: true }));
        else results.push({ suite: suite.name, form, seed, status: "does not apply", reason, checks: [], figures: [], misses: [] });
        onSuite(results.at(-1) as SuiteResult);
        await platform.sleep(0);
      }
    }
  } finally {
    await platform.cleanUp();
    setPlatform(undefined);
  }
  return results;
}

function openPlatform(modules: PhoneModules, description: string): RealmPlatform {
  const start = (isAccepted: boolean): void => setPlatform(createReactNativePlatform({ ...modules, durability: isAccepted ? "process-death" : "power-loss" }));
  start(true);
  const { volume } = currentPlatform();
  const top = volume.canonicalPath(FOLDER);
  let folders = 0;
  removeAll(volume, top);
  volume.makeDirectory(top);
  return {
    name: "React Native",
    description,
    Realm: Realm as unknown as RealmConstructor,
    temporaryFolder() {
      const folder = `${top}/${(folders += 1)}`;
      volume.makeDirectory(folder);
      return folder;
    },
    join: (folder, name) => `${folder}/${name}`,
    sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    inspect: (value) => show(value, 8, new Set()),
    cleanUp() {
      Realm.shutdown();
      for (const name of volume.list(top)) removeAll(volume, `${top}/${name}`);
      return Promise.resolve();
    },
    files: filesOf(volume),
    durability: { accept: start },
    // Nobody tells a thread's processor time here.
    clocks: { wallMs: () => performance.now(), threadCpuMs: () => 0 },
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

function filesOf(volume: Volume): FileAccess {
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
  const listFiles = (folder: string): string[] =>
    volume
      .list(folder)
      .flatMap((name) => (isFolder(volume, `${folder}/${name}`) ? listFiles(`${folder}/${name}`) : [`${folder}/${name}`]))
      .toSorted();
  return {
    readBytes,
    writeBytes(path, bytes) {
      volume.remove(path);
      const file = volume.open(path, "exclusive");
      file.write(0, bytes);
      file.close();
    },
    isPresent: (path) => volume.stat(path) !== undefined,
    listFiles,
    // The content itself: nothing collides with it.
    hash: (path) => latin1(readBytes(path)),
  };
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return text;
}

function isFolder(volume: Volume, path: string): boolean {
  return volume.stat(path)?.identity.startsWith("folder:") === true;
}

function removeAll(volume: Volume, path: string): void {
  if (!isFolder(volume, path)) return volume.remove(path);
  for (const name of volume.list(path)) removeAll(volume, `${path}/${name}`);
  volume.removeDirectory(path);
}
