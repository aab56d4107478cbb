/**
 * The platform on Node, Bun and Deno: OpenSSL, zlib, the file system.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { createNodeUnitSeal, generateKey } from "@holdfast/core-cipher/node";
import type { Platform } from "./platform.ts";
import { nodeFiles } from "./volume/node-files.ts";
import { NodeVolume } from "./volume/node-volume.ts";

export const nodePlatform: Platform = {
  name: "Node",
  volume: new NodeVolume(),
  files: nodeFiles,
  createSeal: createNodeUnitSeal,
  crc32: (bytes, seed) => crc32(bytes, seed),
  generateKey,
};

/** What `#platform` stands for here. */
export const defaultPlatform: Platform = nodePlatform;
