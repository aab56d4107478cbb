/**
 * One thing that is checked for secrets.
 *
 * @module
 */

export interface Check {
  readonly name: string;
  /** True for those of the short run: a few seconds together. */
  readonly isShort?: boolean;
  /** Why it cannot run here; undefined if it can. */
  readonly missing?: () => string | undefined;
  /** Throws if it fails; `say` takes a figure for the report. */
  run(say: (figure: string) => void): void | Promise<void>;
}
