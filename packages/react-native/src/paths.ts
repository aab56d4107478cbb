/**
 * Paths and the URIs that the file module wants.
 *
 * The module cannot follow links, so one file must have one spelling here: the two links that phones put into their own
 * paths are known by name, and applications must not make others.
 *
 * @module
 */

/** Links of the systems' own, and what this package calls both. */
const ALIASES: readonly (readonly [link: string, target: string])[] = [
  ["/private/var/", "/var/"],
  ["/data/data/", "/data/user/0/"],
];

/**
 * The one spelling of a path: absolute, no `.`, `..` or doubled slash, no URI.
 *
 * @param path - A path, a `file:` URI, or something relative to `base`.
 */
export function canonicalPath(path: string, base: string): string {
  const plain = pathOf(path);
  const parts: string[] = [];
  for (const part of (plain.startsWith("/") ? plain : `${base}/${plain}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const absolute = `/${parts.join("/")}`;
  for (const [link, target] of ALIASES) if (absolute.startsWith(link)) return target + absolute.slice(link.length);
  return absolute;
}

/** The path of a `file:` URI; anything else as it is. */
export function pathOf(uri: string): string {
  return uri.startsWith("file:") ? decodeURIComponent(uri.replace(/^file:\/*/, "/")) : uri;
}

/** @param path - Absolute. */
export function uriOf(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** The last part of a URI, decoded; a folder's may end with a slash. */
export function nameOf(uri: string): string {
  const path = pathOf(uri).replace(/\/+$/, "");
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder that a canonical path is in; `/` is in itself. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
