/**
 * The README's links and examples exist; `scripts/try-packed.mjs` runs the examples.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
// @ts-expect-error A script without a declaration file.
import { extractExample } from "../readme-examples.mjs";

const root = resolve(import.meta.dirname, "../..");
const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...listPages("docs")];

/** Written by a command or at release; a link to one is a promise, not a mistake. */
const generated = new Set(["docs/reference", "bench/RESULTS.md", "conformance/REPORT.md"]);

for (const page of pages) {
  it(`every relative link of ${page} leads to a file`, () => {
    const text = readFileSync(join(root, page), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "").filter((target) => !/^[a-z]+:/.test(target));
    const missing = targets.filter((target) => {
      const path = join(dirname(page), target);
      return !generated.has(path.replaceAll("\\", "/")) && !existsSync(join(root, path));
    });
    expect(missing).toEqual([]);
  });
}

it.each(["ts", "js"])("the README has a %s example that prints", (language) => {
  const { expected } = extractExample(readFileSync(join(root, "README.md"), "utf8"), language) as { expected: string[] };
  expect(expected.length).toBeGreaterThan(1);
});

it("an example whose output is not stated is refused", () => {
  expect(() => extractExample("```ts\nconst a = 1;\n```\n", "ts")).toThrow("prints nothing");
  expect(() => extractExample("no block", "ts")).toThrow("no ```ts example");
});

function listPages(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .map((name) => `${directory}/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".md") && !name.startsWith("docs/reference/") && !name.includes("/node_modules/"));
}
