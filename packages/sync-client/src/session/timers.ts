/**
 * Timers that do not keep a process from ending.
 *
 * @module
 */

/** Calls later. @returns What takes it back. */
export function later(run: () => void, delayMs: number, options: { readonly keepsAlive?: boolean } = {}): () => void {
  const timer = setTimeout(run, delayMs);
  if (options.keepsAlive !== true) (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer);
}
