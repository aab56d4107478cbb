import { SecretKey } from "@holdfast/core-cipher";
import { describe, expect, it } from "vitest";
import { BACKENDS, sealed } from "./backends.ts";
import { bytes, hex, readVector, readVectors } from "./vectors.ts";
import type { KeyCheckVector, MacVector, UnitVector } from "./vectors.ts";

const opening = readVectors<UnitVector>("units", "opens");
const refused = readVectors<UnitVector>("units", "refused");
const matching = readVectors<KeyCheckVector>("key-checks", "matches");
const differing = readVectors<KeyCheckVector>("key-checks", "differs");
const nist = readVector<{ key: string; iv: string; plaintext: string; ciphertext: string }>("nist-sp800-38a-ctr-aes256.json");
const rfc4231 = readVector<{ cases: MacVector[] }>("rfc4231-hmac-sha256.json").cases;
const wycheproof = readVector<{ cases: MacVector[] }>("wycheproof-hmac-sha256.json").cases;

function identityOf(vector: UnitVector) {
  return { ...vector.identity, fileId: bytes(vector.identity.fileId), context: bytes(vector.identity.context) };
}

it("the vector files are all there, and those that must be refused outnumber the others", () => {
  expect(opening).toHaveLength(14);
  expect(refused).toHaveLength(55);
  expect(matching).toHaveLength(4);
  expect(differing).toHaveLength(10);
  expect(rfc4231).toHaveLength(7);
  expect(wycheproof).toHaveLength(37);
});

it("every vector file says in its content what its name says", () => {
  for (const [name, vector] of [...opening, ...refused, ...matching, ...differing]) {
    expect(name.split("-")[0]).toBe(vector.expect);
    expect(vector.reason).toMatch(/\.$/);
  }
});

describe.each(BACKENDS)("$name backend", ({ backend, createSeal }) => {
  it("encrypts the example of SP 800-38A F.5.5", () => {
    expect(hex(backend.aesCtr(bytes(nist.key), bytes(nist.iv), bytes(nist.plaintext)))).toBe(nist.ciphertext);
  });

  it("decrypts the example of SP 800-38A F.5.6", () => {
    expect(hex(backend.aesCtr(bytes(nist.key), bytes(nist.iv), bytes(nist.ciphertext)))).toBe(nist.plaintext);
  });

  it.each(rfc4231)("computes the HMAC of RFC 4231 section $name", ({ key, message, tag }) => {
    const computed = hex(backend.hmacSha256(bytes(key), bytes(message)));
    expect(computed).toHaveLength(64);
    expect(computed.slice(0, tag.length)).toBe(tag);
  });

  it.each(wycheproof)("judges Wycheproof case $tcId as $result ($comment)", ({ key, message, tag, result }) => {
    expect(backend.equals(backend.hmacSha256(bytes(key), bytes(message)), bytes(tag))).toBe(result === "valid");
  });

  it.each(opening)("seals %s byte for byte", (_name, vector) => {
    const seal = createSeal(SecretKey.from(bytes(vector.key)));
    expect(hex(sealed(seal, identityOf(vector), bytes(vector.plaintext ?? "-"), bytes(vector.iv ?? "-")))).toBe(vector.sealed);
  });

  it.each(opening)("opens %s", (_name, vector) => {
    const seal = createSeal(SecretKey.from(bytes(vector.key)));
    const plaintext = seal.open(identityOf(vector), bytes(vector.sealed));
    expect(plaintext && hex(plaintext)).toBe(vector.plaintext);
    expect(seal.verify(identityOf(vector), bytes(vector.sealed))).toBe(true);
  });

  it.each(refused)("refuses %s", (_name, vector) => {
    const seal = createSeal(SecretKey.from(bytes(vector.key)));
    expect(seal.open(identityOf(vector), bytes(vector.sealed))).toBeUndefined();
    expect(seal.verify(identityOf(vector), bytes(vector.sealed))).toBe(false);
  });

  it.each(matching)("computes key check %s", (_name, vector) => {
    expect(hex(createSeal(SecretKey.from(bytes(vector.key))).keyCheck(bytes(vector.fileId)))).toBe(vector.keyCheck);
  });

  it.each(differing)("does not compute key check %s", (_name, vector) => {
    const keyCheck = createSeal(SecretKey.from(bytes(vector.key))).keyCheck(bytes(vector.fileId));
    expect(backend.equals(keyCheck, bytes(vector.keyCheck))).toBe(false);
  });
});
