import { SecretKey, UNIT_KIND, UNIT_OVERHEAD_BYTES, UnitError } from "@holdfast/core-cipher";
import type { UnitIdentity, UnitSeal } from "@holdfast/core-cipher";
import { nodeBackend } from "@holdfast/core-cipher/node";
import { describe, expect, it } from "vitest";
import { createUnitSeal } from "../src/unit-seal.ts";
import { BACKENDS, TEST_IDENTITY, TEST_KEY, sealed } from "./backends.ts";

const iv = new Uint8Array(16).fill(9);
const plaintext = new Uint8Array(100).map((_, index) => index);

it("the kinds of unit keep their numbers", () => {
  expect(UNIT_KIND).toEqual({ slot: 1, record: 2, page: 3, extent: 4, space: 5 });
  expect(UNIT_OVERHEAD_BYTES).toBe(48);
});

it("a unit whose tag does not match is never decrypted", () => {
  let cryptCalls = 0;
  const cipher = {
    block: new Uint8Array(64),
    tag: () => new Uint8Array(32).fill(1),
    crypt: (_iv: Uint8Array, source: Uint8Array) => {
      cryptCalls += 1;
      return source.slice();
    },
    wipe: () => undefined,
  };
  const seal = createUnitSeal(nodeBackend, SecretKey.from(TEST_KEY), cipher);
  const unit = new Uint8Array(148).fill(1);
  expect(seal.open(TEST_IDENTITY, unit)).toBeInstanceOf(Uint8Array);
  expect(cryptCalls).toBe(1);
  unit[147] = 0;
  expect(seal.open(TEST_IDENTITY, unit)).toBeUndefined();
  expect(seal.verify(TEST_IDENTITY, unit)).toBe(false);
  expect(cryptCalls).toBe(1);
});

it("closing a seal wipes its cipher once", () => {
  let wipeCalls = 0;
  const cipher = {
    block: new Uint8Array(64),
    tag: () => new Uint8Array(32),
    crypt: (_iv: Uint8Array, source: Uint8Array) => source,
    wipe: () => void (wipeCalls += 1),
  };
  const seal = createUnitSeal(nodeBackend, SecretKey.from(TEST_KEY), cipher);
  seal.close();
  seal.close();
  expect(wipeCalls).toBe(1);
});

