/**
 * What the SDK asks of files, on Node.
 *
 * @module
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { PlatformFiles } from "../platform.ts";

export const nodeFiles: PlatformFiles = {
  absolutePath(path) {
    const absolute = resolve(path);
    if (existsSync(absolute)) return realpathSync(absolute);
    const folder = dirname(absolute);
    return existsSync(folder) ? join(realpathSync(folder), basename(absolute)) : absolute;
  },
  makeParentFolder: (path) => void mkdirSync(dirname(path), { recursive: true }),
  hasParentFolder: (path) => existsSync(dirname(path)),
  isThere: (path) => existsSync(path),
  sizeOf: (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
  firstBytes(path, count) {
    const file = openSync(path, "r");
    try {
      const bytes = new Uint8Array(count);
      return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
    } finally {
      closeSync(file);
    }
  },
  removeAll: (path) => rmSync(path, { force: true, recursive: true }),
};
