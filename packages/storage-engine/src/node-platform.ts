/**
 * The platform on Node: OpenSSL and zlib.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { createNodeUnitSeal } from "@holdfast/core-cipher/node";
import type { Platform } from "./platform.ts";
import { NodeVolume } from "./volume/node-volume.ts";

export const nodePlatform: Platform = {
  volume: new NodeVolume(),
  createSeal: createNodeUnitSeal,
  crc32: (bytes, seed) => crc32(bytes, seed),
};
