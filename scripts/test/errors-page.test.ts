/**
 * `docs/errors.md` and the sources name the same codes, class by class, and every code says what to do.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const declared = declaredCodes();
const documented = documentedCodes(page);

it("the page has a section for every list of codes in the sources, and no other", () => {
  expect([...documented.keys()].toSorted()).toEqual([...declared.keys()].toSorted());
  expect(declared.size).toBeGreaterThan(3);
});

for (const [name, codes] of declared) {
  it(`the page lists exactly the codes of ${name}`, () => {
    expect([...(documented.get(name)?.keys() ?? [])].toSorted()).toEqual(codes.toSorted());
  });
}

it("every code says what happened and what to do", () => {
  const short = [...documented].flatMap(([name, rows]) => [...rows].filter(([, texts]) => texts.length !== 2 || texts.some((text) => text.length < 10)).map(([code]) => `${name}: ${code}`));
  expect(short).toEqual([]);
});

/** The unions `type XErrorCode = "A" | "B"` of all packages. */
function declaredCodes(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const directory of readdirSync(join(root, "packages"))) {
    const source = join(root, "packages", directory, "src");
    for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(join(source, name), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
      for (const match of text.matchAll(/export type (\w+Error)Code\s*=([^;]*);/g)) {
        found.set(match[1] ?? "", [...(match[2] ?? "").matchAll(/"([A-Z][A-Z0-9_]*)"/g)].map((code) => code[1] ?? ""));
      }
    }
  }
  return found;
}

/** Rows `| CODE | what | do |` under headings `## XError`. */
function documentedCodes(text: string): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  for (const section of text.split(/^## /m).slice(1)) {
    const name = /^(\w+Error)\b/.exec(section)?.[1];
    if (name === undefined) continue;
    const rows = [...section.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|(.*)\|$/gm)];
    sections.set(name, new Map(rows.map((row) => [row[1] ?? "", (row[2] ?? "").split("|").map((cell) => cell.trim())])));
  }
  return sections;
}
