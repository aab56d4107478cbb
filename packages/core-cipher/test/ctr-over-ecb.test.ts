import { createCipheriv, createSecretKey } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCtrOverEcb } from "../src/node-ctr-over-ecb.ts";
import { seeded } from "./backends.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** SP 800-38A F.5.5, CTR-AES256.Encrypt. */
const VECTOR = {
  key: hex("603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4"),
  iv: hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
  plaintext: hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710"),
  ciphertext: hex("601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5 2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6"),
};

function openSsl(key: Uint8Array, iv: Uint8Array, source: Uint8Array): Uint8Array {
  return Uint8Array.from(createCipheriv("aes-256-ctr", key, iv).update(source));
}

describe("AES-256-CTR over a kept ECB cipher", () => {
  it("computes the published vector, both ways, again and again", () => {
    const cipher = createCtrOverEcb(createSecretKey(VECTOR.key));
    for (let round = 0; round < 3; round += 1) {
      expect(cipher.crypt(VECTOR.iv, VECTOR.plaintext)).toEqual(VECTOR.ciphertext);
      expect(cipher.crypt(VECTOR.iv, VECTOR.ciphertext)).toEqual(VECTOR.plaintext);
    }
    cipher.end();
  });

  it.each([
    ["of one word", "00000000 00000000 00000000 fffffffe"],
    ["of two words", "00000000 00000000 ffffffff fffffffe"],
    ["of three words", "00000000 ffffffff ffffffff fffffffe"],
    ["of the whole counter", "ffffffff ffffffff ffffffff fffffffe"],
  ])("carries out %s as OpenSSL does", (_name, iv) => {
    const source = new Uint8Array(200).fill(3);
    expect(createCtrOverEcb(createSecretKey(VECTOR.key)).crypt(hex(iv), source)).toEqual(openSsl(VECTOR.key, hex(iv), source));
  });

  it("equals OpenSSL's for every length, place in a buffer and counter, over the parts of long units, too", () => {
    const bytes = (count: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: count, maxLength: count });
    const length = fc.oneof(fc.nat(100), fc.constantFrom(4096, 8192, 65_535, 65_536, 65_537, 200_003));
    fc.assert(
      fc.property(bytes(32), bytes(16), length, fc.nat(20), (key, iv, count, offset) => {
        const source = new Uint8Array(count + offset).map((_, index) => (index * 31) & 255).subarray(offset);
        const before = Uint8Array.from(source);
        const result = createCtrOverEcb(createSecretKey(key)).crypt(iv, source);
        expect(Buffer.compare(result, openSsl(key, iv, source))).toBe(0);
        expect([result.byteOffset, result.buffer.byteLength]).toEqual([0, count]);
        expect(Buffer.compare(source, before)).toBe(0);
      }),
      seeded("ctr over ecb"),
    );
  });
});
