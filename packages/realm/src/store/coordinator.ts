/**
 * The files that are open in this process: all instances of one file share one session.
 *
 * @module
 */
import { StoreError } from "@holdfast/storage-engine";
import type { SecretKey } from "@holdfast/storage-engine";
import { RealmError } from "../errors.ts";
import type { FileSession } from "./file-session.ts";

/** What the instances of one file share. */
export interface OpenFile {
  readonly path: string;
  readonly session: FileSession;
  /** For comparison with that of a second instance; wiped with the last one. */
  readonly key: SecretKey | undefined;
  readonly inMemory: boolean;
  readonly readOnly: boolean;
  /** True if the file was opened under a freshness anchor. */
  readonly hasAnchor: boolean;
  /** True if the file was opened to be synced. */
  readonly isSynced: boolean;
  readonly instances: Set<Instance>;
  schemaVersion: number;
  stopListening: () => void;
}

/** One Realm instance, as the coordinator sees it. */
export interface Instance {
  advanced(): void;
  /** Lets go of snapshots for a while. */
  pause(): void;
  resume(): void;
  /** The session's classes have other properties now. */
  schemaChanged(): void;
  /** That is in the file. */
  schemaCommitted(): void;
  close(): void;
}

const files = new Map<string, OpenFile>();

/** The open file at a path, if it is open. */
export function openFileAt(path: string): OpenFile | undefined {
  return files.get(path);
}

/** All open files. */
export function allOpenFiles(): OpenFile[] {
  return [...files.values()];
}

/** Registers a session, and listens for other processes' commits. */
export function registerFile(file: Omit<OpenFile, "stopListening" | "instances">): OpenFile {
  const open: OpenFile = { ...file, instances: new Set(), stopListening: () => undefined };
  file.session.onAdvance = () => {
    for (const instance of open.instances) instance.advanced();
  };
  file.session.onSchema = (isCommitted) => {
    for (const instance of open.instances) {
      if (isCommitted) instance.schemaCommitted();
      else instance.schemaChanged();
    }
  };
  open.stopListening = file.session.store.onForeignCommit(() => {
    try {
      file.session.refresh();
    } catch (error) {
      // The next refresh or write of the application gets this error; from a notice there is nobody to throw it at.
      if (!(error instanceof StoreError) && (error as { code?: string }).code !== "SCHEMA_CHANGED") throw error;
    }
  });
  files.set(file.path, open);
  return open;
}

/** Takes an instance out; the last one closes the file, unless what keeps it in step has something left to do. */
export function leaveFile(file: OpenFile, instance: Instance): void {
  file.instances.delete(instance);
  if (file.instances.size > 0) return;
  let stays = false;
  try {
    // Nobody is left who could commit it.
    if (file.session.isInTransaction) file.session.abort();
    stays = file.session.replicator?.left(() => endBackground(file.path)) === true;
  } finally {
    if (!stays) closeFile(file);
  }
}

/** Closes a file that no instance has open any more. What is in the background gives way to whoever wants the file itself. */
export function endBackground(path: string): void {
  const file = files.get(path);
  if (file?.instances.size === 0) closeFile(file);
}

function closeFile(file: OpenFile): void {
  file.session.replicator?.closing();
  file.stopListening();
  files.delete(file.path);
  file.key?.wipe();
  file.session.close();
}

/** Refuses a second instance that does not fit the first. */
export function checkJoin(file: OpenFile, wanted: { key: SecretKey | undefined; inMemory: boolean; readOnly: boolean; hasAnchor: boolean; isSynced: boolean; schemaVersion: number | undefined }): void {
  const fail = (code: "KEY_DIFFERS" | "CONFIGURATION_CONFLICT", reason: string): never => {
    throw new RealmError(code, `Realm at path '${file.path}' already opened with ${reason}`);
  };
  if (file.inMemory !== wanted.inMemory) fail("CONFIGURATION_CONFLICT", "different inMemory settings.");
  const isSameKey = file.key === undefined || wanted.key === undefined ? file.key === wanted.key : file.key.equals(wanted.key);
  if (!isSameKey) fail("KEY_DIFFERS", "a different encryption key.");
  if (file.readOnly !== wanted.readOnly) fail("CONFIGURATION_CONFLICT", "different read permissions.");
  if (file.isSynced !== wanted.isSynced) fail("CONFIGURATION_CONFLICT", "different sync configurations.");
  if (wanted.hasAnchor && !file.hasAnchor) fail("CONFIGURATION_CONFLICT", "no freshness anchor.");
  if (wanted.schemaVersion !== undefined && wanted.schemaVersion !== file.schemaVersion) fail("CONFIGURATION_CONFLICT", "different schema version.");
}
