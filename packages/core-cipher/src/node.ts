/**
 * Holdfast's cipher on Node: the same seals as the portable entry, by OpenSSL.
 *
 * @module
 */
import { generateKey as generateKeyWith } from "./generate-key.ts";
import { nodeBackend } from "./node-backend.ts";

export { createNodeUnitSeal, nodeBackend } from "./node-backend.ts";

/** Makes a new key: 64 bytes of the kernel's CSPRNG. The caller owns, stores and wipes them. */
export function generateKey(): Uint8Array {
  return generateKeyWith(nodeBackend);
}
