import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { createInjectedSealer, SecretKey, UnitError } from "@holdfast/core-cipher";
import type { InjectedCrypto } from "@holdfast/core-cipher";
import { describe, expect, it } from "vitest";
import { sealed, TEST_IDENTITY, TEST_KEY } from "./backends.ts";

const good: InjectedCrypto = { createCipheriv, createHmac, randomBytes };

describe("a crypto module that is handed in", () => {
  it("is refused if it takes the whole buffer of a view", () => {
    const greedy: InjectedCrypto = { ...good, createHmac: (name, key) => createHmac(name, new Uint8Array(key.buffer)) };
    expect(() => createInjectedSealer(greedy)).toThrow(expect.objectContaining({ code: "CIPHER_UNFIT" }));
  });

  it("is refused if it computes another mode", () => {
    const other: InjectedCrypto = { ...good, createCipheriv: (_name, key, iv) => createCipheriv("aes-256-cbc", key, iv) };
    expect(() => createInjectedSealer(other)).toThrow(UnitError);
  });

  it.each(["createCipheriv", "createHmac", "randomBytes"] as const)("is refused without %s", (name) => {
    expect(() => createInjectedSealer({ ...good, [name]: undefined } as unknown as InjectedCrypto)).toThrow(name);
  });

  it("that gives fewer random bytes than asked is an error and not a weak IV", () => {
    const seal = createInjectedSealer({ ...good, randomBytes: () => new Uint8Array(3) })(SecretKey.from(TEST_KEY));
    expect(() => seal.randomBytes(16)).toThrow(expect.objectContaining({ code: "RANDOM_UNAVAILABLE" }));
  });

  it("is not asked for anything once its seal is closed", () => {
    const seal = createInjectedSealer(good)(SecretKey.from(TEST_KEY));
    const unit = sealed(seal, TEST_IDENTITY, Uint8Array.of(1, 2), new Uint8Array(16));
    seal.close();
    expect(() => seal.open(TEST_IDENTITY, unit)).toThrow(expect.objectContaining({ code: "SEAL_CLOSED" }));
  });
});
