/**
 * Keys, key checks and tags are compared by the constant-time primitives: found by reading the sources.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const PACKAGES = join(import.meta.dirname, "../../..");
const CONSTANT_TIME = /constantTimeEquals\(|timingSafeEqual\(|backend\.equals\(|\bkey\.equals\(/u;
/** A comparison of bytes by something else. */
const ORDINARY = /equalBytes\(|compareKeys\(|sameBytes\(|Buffer\.compare\(|===/u;

function sourcesOf(name: string): { readonly path: string; readonly text: string }[] {
  const root = join(PACKAGES, name, "src");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path: `${name}/${path}`, text: readFileSync(join(root, path), "utf8") }));
}

/** Lines that compare a key check, a computed tag or a key, and do not do so in constant time. */
function careless(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !/^\s*(?:\*|\/\/)/u.test(line))
    .filter((line) => /\bkeyCheck\(|cipher\.tag\(|secretKeyBytes\(/u.test(line) && ORDINARY.test(line) && !CONSTANT_TIME.test(line));
}

it("no source compares a key check, a tag or a key in a time that depends on it", () => {
  const sources = ["core-cipher", "storage-engine", "realm"].flatMap(sourcesOf);
  expect(sources.flatMap(({ path, text }) => careless(text).map((line) => `${path}: ${line.trim()}`))).toEqual([]);
  const text = (path: string): string => sources.find((source) => source.path === path)?.text ?? "";
  expect(text("storage-engine/file-opening.ts")).toContain("constantTimeEquals(seal.keyCheck(header.fileId), header.keyCheck)");
  expect(text("core-cipher/unit-seal.ts")).toContain("return backend.equals(cipher.tag(");
  expect(text("core-cipher/node-backend.ts")).toContain("timingSafeEqual(left, right)");
  expect(text("core-cipher/secret-key.ts")).toContain("return constantTimeEquals(SecretKey.#read(this), SecretKey.#read(other))");
  expect(text("realm/store/coordinator.ts")).toContain("file.key.equals(wanted.key)");
});

it("the same reading finds a careless comparison", () => {
  expect(careless("  return equalBytes(seal.keyCheck(header.fileId), header.keyCheck);")).toHaveLength(1);
  expect(careless("  return Buffer.compare(cipher.tag(sealed), expected) === 0;")).toHaveLength(1);
});
