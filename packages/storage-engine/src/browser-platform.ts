/**
 * The platform in browsers: the origin private file system, ciphers in JavaScript and WebAssembly.
 *
 * @module
 */
import { createBrowserUnitSeal, loadBrowserHash } from "@holdfast/core-cipher/browser";
import { createPortablePlatform } from "./portable-platform.ts";
import type { Platform } from "./platform.ts";
import { OpfsVolume } from "./volume/opfs-volume.ts";

const volume = new OpfsVolume();

/** What `#platform` stands for here. */
export const defaultPlatform: Platform = createPortablePlatform({
  name: "browser",
  volume,
  createSeal: createBrowserUnitSeal,
  async prepare(paths) {
    const [giveBack] = await Promise.all([volume.prepare(paths), loadBrowserHash()]);
    return giveBack;
  },
});
