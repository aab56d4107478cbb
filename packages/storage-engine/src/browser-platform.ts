/**
 * The platform in browsers.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import { createPortablePlatform } from "./portable-platform.ts";
import type { Platform } from "./platform.ts";
import { createAbsentVolume } from "./volume/absent-volume.ts";

/** What `#platform` stands for here. */
export const defaultPlatform: Platform = createPortablePlatform({
  name: "browser",
  volume: createAbsentVolume(() => new StoreError("PLATFORM_MISSING", "files in browsers are not there yet: use in-memory databases, or setPlatform")),
});
