/**
 * What a database file is, told from its first 16 bytes, and what this process has open.
 *
 * On POSIX systems a process that closes any descriptor of a file loses all its locks on that file. So a file that this process has open
 * through SQLite is never opened a second time for its first bytes: what they were is remembered.
 *
 * @module
 */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";

/** `salt`: the first 16 bytes of an encrypted file, which are not encrypted. */
export type FileState = { readonly kind: "absent" } | { readonly kind: "plain" } | { readonly kind: "sealed"; readonly salt: Buffer };

const PLAIN_HEADER = Buffer.from("SQLite format 3\0", "latin1");
const openHere = new Map<string, { count: number; readonly state: FileState }>();

/** Reads it. Changes nothing. An empty file counts as absent, as for SQLite. */
export function fileState(path: string): FileState {
  if (path === ":memory:") return { kind: "absent" };
  const known = openHere.get(resolve(path));
  return known === undefined ? readState(path) : known.state;
}

/** True if this process has a connection: two copies of SQLite in one process do not see each other's locks. */
export function isOpenHere(path: string): boolean {
  return openHere.has(resolve(path));
}

/** Notes that a connection was opened. @returns What notes that it was closed. */
export function noteOpen(path: string, state: FileState): () => void {
  const name = resolve(path);
  const entry = openHere.get(name) ?? { count: 0, state };
  entry.count++;
  openHere.set(name, entry);
  let isNoted = true;
  return () => {
    if (!isNoted) return;
    isNoted = false;
    entry.count--;
    if (entry.count === 0) openHere.delete(name);
  };
}

/** Where `convertStore` writes before it renames. */
export function workPath(path: string): string {
  return `${path}-converting`;
}

/**
 * Removes what an interrupted conversion has left.
 *
 * @param read - Reads something of the database first: a conversion that runs holds its lock, and keeps its copy.
 */
export function removeLeftovers(path: string, read: () => unknown): void {
  if (!existsSync(workPath(path))) return;
  read();
  for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${workPath(path)}${suffix}`, { force: true });
}

function readState(path: string): FileState {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return { kind: "absent" };
  const head = Buffer.alloc(PLAIN_HEADER.length);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.equals(PLAIN_HEADER) ? { kind: "plain" } : { kind: "sealed", salt: head };
}
