/**
 * The binding of Node, Bun and Deno: every capability, over the file system and child processes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { arch, cpus, platform as system, tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Store } from "@holdfast/storage-engine";
import type { ClockAccess, FileAccess, RealmPlatform, VerifyAccess } from "../platform.ts";
import type { RealmConstructor } from "../realm-api.ts";
import { createNodeProcesses } from "./node-processes.ts";
import { ownRuntime } from "./server-runtimes.ts";

/** The module whose default export is the Realm under test. */
export const DEFAULT_IMPLEMENTATION = "@holdfast/realm";

/**
 * Makes the Node platform.
 *
 * @param implementation - A package name or a file URL; child processes import the same one.
 */
export async function createNodePlatform(implementation: string = DEFAULT_IMPLEMENTATION): Promise<RealmPlatform> {
  const { default: Realm } = (await import(implementation)) as { default: RealmConstructor };
  const processes = createNodeProcesses({ implementation });
  const folders: string[] = [];
  return {
    name: "Node",
    description: `${ownRuntime()}, ${system()} ${arch()}, ${cpus().length} cores`,
    Realm,
    temporaryFolder() {
      const folder = fs.mkdtempSync(join(tmpdir(), "holdfast-conformance-"));
      folders.push(folder);
      return folder;
    },
    join,
    sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    inspect: (value) => inspect(value, { depth: 8, showHidden: true, maxArrayLength: 1000, maxStringLength: 100_000 }),
    async cleanUp() {
      await processes.endAll();
      for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
    },
    files,
    processes,
    verify,
    clocks,
  };
}

const files: FileAccess = {
  readBytes: (path) => new Uint8Array(fs.readFileSync(path)),
  writeBytes: (path, bytes) => fs.writeFileSync(path, bytes),
  isPresent: (path) => fs.existsSync(path),
  listFiles(folder) {
    return fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  },
  hash: (path) => createHash("sha256").update(fs.readFileSync(path)).digest("hex"),
};

const verify: VerifyAccess = {
  verify(path, encryptionKey) {
    const store = Store.open({ path, create: false, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    try {
      return problemsOf(store.verify());
    } finally {
      store.close();
    }
  },
};

/** The engine's report, as one sentence per problem. */
function problemsOf(report: { readonly problems: readonly unknown[] }): string[] {
  return report.problems.map((problem) => (typeof problem === "string" ? problem : JSON.stringify(problem)));
}

const clocks: ClockAccess = {
  wallMs: () => Number(process.hrtime.bigint()) / 1e6,
  threadCpuMs() {
    const { user, system: kernel } = process.threadCpuUsage();
    return (user + kernel) / 1000;
  },
};
