import { format, inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import { KeyError, KeyRangeError, KeyTypeError, SecretKey } from "@holdfast/core-cipher";
import { createNodeUnitSeal } from "@holdfast/core-cipher/node";
import { describe, expect, it } from "vitest";
import { TEST_KEY } from "./backends.ts";

/** A key whose bytes are easy to find in any text: 0xC5 = 197 = "Å" in Latin-1. */
const key = SecretKey.from(new Uint8Array(64).fill(0xc5));

describe("a SecretKey shows no byte of the key", () => {
  it.each<[string, () => string]>([
    ["String()", () => String(key)],
    ["a template", () => `${key}`],
    ["concatenation", () => "" + key],
    ["JSON.stringify", () => JSON.parse(JSON.stringify(key)) as string],
    ["inspect", () => inspect(key)],
    ["inspect with hidden properties", () => inspect(key, { showHidden: true, depth: 9 })],
    ["format", () => format("%s", key)],
  ])("in %s", (_name, print) => {
    expect(print()).toBe("SecretKey(64 bytes)");
  });

  it.each<[string, () => unknown]>([
    ["inspect without custom printers", () => inspect(key, { customInspect: false, showHidden: true })],
    ["inspect of an object around it", () => inspect({ options: { encryptionKey: key } }, { depth: 9, showHidden: true })],
    ["format as an object", () => format("%o %O %j", key, key, { key })],
    ["JSON.stringify of an object around it", () => JSON.stringify({ encryptionKey: key })],
    ["structuredClone", () => structuredClone(key)],
    ["v8 serialisation", () => deserialize(serialize(key)) as unknown],
    ["spreading", () => ({ ...key })],
    ["its own properties", () => Reflect.ownKeys(key)],
    ["its own property values", () => Object.values(key)],
    ["Object.assign", () => Object.assign({}, key)],
  ])("in %s", (_name, leak) => {
    const text = inspect(leak(), { depth: 9, showHidden: true, customInspect: false }) + JSON.stringify(leak());
    expect(text).not.toMatch(/197|c5|-59|Å/i);
  });

  it("serialises to no byte of the key", () => {
    expect(serialize(key).includes(0xc5)).toBe(false);
  });
});

describe("a SecretKey", () => {
  it("is a copy: changing what it was made from does not change it", () => {
    const source = TEST_KEY.slice();
    const copy = SecretKey.from(source);
    source.fill(0);
    expect(copy.equals(SecretKey.from(TEST_KEY))).toBe(true);
  });

  it("made from another one outlives it", () => {
    const first = SecretKey.from(TEST_KEY);
    const second = SecretKey.from(first);
    first.wipe();
    expect(second.equals(SecretKey.from(TEST_KEY))).toBe(true);
  });

  it("leaves what it was made from as it was when it is wiped", () => {
    const source = TEST_KEY.slice();
    SecretKey.from(source).wipe();
    expect(source).toEqual(TEST_KEY);
  });

  it("differs from a key that differs in one bit, wherever that is", () => {
    const original = SecretKey.from(TEST_KEY);
    for (let bit = 0; bit < 512; bit += 1) {
      const changed = TEST_KEY.slice();
      changed[Math.floor(bit / 8)] = (changed[Math.floor(bit / 8)] as number) ^ (1 << (bit % 8));
      expect(original.equals(SecretKey.from(changed))).toBe(false);
    }
  });

  it("can be wiped twice and says that it is wiped", () => {
    const wiped = SecretKey.from(TEST_KEY);
    expect(wiped.isWiped).toBe(false);
    wiped.wipe();
    wiped.wipe();
    expect(wiped.isWiped).toBe(true);
    expect(String(wiped)).toBe("SecretKey(64 bytes)");
  });

  it.each<[string, (wiped: SecretKey) => unknown]>([
    ["compared", (wiped) => wiped.equals(SecretKey.from(TEST_KEY))],
    ["compared with", (wiped) => SecretKey.from(TEST_KEY).equals(wiped)],
    ["compared with itself", (wiped) => wiped.equals(wiped)],
    ["copied", (wiped) => SecretKey.from(wiped)],
    ["made into a seal", (wiped) => createNodeUnitSeal(wiped)],
  ])("that was wiped cannot be %s", (_name, use) => {
    const wiped = SecretKey.from(TEST_KEY);
    wiped.wipe();
    expect(() => use(wiped)).toThrow(expect.objectContaining({ code: "KEY_WIPED", name: "KeyError" }));
  });

  it("that is only an object with its prototype is refused", () => {
    expect(() => SecretKey.from(Object.create(SecretKey.prototype))).toThrow(TypeError);
  });
});

describe("KeyError", () => {
  it("is the one name for both of its classes, and for nothing else", () => {
    expect(new KeyTypeError("KEY_TYPE", "") instanceof KeyError).toBe(true);
    expect(new KeyRangeError("KEY_LENGTH", "") instanceof KeyError).toBe(true);
    expect(new TypeError("") instanceof KeyError).toBe(false);
    expect(Object.assign(new RangeError(""), { code: "KEY_LENGTH" }) instanceof KeyError).toBe(false);
  });
});
