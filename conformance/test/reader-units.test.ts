/** The reader's own opening of sealed units over the vectors of docs/format/sealed-unit.md. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encryptedOpener } from "../reader/unit.ts";

interface UnitVector {
  readonly expect: string;
  readonly reason: string;
  readonly key: string;
  readonly identity: { kind: number; fileId: string; place: number; birth: number; context: string };
  readonly plaintext?: string;
  readonly sealed: string;
}

interface KeyCheckVector {
  readonly expect: string;
  readonly reason: string;
  readonly key: string;
  readonly fileId: string;
  readonly keyCheck: string;
}

const VECTORS = new URL("../../packages/core-cipher/vectors/", import.meta.url);

function vectorsIn<Kind>(folder: string): Kind[] {
  const url = new URL(`${folder}/`, VECTORS);
  return readdirSync(url).map((name) => JSON.parse(readFileSync(new URL(name, url), "utf8")) as Kind);
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

describe("the reader's units", () => {
  it.each(vectorsIn<UnitVector>("units"))("$expect: $reason", ({ key, identity, plaintext, sealed, expect: expected }) => {
    const opened = encryptedOpener(bytes(key)).open({ ...identity, fileId: bytes(identity.fileId), context: bytes(identity.context) }, bytes(sealed));
    if (expected === "opens") expect(Buffer.from(opened ?? []).toString("hex")).toBe(plaintext);
    else expect(opened).toBeUndefined();
  });

  it.each(vectorsIn<KeyCheckVector>("key-checks"))("$expect: $reason", ({ key, fileId, keyCheck, expect: expected }) => {
    const found = Buffer.from(encryptedOpener(bytes(key)).keyCheck(bytes(fileId))).toString("hex");
    if (expected === "matches") expect(found).toBe(keyCheck);
    else expect(found).not.toBe(keyCheck);
  });
});
