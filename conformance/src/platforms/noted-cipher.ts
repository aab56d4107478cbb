/**
 * Notes the sizes of the units that a seal opens and seals, so that the cipher can be measured alone.
 *
 * @module
 */
import { SecretKey } from "@holdfast/storage-engine";
import type { UnitIdentity, UnitSeal } from "@holdfast/core-cipher";
import type { CipherAccess } from "../platform.ts";

/** A way of making seals, and what was noted of all of them. */
export interface NotedCipher {
  readonly createSeal: (key: SecretKey) => UnitSeal;
  readonly access: CipherAccess;
}

const IDENTITY: UnitIdentity = { kind: 3, fileId: new Uint8Array(16), place: 1, birth: 1, context: new Uint8Array(16) };
const OVERHEAD_BYTES = 48;

/** Wraps a platform's way of making seals. */
export function noteUnits(createSeal: (key: SecretKey) => UnitSeal): NotedCipher {
  let isNoting = false;
  const [opened, sealedSizes]: [number[], number[]] = [[], []];
  const alone = createSeal(SecretKey.from(new Uint8Array(64).fill(7)));
  const samples = new Map<number, Uint8Array>();
  const sampleOf = (sizeBytes: number): Uint8Array => {
    const known = samples.get(sizeBytes) ?? new Uint8Array(sizeBytes + OVERHEAD_BYTES);
    if (!samples.has(sizeBytes)) {
      alone.seal(IDENTITY, new Uint8Array(sizeBytes), alone.randomBytes(16), known, 0);
      samples.set(sizeBytes, known);
    }
    return known;
  };
  return {
    createSeal(key) {
      const seal = createSeal(key);
      return {
        ...seal,
        open(identity, sealed) {
          if (isNoting) opened.push(sealed.length - OVERHEAD_BYTES);
          return seal.open(identity, sealed);
        },
        seal(identity, plaintext, iv, target, targetOffset) {
          if (isNoting) sealedSizes.push(plaintext.length);
          seal.seal(identity, plaintext, iv, target, targetOffset);
        },
      };
    },
    access: {
      start() {
        opened.length = 0;
        sealedSizes.length = 0;
        isNoting = true;
      },
      unitCount: () => opened.length + sealedSizes.length,
      replayMs() {
        isNoting = false;
        for (const sizeBytes of [...opened, ...sealedSizes]) sampleOf(sizeBytes);
        const iv = alone.randomBytes(16);
        const target = new Uint8Array(Math.max(0, ...samples.keys()) + OVERHEAD_BYTES);
        const before = performance.now();
        for (const sizeBytes of opened) if (alone.open(IDENTITY, sampleOf(sizeBytes)) === undefined) throw new Error("a unit of our own did not open");
        for (const sizeBytes of sealedSizes) alone.seal(IDENTITY, target.subarray(0, sizeBytes), iv, target, 0);
        return performance.now() - before;
      },
    },
  };
}
