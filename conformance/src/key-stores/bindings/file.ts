/**
 * The file store of key-store-node, in a folder of its own.
 *
 * @module
 */
import { chmodSync, copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { encodeName, keyEntryName } from "@holdfast/key-store";
import { openFileStore } from "@holdfast/key-store-node";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, KeyStoreHome } from "../binding.ts";
import type { CaseContext } from "../case.ts";
import { CHEAP } from "../cases/rules.ts";
import { snapshotOf, temporaryFolder } from "./node/files.ts";
import { openAt, PASSPHRASE } from "./node/openers.ts";
import { nodeOthers } from "./node/others.ts";

const LINE_END = 10;

/** The binding. */
export function fileBinding(): KeyStoreBinding {
  return {
    name: "node: passphrase file",
    kind: "real",
    description: `openFileStore of @holdfast/key-store-node on Node ${process.versions.node}, ${process.platform}`,
    backend: "passphrase-file",
    simulated: [44],
    openHome: async () => fileHome(),
    ownCases: { 47: passphrasesAndParameters, 48: modesAndLinks },
  };
}

function fileHome(): KeyStoreHome {
  const { folder, remove } = temporaryFolder();
  const pathOf = (namespace: string, name: string): string => entryPath(join(folder, namespace), name);
  return {
    open: (namespace) => openAt({ kind: "file", folder }, namespace),
    restart: async () => undefined,
    cleanUp: async () => remove(),
    others: nodeOthers({ kind: "file", folder }),
    raw: {
      snapshot: async () => snapshotOf(folder),
      async alter(namespace, name, change) {
        const path = pathOf(namespace, name);
        const bytes = readFileSync(path);
        // The first line is the entry's name, for lists; what is sealed stands behind it.
        const end = bytes.indexOf(LINE_END) + 1;
        writeFileSync(path, Buffer.concat([bytes.subarray(0, end), change(Uint8Array.from(bytes.subarray(end)))]));
      },
    },
    async plantForeign(namespace) {
      const path = join(folder, namespace, "foreign.txt");
      writeFileSync(path, "text");
      return async () => readFileSync(path, "utf8") === "text";
    },
    async restoreWithoutKeys() {
      for (const namespace of readdirSync(folder)) rmSync(join(folder, namespace), { recursive: true });
    },
    damages: [
      { title: "the folder is gone", codes: ["KEY_LOST"], apply: async () => eachNamespace(folder, (path) => rmSync(path, { recursive: true })) },
      { title: "the parameters are cut", codes: ["KEY_CORRUPT"], apply: async () => eachNamespace(folder, (path) => writeFileSync(join(path, "store"), readFileSync(join(path, "store")).subarray(0, 20))) },
      { title: "the parameters are gone, the entry is not", codes: ["KEY_CORRUPT"], apply: async () => eachNamespace(folder, (path) => rmSync(join(path, "store"))) },
    ],
    loseWrites: async () => loseWrites(),
  };
}

function eachNamespace(folder: string, damage: (path: string) => void): void {
  for (const namespace of readdirSync(folder)) damage(join(folder, namespace));
}

/** The file of an entry: found by its first line. */
function entryPath(folder: string, name: string): string {
  for (const file of readdirSync(folder)) if (file.endsWith(".entry") && readFileSync(join(folder, file), "latin1").startsWith(`${encodeName(name)}\n`)) return join(folder, file);
  throw new Error("there is no file of this entry");
}

/** A file system that says "renamed" and "linked" and does neither. */
function loseWrites(): () => void {
  const changeable = fs as unknown as { renameSync: typeof renameSync; linkSync: typeof linkSync };
  const before = { renameSync, linkSync };
  const builtin = process.getBuiltinModule("node:fs") as unknown as typeof changeable;
  builtin.renameSync = () => undefined;
  builtin.linkSync = () => undefined;
  syncBuiltinESMExports();
  return () => {
    Object.assign(builtin, before);
    syncBuiltinESMExports();
  };
}

