/**
 * Verify, salvage, backup and restore as Realm offers them: configurations in, reports out.
 *
 * @module
 */
import { currentPlatform, runInSlices, Store } from "@holdfast/storage-engine";
import type { BackupReport, FileVerifyReport, LongTaskOptions, RestoreReport, SalvageReport, SecretKey } from "@holdfast/storage-engine";
import { checkKey, parseConfiguration } from "../configuration.ts";
import type { Configuration } from "../configuration.ts";
import { RealmError, TypeAssertionError } from "../errors.ts";
import { isModel } from "../opening.ts";
import { absolutePath, hasToPrepare, whenReady } from "../platform/realm-files.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import { endBackground, openFileAt } from "../store/coordinator.ts";
import { openStore, translated } from "../store/open-store.ts";
import { checkContent } from "./check-content.ts";
import type { ContentReport } from "./check-content.ts";
import { repairContent } from "./repair-content.ts";
import type { ContentRepair, GivenSchema } from "./repair-content.ts";
import { linkTreeName, recordTreeName } from "../store/class-table.ts";
import { META_TREE } from "../store/file-session.ts";

/** A key as Realm takes it. */
type KeyBytes = Configuration["encryptionKey"];

/** Which realm to check. */
export interface RealmVerifyOptions extends LongTaskOptions {
  readonly path: string;
  readonly encryptionKey?: KeyBytes;
}

export interface RealmVerifyReport {
  readonly isClean: boolean;
  /** Pages, log, slots: what the engine found. */
  readonly file: FileVerifyReport;
  /** Objects, indexes, links: absent if the file does not open, or a page that the check needs is damaged. */
  readonly content?: ContentReport;
}

/** Which file to bring out, and where to. */
export interface RealmSalvageOptions extends LongTaskOptions {
  /** The damaged realm. */
  readonly from: string;
  readonly encryptionKey?: KeyBytes;
  /** The realm that is made. It must not exist. */
  readonly path: string;
  /** Key of the new realm; that of the damaged one unless said otherwise. */
  readonly newEncryptionKey?: KeyBytes;
  /** For a file whose schema is lost: that of the application which wrote it. */
  readonly schema?: Configuration["schema"];
  readonly schemaVersion?: number;
  /** 16 bytes, for a file whose header and slots are gone. */
  readonly fileId?: Uint8Array;
}

export interface RealmSalvageReport {
  /** `complete`: every object of the newest commit. `nothing`: no file was made. */
  readonly state: "complete" | "partial" | "nothing";
  readonly file: SalvageReport;
  /** Absent if nothing was found. */
  readonly content?: ContentRepair;
}

/** Where a backup of a realm goes. */
export interface RealmBackupOptions extends LongTaskOptions {
  readonly path: string;
  readonly encryptionKey?: KeyBytes;
  readonly since?: readonly string[];
}

/** Which backups a realm is restored from, and where to. */
export interface RealmRestoreOptions extends LongTaskOptions {
  readonly from: readonly string[];
  readonly encryptionKey?: KeyBytes;
  readonly path: string;
  readonly newEncryptionKey?: KeyBytes;
}

export async function verifyRealm(options: RealmVerifyOptions): Promise<RealmVerifyReport> {
  const path = pathOf(options, "path");
  return withReady([path], options, async (key) => {
    const file = await worded(path, Store.verify({ ...taskOf(options), path, ...key }));
    const content = file.opens ? await verifyContent(path, key.encryptionKey, options) : undefined;
    return { isClean: file.isClean && content?.problems.length === 0, file, ...(content === undefined ? {} : { content }) };
  });
}

async function verifyContent(path: string, key: SecretKey | undefined, options: LongTaskOptions): Promise<ContentReport | undefined> {
  const store = openStore({ path, key, readOnly: true });
  try {
    const snapshot = store.snapshot();
    return await runInSlices(checkContent(snapshot), taskOf(options), () => performance.now());
  } catch (error) {
    if ((error as { code?: unknown }).code === "PAGE_DAMAGED") return undefined;
    throw error;
  } finally {
    store.close();
  }
}

export async function salvageRealm(options: RealmSalvageOptions): Promise<RealmSalvageReport> {
  const from = pathOf(options, "from");
  const path = pathOf(options, "path");
  const given = givenSchema(options);
  endBackground(from);
  if (openFileAt(from) !== undefined) throw new RealmError("STORE_IN_USE", `Realm at path '${from}' is open: close it before salvaging it.`);
  let content: ContentRepair | undefined;
  const file = await withReady([from, path], options, (keys) => {
    const salvage = Store.salvage({
      ...taskOf(options),
      ...keys,
      from,
      path,
      fileId: options.fileId,
      *repair(transaction) {
        content = yield* repairContent(transaction, given);
      },
    });
    return worded(from, salvage);
  });
  if (content === undefined) return { state: "nothing", file };
  return { state: isComplete(file, content) ? "complete" : "partial", file, content };
}

