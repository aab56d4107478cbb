/**
 * The platform that stores run on: the one that the bundler or the runtime chose (`#platform` in package.json), or one that was set.
 *
 * @module
 */
import { defaultPlatform } from "#platform";
import type { Platform } from "./platform.ts";

let chosen: Platform | undefined;

/** Where files, cipher and random bytes come from when a store is opened without a volume of its own. */
export function currentPlatform(): Platform {
  return chosen ?? defaultPlatform;
}

/**
 * Puts another platform in place, for stores that are opened from now on. For adapters, such as React Native's, and for tests.
 *
 * @param platform - `undefined` brings the default back.
 */
export function setPlatform(platform: Platform | undefined): void {
  chosen = platform;
}
