/**
 * `freshness` of a realm's configuration: the anchor that finds an older copy of the whole file.
 *
 * @module
 */
import type { FreshnessAnchor, FreshnessOptions } from "@holdfast/storage-engine";
import { RealmError, TypeAssertionError } from "./errors.ts";

/** Checks the field's form; touches neither file nor anchor. */
export function checkFreshness(value: unknown, config: { readonly inMemory?: boolean }): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) throw new TypeAssertionError("an object", value, "freshness").onConfiguration();
  const { anchor, every, accept } = value as Partial<Record<keyof FreshnessOptions, unknown>>;
  const methods = anchor as Partial<Record<keyof FreshnessAnchor, unknown>> | null | undefined;
  const isAnchor = typeof methods?.read === "function" && typeof methods.write === "function" && typeof methods.remove === "function";
  if (!isAnchor) throw new TypeAssertionError("an anchor with read, write and remove", anchor, "freshness.anchor").onConfiguration();
  if (every !== undefined && every !== "checkpoint" && every !== "commit") throw new TypeAssertionError('"checkpoint" or "commit"', every, "freshness.every").onConfiguration();
  if (accept !== undefined && accept !== "restored") throw new TypeAssertionError('"restored"', accept, "freshness.accept").onConfiguration();
  if (config.inMemory === true) throw new RealmError("CONFIGURATION_INVALID", "An in-memory realm has no file that could be put back: leave 'freshness' out.");
}

/** The anchor of a configuration, if it answers asynchronously. */
export function asynchronousAnchor(config: unknown): FreshnessAnchor | undefined {
  const anchor = (config as { freshness?: { anchor?: FreshnessAnchor } } | null | undefined)?.freshness?.anchor;
  return typeof anchor?.load === "function" || typeof anchor?.flush === "function" ? anchor : undefined;
}

/** Loads the anchor, opens, and waits until the anchor is written. A realm whose anchor cannot be written is closed again. */
export async function openUnder<T extends { close(): void }>(anchor: FreshnessAnchor, open: () => T): Promise<T> {
  await anchor.load?.();
  const opened = open();
  try {
    await anchor.flush?.();
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}