/** Indexes and backlinks are written anew from the objects: what was lost of them is not lost. */
function isComplete(file: SalvageReport, { classes }: ContentRepair): boolean {
  if (file.state === "complete") return classes.every(({ unreadable, withMissingParts, orphans }) => unreadable + withMissingParts + orphans === 0);
  if (file.root !== "newest slot" || file.missingCommits !== undefined) return false;
  const trees = new Map(file.trees.map((tree) => [tree.tree, tree]));
  const derived = (name: string): boolean => name.startsWith("index:") || classes.some((entry) => name === linkTreeName(entry.name));
  const isWhole = [...trees.values()].every((tree) => tree.isNamed && (derived(tree.tree) || (tree.lost === 0 && tree.olderRanges.length === 0)));
  // A class without a tree may never have had an object, or its entry in the catalog is what is lost.
  const isNamed = trees.has(META_TREE) && classes.every(({ name }) => trees.has(recordTreeName(name)));
  return isWhole && isNamed && classes.every(({ unreadable, withMissingParts, orphans }) => unreadable + withMissingParts + orphans === 0);
}

function givenSchema({ schema, schemaVersion }: RealmSalvageOptions): GivenSchema | undefined {
  if (schema === undefined) return undefined;
  const parsed = parseConfiguration({ schema, ...(schemaVersion === undefined ? {} : { schemaVersion }) });
  return { classes: parseSchema(schema, isModel), version: parsed.schemaVersion ?? 0 };
}

/** Copies a store that is open. */
export function backupStore(store: Store, options: RealmBackupOptions): Promise<BackupReport> {
  const path = pathOf(options, "path");
  const { since } = options;
  if (since !== undefined && !(Array.isArray(since) && since.every((entry) => typeof entry === "string"))) throw new TypeAssertionError("an array of strings", since, "since");
  const chain: { readonly since?: string[] } = since === undefined ? {} : { since: since.map((entry: string) => absolutePath(entry)) };
  return withReady([path, ...(chain.since ?? [])], options, (keys) => store.backup({ ...taskOf(options), ...keys, ...chain, path, volume: currentPlatform().volume }));
}

export function restoreRealm(options: RealmRestoreOptions): Promise<RestoreReport> {
  const path = pathOf(options, "path");
  const { from } = options;
  if (!(Array.isArray(from) && from.every((entry) => typeof entry === "string"))) throw new TypeAssertionError("an array of strings", from, "from");
  const sources = from.map((entry: string) => absolutePath(entry));
  return withReady([path, ...sources], options, (keys) => Store.restore({ ...taskOf(options), ...keys, from: sources, path }));
}

function pathOf(options: object, field: string): string {
  if (typeof options !== "object" || options === null) throw new TypeAssertionError("an object", options, "options");
  const path = (options as Record<string, unknown>)[field];
  if (typeof path !== "string" || path === "") throw new TypeAssertionError("a path", path, field);
  return absolutePath(path);
}

interface Keys {
  readonly encryptionKey?: SecretKey;
  readonly newEncryptionKey?: SecretKey;
}

/** Checks the keys, then obtains the files, then runs the task. */
function withReady<Result>(paths: readonly string[], given: { encryptionKey?: KeyBytes; newEncryptionKey?: KeyBytes }, run: (keys: Keys) => Promise<Result>): Promise<Result> {
  return withKeys(given, (keys) => (hasToPrepare() ? whenReady(paths, () => run(keys)) : run(keys)));
}

/** Runs a task with copies of the keys that were given, and wipes them when it has ended. */
async function withKeys<Result>(given: { encryptionKey?: KeyBytes; newEncryptionKey?: KeyBytes }, run: (keys: Keys) => Promise<Result>): Promise<Result> {
  const encryptionKey = given.encryptionKey === undefined ? undefined : checkKey(given.encryptionKey);
  const newEncryptionKey = given.newEncryptionKey === undefined ? undefined : checkKey(given.newEncryptionKey);
  try {
    return await run({ ...(encryptionKey === undefined ? {} : { encryptionKey }), ...(newEncryptionKey === undefined ? {} : { newEncryptionKey }) });
  } finally {
    encryptionKey?.wipe();
    newEncryptionKey?.wipe();
  }
}

function taskOf({ onProgress, signal }: LongTaskOptions): LongTaskOptions {
  return { onProgress, signal };
}

/** Words the engine's errors as opening a realm does. */
async function worded<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    return translated(path, () => {
      throw error;
    });
  }
}