describe.each(BACKENDS)("a seal of the $name backend", ({ createSeal }) => {
  const seal = createSeal(SecretKey.from(TEST_KEY));

  it("says that it encrypts", () => {
    expect(seal.isEncrypted).toBe(true);
  });

  it("writes at the offset and nowhere else", () => {
    const target = new Uint8Array(300).fill(0xee);
    seal.seal(TEST_IDENTITY, plaintext, iv, target, 70);
    expect(target.subarray(70, 218)).toEqual(sealed(seal, TEST_IDENTITY, plaintext, iv));
    expect(target.subarray(0, 70).every((byte) => byte === 0xee)).toBe(true);
    expect(target.subarray(218).every((byte) => byte === 0xee)).toBe(true);
  });

  it("fills a target to its last byte", () => {
    const target = new Uint8Array(200);
    seal.seal(TEST_IDENTITY, plaintext, iv, target, 52);
    expect(seal.verify(TEST_IDENTITY, target.subarray(52))).toBe(true);
  });

  it("takes the plaintext and the IV out of the target that it writes to", () => {
    const target = new Uint8Array(148);
    target.set(iv, 100);
    target.set(plaintext.subarray(0, 100));
    seal.seal(TEST_IDENTITY, target.subarray(0, 100), target.subarray(100, 116), target, 0);
    expect(target).toEqual(sealed(seal, TEST_IDENTITY, plaintext, iv));
  });

  it("changes neither plaintext nor IV nor identity nor sealed unit", () => {
    const before = { plaintext: plaintext.slice(), iv: iv.slice(), identity: structuredClone(TEST_IDENTITY) };
    const unit = sealed(seal, TEST_IDENTITY, plaintext, iv);
    const unitBefore = unit.slice();
    seal.open(TEST_IDENTITY, unit);
    expect({ plaintext, iv, identity: TEST_IDENTITY }).toEqual(before);
    expect(unit).toEqual(unitBefore);
  });

  it.each([0, 1, 100, 8_192, 300_000])("returns a plaintext of %i bytes that is a Uint8Array with a buffer of its own", (size) => {
    const opened = seal.open(TEST_IDENTITY, sealed(seal, TEST_IDENTITY, new Uint8Array(size), iv));
    expect(opened?.constructor).toBe(Uint8Array);
    expect(opened?.byteOffset).toBe(0);
    expect(opened?.buffer.byteLength).toBe(size);
  });

  it("keeps what it returned as it is when the next unit is opened", () => {
    const first = seal.open(TEST_IDENTITY, sealed(seal, TEST_IDENTITY, plaintext, iv));
    seal.open(TEST_IDENTITY, sealed(seal, TEST_IDENTITY, new Uint8Array(100).fill(1), iv));
    expect(first).toEqual(plaintext);
  });

  it("works on after its key was wiped", () => {
    const key = SecretKey.from(TEST_KEY);
    const other = createSeal(key);
    key.wipe();
    expect(sealed(other, TEST_IDENTITY, plaintext, iv)).toEqual(sealed(seal, TEST_IDENTITY, plaintext, iv));
    expect(other.keyCheck(TEST_IDENTITY.fileId)).toEqual(seal.keyCheck(TEST_IDENTITY.fileId));
  });

  it("opens views into a larger array", () => {
    const large = new Uint8Array(500);
    seal.seal(TEST_IDENTITY, plaintext, iv, large, 33);
    expect(seal.open(TEST_IDENTITY, large.subarray(33, 181))).toEqual(plaintext);
  });

  it("opens a unit in shared memory", () => {
    const unit = new Uint8Array(new SharedArrayBuffer(148));
    seal.seal(TEST_IDENTITY, plaintext, iv, unit, 0);
    expect(seal.open(TEST_IDENTITY, unit)).toEqual(plaintext);
  });

  it.each<[string, Partial<UnitIdentity>]>([
    ["a negative place", { place: -1 }],
    ["a fractional place", { place: 1.5 }],
    ["a place beyond the safe integers", { place: 2 ** 53 }],
    ["a place that is not a number", { place: Number.NaN }],
    ["a negative birth", { birth: -1 }],
    ["a birth beyond the safe integers", { birth: 2 ** 60 }],
    ["kind 0", { kind: 0 }],
    ["a kind of more than 16 bits", { kind: 65_536 + 3 }],
    ["a fractional kind", { kind: 3.5 }],
  ])("does not seal %s, and opens nothing under it", (_name, part) => {
    const identity = { ...TEST_IDENTITY, ...part };
    expect(() => sealed(seal, identity, plaintext, iv)).toThrow(expect.objectContaining({ code: "UNIT_IDENTITY" }));
    const unit = sealed(seal, TEST_IDENTITY, plaintext, iv);
    expect(seal.open(identity, unit)).toBeUndefined();
    expect(seal.verify(identity, unit)).toBe(false);
  });

  it.each<[string, Partial<UnitIdentity>]>([
    ["a file id of 15 bytes", { fileId: new Uint8Array(15) }],
    ["a file id of 17 bytes", { fileId: new Uint8Array(17) }],
    ["a context of 32 bytes", { context: new Uint8Array(32) }],
    ["an empty context", { context: new Uint8Array(0) }],
  ])("refuses %s when sealing and when opening", (_name, part) => {
    const identity = { ...TEST_IDENTITY, ...part };
    const refused = expect.objectContaining({ code: "UNIT_IDENTITY", name: "UnitError" });
    expect(() => sealed(seal, identity, plaintext, iv)).toThrow(refused);
    expect(() => seal.open(identity, new Uint8Array(148))).toThrow(refused);
    expect(() => seal.verify(identity, new Uint8Array(148))).toThrow(refused);
  });

  it("refuses a file id of the wrong length for a key check", () => {
    expect(() => seal.keyCheck(new Uint8Array(15))).toThrow(UnitError);
  });

  it.each<[string, string, (target: Uint8Array) => void]>([
    ["an IV of 12 bytes", "UNIT_IV_LENGTH", (target) => seal.seal(TEST_IDENTITY, plaintext, new Uint8Array(12), target, 0)],
    ["an IV of 17 bytes", "UNIT_IV_LENGTH", (target) => seal.seal(TEST_IDENTITY, plaintext, new Uint8Array(17), target, 0)],
    ["a target with one byte too few", "UNIT_TARGET_TOO_SMALL", (target) => seal.seal(TEST_IDENTITY, plaintext, iv, target, 53)],
    ["an offset behind the target", "UNIT_TARGET_TOO_SMALL", (target) => seal.seal(TEST_IDENTITY, plaintext, iv, target, 1_000)],
    ["a negative offset", "UNIT_TARGET_TOO_SMALL", (target) => seal.seal(TEST_IDENTITY, plaintext, iv, target, -1)],
    ["a fractional offset", "UNIT_TARGET_TOO_SMALL", (target) => seal.seal(TEST_IDENTITY, plaintext, iv, target, 0.5)],
    ["an offset that is not a number", "UNIT_TARGET_TOO_SMALL", (target) => seal.seal(TEST_IDENTITY, plaintext, iv, target, Number.NaN)],
  ])("refuses %s and writes nothing", (_name, code, use) => {
    const target = new Uint8Array(200).fill(0xee);
    expect(() => use(target)).toThrow(expect.objectContaining({ code }));
    expect(target.every((byte) => byte === 0xee)).toBe(true);
  });

  it.each<[string, (closed: UnitSeal) => unknown]>([
    ["seal", (closed) => sealed(closed, TEST_IDENTITY, plaintext, iv)],
    ["open", (closed) => closed.open(TEST_IDENTITY, new Uint8Array(148))],
    ["verify", (closed) => closed.verify(TEST_IDENTITY, new Uint8Array(148))],
    ["keyCheck", (closed) => closed.keyCheck(TEST_IDENTITY.fileId)],
    ["randomBytes", (closed) => closed.randomBytes(16)],
  ])("refuses %s after it was closed, also twice", (_name, use) => {
    const closed = createSeal(SecretKey.from(TEST_KEY));
    closed.close();
    closed.close();
    expect(() => use(closed)).toThrow(expect.objectContaining({ code: "SEAL_CLOSED" }));
  });

  it("does not disturb another seal of the same key when it is closed", () => {
    const key = SecretKey.from(TEST_KEY);
    createSeal(key).close();
    expect(sealed(createSeal(key), TEST_IDENTITY, plaintext, iv)).toEqual(sealed(seal, TEST_IDENTITY, plaintext, iv));
  });
});
