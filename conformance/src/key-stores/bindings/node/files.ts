/**
 * Files of a home: fingerprints and damage.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Memory where there is such a folder: a keyring syncs its whole file at every write. */
const BASE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A new folder for a home, and how to remove it. */
export function temporaryFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(BASE, "holdfast-conformance-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Paths and contents of all files below a folder, as one text; locks are left out, which hold nothing. */
export function snapshotOf(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.parentPath.endsWith("locks"));
  return entries
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => `${path.slice(folder.length)} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`)
    .join("\n");
}
