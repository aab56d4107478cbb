import { runInNewContext } from "node:vm";
import { KeyError, SecretKey } from "@holdfast/core-cipher";
import { describe, expect, it } from "vitest";
import { TEST_KEY } from "./backends.ts";

const TYPE_MESSAGE =
  "Expected 'encryptionKey' on realm configuration to be an ArrayBuffer, ArrayBufferView (Uint8Array), or Int8Array, got ";

function refusal(value: unknown): { code: string; message: string; isTypeError: boolean; isRangeError: boolean } {
  try {
    SecretKey.from(value);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return {
      code: error.code,
      message: error.message,
      isTypeError: error instanceof TypeError,
      isRangeError: error instanceof RangeError,
    };
  }
  throw new Error("the key was accepted");
}

function detached(): ArrayBuffer {
  const buffer = TEST_KEY.slice().buffer;
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

const key = SecretKey.from(TEST_KEY);
const padded = new Uint8Array(100);
padded.set(TEST_KEY, 20);
const shared = new SharedArrayBuffer(64);
new Uint8Array(shared).set(TEST_KEY);

describe("a key is accepted", () => {
  it.each<[string, unknown]>([
    ["an ArrayBuffer", TEST_KEY.slice().buffer],
    ["a Uint8Array", TEST_KEY],
    ["an Int8Array", new Int8Array(TEST_KEY.slice().buffer)],
    ["a Uint8ClampedArray", new Uint8ClampedArray(TEST_KEY)],
    ["a Buffer", Buffer.from(TEST_KEY)],
    ["a DataView", new DataView(TEST_KEY.slice().buffer)],
    ["a Float64Array of 8 numbers", new Float64Array(TEST_KEY.slice().buffer)],
    ["a BigUint64Array of 8 numbers", new BigUint64Array(TEST_KEY.slice().buffer)],
    ["a subarray, of which its own bytes count", padded.subarray(20, 84)],
    ["a DataView into a larger buffer", new DataView(padded.buffer, 20, 64)],
    ["a view on shared memory", new Uint8Array(shared)],
    ["a list of 64 integers from 0 to 255", [...TEST_KEY]],
    ["an ArrayBuffer of another JavaScript context", runInNewContext("Uint8Array.from({ length: 64 }, (_, i) => i).buffer")],
    ["a Uint8Array of another JavaScript context", runInNewContext("Uint8Array.from({ length: 64 }, (_, i) => i)")],
    ["a list of another JavaScript context", runInNewContext("Array.from({ length: 64 }, (_, i) => i)")],
    ["a SecretKey", key],
  ])("as %s", (_name, value) => {
    expect(SecretKey.from(value).equals(key)).toBe(true);
  });

  it("as a list that holds 0 and 255", () => {
    const list = Array.from({ length: 64 }, (_, index) => (index % 2) * 255);
    expect(SecretKey.from(list).equals(SecretKey.from(Uint8Array.from(list)))).toBe(true);
  });
});

describe("a value of the wrong type is refused with Realm's sentence", () => {
  it.each<[string, unknown, string]>([
    ["a string", "x".repeat(64), "a string"],
    ["a number", 64, "a number"],
    ["a boolean", true, "a boolean"],
    ["a bigint", 10n, "a bigint"],
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["an object", {}, "an object"],
    ["an object with the lengths of a key", { length: 64, byteLength: 64 }, "an object"],
    ["a Map", new Map(), "an object"],
    ["a promise of a key", Promise.resolve(TEST_KEY), "an object"],
    ["an object that only looks like an ArrayBuffer", Object.create(ArrayBuffer.prototype), "an object"],
    ["a function", () => TEST_KEY, "a function"],
    ["a symbol", Symbol("key"), "a symbol"],
    ["a SharedArrayBuffer", shared, "a SharedArrayBuffer"],
  ])("%s", (_name, value, words) => {
    expect(refusal(value)).toEqual({ code: "KEY_TYPE", message: `${TYPE_MESSAGE}${words}.`, isTypeError: true, isRangeError: false });
  });
});

describe("a key of the wrong length is refused with Realm's sentence first", () => {
  it.each<[string, unknown, string]>([
    ["1 byte", new Uint8Array(1), "Got 1 byte."],
    ["32 bytes", new Uint8Array(32), "Got 32 bytes."],
    ["63 bytes", new Uint8Array(63), "Got 63 bytes."],
    ["65 bytes", new ArrayBuffer(65), "Got 65 bytes."],
    ["128 bytes", Buffer.alloc(128), "Got 128 bytes."],
    ["64 numbers of 8 bytes", new Float64Array(64), "Got 512 bytes."],
    ["an empty array", new Uint8Array(0), "Got 0 bytes: the key is empty, or its buffer was detached."],
    ["an empty buffer", new ArrayBuffer(0), "Got 0 bytes: the key is empty, or its buffer was detached."],
    ["an empty list", [], "Got a list of 0 entries."],
    ["a list of 1", [7], "Got a list of 1 entry."],
    ["a list of 63", [...TEST_KEY].slice(1), "Got a list of 63 entries."],
    ["a list of 65", [...TEST_KEY, 0], "Got a list of 65 entries."],
    ["a detached buffer", detached(), "Got 0 bytes: the key is empty, or its buffer was detached."],
  ])("%s", (_name, value, found) => {
    expect(refusal(value)).toEqual({
      code: "KEY_LENGTH",
      message: `Encryption key must be 64 bytes. ${found}`,
      isTypeError: false,
      isRangeError: true,
    });
  });

  it.each<[string, (buffer: ArrayBuffer) => ArrayBufferView]>([
    ["Uint8Array", (buffer) => new Uint8Array(buffer)],
    ["DataView", (buffer) => new DataView(buffer)],
  ])("a %s whose buffer was detached afterwards", (_name, createView) => {
    const buffer = TEST_KEY.slice().buffer;
    const view = createView(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    expect(refusal(view).code).toBe("KEY_LENGTH");
  });

  it("a view that a shrunk buffer no longer covers", () => {
    // Resizable buffers are newer than the language level that this project is checked against.
    const view: unknown = runInNewContext(
      "const buffer = new ArrayBuffer(64, { maxByteLength: 64 }); const view = new Uint8Array(buffer, 0, 64); buffer.resize(10); view",
    );
    expect(refusal(view).code).toBe("KEY_LENGTH");
  });
});

describe("a list with an entry that is not a byte is refused by index", () => {
  it.each<[unknown, string]>([
    [256, "out of that range"],
    [-1, "out of that range"],
    [1e9, "out of that range"],
    [77.25, "not an integer"],
    [Number.NaN, "not an integer"],
    [Number.POSITIVE_INFINITY, "not an integer"],
    ["77", "a string"],
    [77n, "a bigint"],
    [null, "null"],
    [undefined, "undefined"],
    [[77], "an array"],
    [{ valueOf: () => 77 }, "an object"],
  ])("%o", (entry, words) => {
    const list: unknown[] = [...TEST_KEY];
    list[17] = entry;
    list[40] = "a later mistake";
    expect(refusal(list)).toEqual({
      code: "KEY_ENTRY",
      message: `Encryption key must be a list of 64 integers from 0 to 255: the entry at index 17 is ${words}.`,
      isTypeError: false,
      isRangeError: true,
    });
  });

  it("and so is a list with a hole", () => {
    const list = [...TEST_KEY];
    delete list[63];
    expect(refusal(list).message).toContain("index 63 is undefined");
  });

  it("without a word on the value of any entry", () => {
    const list: number[] = Array.from({ length: 64 }, () => 191);
    list[5] = 777_123.5;
    expect(refusal(list).message).not.toMatch(/191|777/);
  });
});
