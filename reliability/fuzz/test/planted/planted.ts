/**
 * Where the planted targets are.
 *
 * @module
 */

/** The module of a planted target, as a file URL. */
export function planted(name: string): string {
  return new URL(`${name}.ts`, import.meta.url).href;
}
