/**
 * All targets, in the order in which they run. A new one needs its file and a line here.
 *
 * @module
 */

/** Names; each stands for the file of that name beside this one, which exports `target`. */
export const TARGETS: readonly string[] = ["query-text", "query-run", "schema", "file-forged", "file-slots", "file-pages", "log-records", "realm-file", "json-import", "key-entry", "sync-wire"];

/** The module of a target, as a file URL. */
export function moduleOf(name: string): string {
  return new URL(`${name}.ts`, import.meta.url).href;
}
