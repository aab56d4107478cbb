import { createHmac } from "node:crypto";
import { SecretKey, constantTimeEquals } from "@holdfast/core-cipher";
import type { UnitIdentity, UnitSeal } from "@holdfast/core-cipher";
import { nodeBackend } from "@holdfast/core-cipher/node";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKENDS, anyIdentity, anyPlaintext, seeded, sealed } from "./backends.ts";
import { hex } from "./vectors.ts";

const anyKey = fc.uint8Array({ minLength: 64, maxLength: 64 });
const anyIv = fc.uint8Array({ minLength: 16, maxLength: 16 });

function sealsOf(key: Uint8Array): [UnitSeal, UnitSeal] {
  const [first, second] = BACKENDS.map(({ createSeal }) => createSeal(SecretKey.from(key)));
  if (first === undefined || second === undefined) throw new Error("expected two backends");
  return [first, second];
}

/** The block as docs/format/sealed-unit.md draws it, written with the functions of Node that the package does not use. */
function blockOf(identity: UnitIdentity, plaintextBytes: number): Uint8Array {
  const block = Buffer.alloc(64);
  block.write("HOLDFAST", 0, "latin1");
  block.writeUInt16LE(1, 8);
  block.writeUInt16LE(identity.kind, 10);
  block.writeUInt32LE(plaintextBytes, 12);
  block.set(identity.fileId, 16);
  block.writeBigUInt64LE(BigInt(identity.place), 32);
  block.writeBigUInt64LE(BigInt(identity.birth), 40);
  block.set(identity.context, 48);
  return block;
}

it("both backends seal to the same bytes and open each other's units", () => {
  fc.assert(
    fc.property(anyKey, anyIdentity, anyIv, anyPlaintext, (key, identity, iv, plaintext) => {
      const [node, portable] = sealsOf(key);
      const unit = sealed(node, identity, plaintext, iv);
      expect(Buffer.compare(unit, sealed(portable, identity, plaintext, iv))).toBe(0);
      expect(Buffer.compare(portable.open(identity, unit) ?? new Uint8Array(0), plaintext)).toBe(0);
      expect(Buffer.compare(node.open(identity, unit) ?? new Uint8Array(0), plaintext)).toBe(0);
    }),
    seeded("both backends agree on units"),
  );
});

it("both backends compute the same key check", () => {
  fc.assert(
    fc.property(anyKey, anyIv, (key, fileId) => {
      const [node, portable] = sealsOf(key);
      expect(hex(node.keyCheck(fileId))).toBe(hex(portable.keyCheck(fileId)));
    }),
    seeded("both backends agree on key checks"),
  );
});

it("both backends agree on the primitives for keys and messages of any length", () => {
  const [node, portable] = BACKENDS.map(({ backend }) => backend);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), fc.uint8Array({ maxLength: 300 }), anyKey, anyIv, (macKey, message, key, iv) => {
      expect(node && hex(node.hmacSha256(macKey, message))).toBe(portable && hex(portable.hmacSha256(macKey, message)));
      const aesKey = key.subarray(0, 32);
      expect(node && hex(node.aesCtr(aesKey, iv, message))).toBe(portable && hex(portable.aesCtr(aesKey, iv, message)));
    }),
    seeded("both backends agree on primitives"),
  );
});

describe.each(BACKENDS)("$name backend", ({ createSeal }) => {
  it("writes the tag that createHmac computes over block, IV and ciphertext", () => {
    fc.assert(
      fc.property(anyKey, anyIdentity, anyIv, anyPlaintext, (key, identity, iv, plaintext) => {
        const unit = sealed(createSeal(SecretKey.from(key)), identity, plaintext, iv);
        const covered = unit.subarray(0, unit.length - 32);
        const expected = createHmac("sha256", key.subarray(32)).update(blockOf(identity, plaintext.length)).update(covered).digest();
        expect(hex(unit.subarray(unit.length - 32))).toBe(hex(expected));
      }),
      seeded("tag equals createHmac"),
    );
  });

  it("one seal used for many units of changing size computes what a fresh seal computes", () => {
    fc.assert(
      fc.property(anyKey, fc.array(fc.tuple(anyIdentity, anyIv, anyPlaintext), { minLength: 2, maxLength: 6 }), (key, units) => {
        const used = createSeal(SecretKey.from(key));
        for (const [identity, iv, plaintext] of units) {
          const fresh = createSeal(SecretKey.from(key));
          expect(Buffer.compare(sealed(used, identity, plaintext, iv), sealed(fresh, identity, plaintext, iv))).toBe(0);
        }
      }),
      { ...seeded("a used seal equals a fresh one"), numRuns: 25 },
    );
  });

  it("refuses a unit with any one bit flipped", () => {
    fc.assert(
      fc.property(anyKey, anyIdentity, anyIv, fc.uint8Array({ maxLength: 100 }), fc.nat(), (key, identity, iv, plaintext, position) => {
        const seal = createSeal(SecretKey.from(key));
        const unit = sealed(seal, identity, plaintext, iv);
        const bit = position % (unit.length * 8);
        const offset = Math.floor(bit / 8);
        unit[offset] = (unit[offset] as number) ^ (1 << (bit % 8));
        expect(seal.open(identity, unit)).toBeUndefined();
      }),
      seeded("one flipped bit"),
    );
  });

  it("refuses a unit under any other identity", () => {
    fc.assert(
      fc.property(anyKey, anyIdentity, anyIdentity, anyIv, fc.uint8Array({ maxLength: 100 }), (key, identity, other, iv, plaintext) => {
        const seal = createSeal(SecretKey.from(key));
        const unit = sealed(seal, identity, plaintext, iv);
        for (const part of ["kind", "fileId", "place", "birth", "context"] as const) {
          const changed = { ...identity, [part]: other[part] };
          const isSame = Buffer.compare(blockOf(changed, 0), blockOf(identity, 0)) === 0;
          expect(seal.verify(changed, unit)).toBe(isSame);
        }
      }),
      seeded("another identity"),
    );
  });
});

it.each([
  ["the portable", constantTimeEquals],
  ["the Node", nodeBackend.equals],
])("%s comparison tells equal arrays from all others", (_name, equals) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), fc.nat(), (left, right, position) => {
      expect(equals(left, right)).toBe(Buffer.compare(left, right) === 0);
      expect(equals(left, left.slice())).toBe(true);
      if (left.length === 0) return;
      const changed = left.slice();
      const offset = position % left.length;
      changed[offset] = (changed[offset] as number) ^ (1 << (position % 8));
      expect(equals(left, changed)).toBe(false);
    }),
    seeded("comparison"),
  );
});
