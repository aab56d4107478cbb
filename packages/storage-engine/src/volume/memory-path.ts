/**
 * Paths of volumes in memory: `/` between names, `/` at the start.
 *
 * @module
 */

/** The one spelling of a path: absolute, no `.`, `..` or doubled slash. A relative path starts at `/`. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The directory that a normalized path is in; `/` is in itself. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
