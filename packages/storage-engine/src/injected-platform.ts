/**
 * The platform where the application brings its own, as on React Native: in-memory stores work, files wait for `setPlatform`.
 *
 * @module
 */
import { StoreError } from "./errors.ts";
import { createPortablePlatform } from "./portable-platform.ts";
import type { Platform } from "./platform.ts";
import { createAbsentVolume } from "./volume/absent-volume.ts";

/** What `#platform` stands for here. */
export const defaultPlatform: Platform = createPortablePlatform({
  name: "no platform yet",
  volume: createAbsentVolume(() => new StoreError("PLATFORM_MISSING", "no platform was set: call setPlatform with an adapter for this runtime's files before the first database is opened")),
});
