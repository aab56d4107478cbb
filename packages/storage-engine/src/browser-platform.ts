/**
 * The platform in browsers: the origin private file system, ciphers in JavaScript.
 *
 * @module
 */
import { createPortablePlatform } from "./portable-platform.ts";
import type { Platform } from "./platform.ts";
import { OpfsVolume } from "./volume/opfs-volume.ts";

const volume = new OpfsVolume();

/** What `#platform` stands for here. */
export const defaultPlatform: Platform = createPortablePlatform({ name: "browser", volume, prepare: (paths) => volume.prepare(paths) });