async function passphrasesAndParameters({ open, keysOf, home, namespace, note }: CaseContext): Promise<void> {
  const keys = keysOf(await open());
  await keys.getOrCreate({ name: "clinic", databaseExists: false });
  const { folder, remove } = temporaryFolder();
  try {
    const place = join(folder, "store");
    const store = await openFileStore({ folder: place, passphrase: PASSPHRASE, cost: CHEAP });
    await store.write("a", "1");
    await claimRefused("another passphrase", () => openFileStore({ folder: place, passphrase: "another passphrase" }), { codes: ["WRAP_REFUSED"] });
    const parameters = readFileSync(join(place, "store"), "utf8");
    const hostile = [parameters.replace("8192-", "4194304-"), parameters.replace("8192-1-1", "8192-255-255"), parameters.slice(0, -2), "", parameters.replace("f1.", "f9.")];
    for (const text of hostile) {
      writeFileSync(join(place, "store"), text);
      const startedMs = performance.now();
      await claimRefused("altered parameters", () => openFileStore({ folder: place, passphrase: PASSPHRASE }), { codes: ["KEY_CORRUPT"] });
      claim(performance.now() - startedMs < 5000, "altered parameters were tried");
    }
    writeFileSync(join(place, "store"), parameters);
    claimEqual(await (await openFileStore({ folder: place, passphrase: PASSPHRASE })).readText("a"), "1", "the entry once the parameters are back");
    note("4 GiB and 255 passes were refused before argon2id began");
  } finally {
    remove();
  }
  const recovery = await keys.exportRecovery({ name: "clinic", passphrase: PASSPHRASE, cost: CHEAP });
  await home.raw?.alter(namespace, keyEntryName("clinic"), (bytes) => bytes.subarray(1));
  await claimRefused("an altered entry under the right passphrase", () => keys.read({ name: "clinic" }), { codes: ["KEY_CORRUPT"] });
  await claimRefused("recovery with another passphrase", () => keys.importRecovery({ name: "clinic", recovery, passphrase: "another passphrase" }), { codes: ["WRAP_REFUSED"] });
}

async function modesAndLinks({ note }: CaseContext): Promise<void> {
  const { folder, remove } = temporaryFolder();
  try {
    const place = join(folder, "store");
    const open = (): ReturnType<typeof openFileStore> => openFileStore({ folder: place, passphrase: PASSPHRASE, cost: CHEAP });
    const store = await open();
    await store.write("a", "1");
    claimEqual(statSync(place).mode & 0o777, 0o700, "the folder's mode");
    for (const name of readdirSync(place)) if (statSync(join(place, name)).isFile()) claimEqual(statSync(join(place, name)).mode & 0o777, 0o600, `the mode of a file`);
    const path = entryPath(place, "a");
    chmodSync(path, 0o640);
    await claimRefused("an entry that the group may read", () => store.read("a"), { codes: ["IO"] });
    chmodSync(path, 0o600);
    copyFileSync(path, join(folder, "elsewhere"));
    chmodSync(join(folder, "elsewhere"), 0o600);
    rmSync(path);
    symlinkSync(join(folder, "elsewhere"), path);
    await claimRefused("an entry behind a link", () => store.read("a"), { codes: ["IO"] });
    rmSync(path);
    // Root may write everywhere: a file where the folder should be stands for a folder that cannot be written.
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "");
    await claimRefused("a store where a file is", () => openFileStore({ folder: blocked, passphrase: PASSPHRASE, cost: CHEAP }), { codes: ["IO"] });
    if (process.getuid?.() === 0) {
      note("run as root, who may write into any folder: a file in the folder's place was tried instead of a read-only folder");
      return;
    }
    mkdirSync(join(folder, "read-only"), { mode: 0o500 });
    await claimRefused("a store in a read-only folder", () => openFileStore({ folder: join(folder, "read-only"), passphrase: PASSPHRASE, cost: CHEAP }), { codes: ["IO"] });
  } finally {
    remove();
  }
}
