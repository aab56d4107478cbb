/**
 * What the engine has on Node alone.
 *
 * @module
 */
export { generateKey } from "@holdfast/core-cipher/node";
export { NodeVolume } from "./volume/node-volume.ts";
