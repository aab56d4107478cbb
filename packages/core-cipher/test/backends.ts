/**
 * All backends under one list: every suite of this package runs over each.
 *
 * @module
 */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { createInjectedSealer, createPortableUnitSeal, portableBackend } from "@holdfast/core-cipher";
import type { CipherBackend, SecretKey, UnitIdentity, UnitSeal } from "@holdfast/core-cipher";
import { browserBackend, createBrowserUnitSeal, loadBrowserHash } from "@holdfast/core-cipher/browser";
import { createNodeUnitSeal, nodeBackend } from "@holdfast/core-cipher/node";
import * as fc from "fast-check";
import { createInjectedBackend } from "../src/injected-backend.ts";

/** What an application hands in: the functions of Node alone. */
const nodeCrypto = { createCipheriv, createHmac, randomBytes };

if (!(await loadBrowserHash())) throw new Error("the hash in WebAssembly was not loaded");

/** Name, primitives and seal of each backend. */
export const BACKENDS: readonly { name: string; backend: CipherBackend; createSeal: (key: SecretKey) => UnitSeal }[] = [
  { name: "node", backend: nodeBackend, createSeal: createNodeUnitSeal },
  { name: "injected", backend: createInjectedBackend(nodeCrypto), createSeal: createInjectedSealer(nodeCrypto) },
  { name: "browser", backend: browserBackend, createSeal: createBrowserUnitSeal },
  { name: "portable", backend: portableBackend, createSeal: (key) => createPortableUnitSeal(key) },
];

/** 64 bytes of 0 to 63: a published test key. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** An identity that tests vary. */
export const TEST_IDENTITY: UnitIdentity = {
  kind: 3,
  fileId: new Uint8Array(16).fill(0xa5),
  place: 41,
  birth: 7,
  context: new Uint8Array(16),
};

/** Seals into an array of exactly the right size. */
export function sealed(seal: UnitSeal, identity: UnitIdentity, plaintext: Uint8Array, iv: Uint8Array): Uint8Array {
  const target = new Uint8Array(plaintext.length + 48);
  seal.seal(identity, plaintext, iv, target, 0);
  return target;
}

/** Runs of one property test. Repeat a run with HOLDFAST_SEED. */
export function seeded(name: string): { seed: number; numRuns: number } {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? randomBytes(4).readInt32LE());
  console.log(`${name}: HOLDFAST_SEED=${seed}`);
  return { seed, numRuns: 100 };
}

/** Any identity that a unit can have. */
export const anyIdentity: fc.Arbitrary<UnitIdentity> = fc.record({
  kind: fc.integer({ min: 1, max: 0xffff }),
  fileId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  place: fc.maxSafeNat(),
  birth: fc.maxSafeNat(),
  context: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

/** Plaintexts: short ones, and ones around the sizes of pages and of the scratch of the Node backend. */
export const anyPlaintext: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(4_096, 8_192, 16_240, 16_241, 65_536, 261_968, 262_000, 262_001, 300_000), fc.nat(255))
      .map(([size, fill]) => new Uint8Array(size).map((_, index) => (fill + index * 31) & 255)),
  },
);
