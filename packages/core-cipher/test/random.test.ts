import { readFileSync } from "node:fs";
import { SecretKey, UnitError, createPortableUnitSeal, generateKey as generateKeyWith } from "@holdfast/core-cipher";
import { generateKey } from "@holdfast/core-cipher/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createKernelReader, createRandomBytes } from "../src/node-random.ts";
import { BACKENDS, TEST_KEY } from "./backends.ts";
import { hex } from "./vectors.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each(BACKENDS)("the $name backend", ({ backend, createSeal }) => {
  it.each([0, 1, 16, 65_536, 65_537, 200_000])("draws %i bytes with a buffer of their own", (count) => {
    const drawn = backend.randomBytes(count);
    expect(drawn.length).toBe(count);
    expect(drawn.constructor).toBe(Uint8Array);
    expect(drawn.buffer.byteLength).toBe(count);
  });

  it("fills the whole of a large draw", () => {
    const drawn = backend.randomBytes(200_000);
    // 64 zero bytes in a row do not come by chance: 2^-512 for each place.
    for (let offset = 0; offset < drawn.length; offset += 64) expect(drawn.subarray(offset, offset + 64).some((byte) => byte !== 0)).toBe(true);
  });

  it("never draws the same 16 bytes twice", () => {
    const seal = createSeal(SecretKey.from(TEST_KEY));
    const drawn = new Set(Array.from({ length: 1_000 }, () => hex(seal.randomBytes(16))));
    expect(drawn.size).toBe(1_000);
  });

  it("generates keys of 64 bytes that differ and are accepted", () => {
    const keys = [generateKeyWith(backend), generateKeyWith(backend)];
    expect(keys.map((key) => key.length)).toEqual([64, 64]);
    const [first, second] = keys.map((key) => SecretKey.from(key));
    expect(first && second && first.equals(second)).toBe(false);
  });

  it("never asks Math.random", () => {
    const mathRandom = vi.spyOn(Math, "random");
    generateKeyWith(backend);
    createSeal(SecretKey.from(TEST_KEY)).randomBytes(16);
    expect(mathRandom).not.toHaveBeenCalled();
  });
});

describe("random bytes on Node", () => {
  const zeros = (target: Uint8Array): void => void target.fill(0);

  it("still differ when the library's generator repeats itself, as in a cloned virtual machine", () => {
    const draw = createRandomBytes({ fillFromLibrary: zeros, fillFromKernel: createKernelReader("/dev/urandom") });
    expect(hex(draw(32))).not.toBe(hex(draw(32)));
  });

  it("still differ when what is read as the kernel's generator is a file of zeros", () => {
    let state = 0;
    const fillFromLibrary = (target: Uint8Array): void => void target.fill((state += 1));
    const draw = createRandomBytes({ fillFromLibrary, fillFromKernel: createKernelReader("/dev/zero") });
    expect([hex(draw(2)), hex(draw(2))]).toEqual(["0101", "0202"]);
  });

  it("are both sources mixed", () => {
    const draw = createRandomBytes({
      fillFromLibrary: (target) => void target.fill(0xf0),
      fillFromKernel: (target) => target.fill(0x0f).length > 0,
    });
    expect(hex(draw(3))).toBe("ffffff");
  });

  it.each([
    ["that does not exist", "/nowhere/urandom"],
    ["that ends", "/dev/null"],
    ["that cannot be read", "/"],
  ])("are the library's alone where the device is one %s", (_name, path) => {
    const draw = createRandomBytes({ fillFromLibrary: (target) => void target.fill(7), fillFromKernel: createKernelReader(path) });
    expect([hex(draw(2)), hex(draw(2))]).toEqual(["0707", "0707"]);
  });

  it("make keys of 64 bytes", () => {
    expect(generateKey().length).toBe(64);
    expect(hex(generateKey())).not.toBe(hex(generateKey()));
  });
});

describe("the portable seal", () => {
  it("draws from the source that it was given", () => {
    const seal = createPortableUnitSeal(SecretKey.from(TEST_KEY), (count) => new Uint8Array(count).fill(3));
    expect(hex(seal.randomBytes(4))).toBe("03030303");
  });

  it("refuses a source that gives too few bytes", () => {
    const seal = createPortableUnitSeal(SecretKey.from(TEST_KEY), () => new Uint8Array(15));
    expect(() => seal.randomBytes(16)).toThrow(expect.objectContaining({ code: "RANDOM_UNAVAILABLE" }));
  });

  it.each([["no crypto at all", undefined], ["a crypto without getRandomValues", {}]])("refuses to draw on a platform with %s", (_name, crypto) => {
    const seal = createPortableUnitSeal(SecretKey.from(TEST_KEY));
    vi.stubGlobal("crypto", crypto);
    expect(() => seal.randomBytes(16)).toThrow(UnitError);
  });
});

describe("the portable entry", () => {
  it("reaches no module of Node", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8");
      for (const [, specifier = ""] of source.matchAll(/from "([^"]+)"/g)) {
        expect(`${file} imports ${specifier}`).toMatch(/ imports (\.\/[a-z-]+\.ts|@noble\/(ciphers|hashes)\/[a-z0-9]+\.js)$/);
        if (specifier.startsWith("./")) visit(specifier.slice(2));
      }
    };
    visit("index.ts");
    expect(seen).toContain("portable-backend.ts");
    expect([...seen].filter((file) => file.startsWith("node"))).toEqual([]);
  });
});
