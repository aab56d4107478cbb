/** The reader proves the specification only while it shares no code with the packages. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("the reader imports node:crypto, node:fs and itself, nothing else", () => {
  const folder = new URL("../reader/", import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  expect(sources.length).toBeGreaterThan(2);
  const imports = sources.flatMap((name) => [...readFileSync(new URL(name, folder), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? ""));
  expect(imports.length).toBeGreaterThan(2);
  expect(imports.filter((name) => !name.startsWith("./") && name !== "node:crypto" && name !== "node:fs")).toEqual([]);
});
