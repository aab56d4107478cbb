/**
 * The rules of `.dependency-cruiser.mjs` find what they are there to find: each test plants one
 * forbidden import in a small copy of the workspace's shape and expects exactly that rule to object.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Planted file, its text, and the rules that must object to it. */
const plants: readonly { file: string; text: string; rules: readonly string[] }[] = [
  { file: "packages/realm/src/good.ts", text: `import "@holdfast/storage-engine"; import "@holdfast/query";`, rules: [] },
  { file: "packages/storage-engine/src/good.ts", text: `import "@holdfast/core-cipher";`, rules: [] },
  { file: "packages/storage-engine/src/node-good.ts", text: `import "node:fs";`, rules: [] },
  { file: "packages/core-cipher/src/upward.ts", text: `import "@holdfast/storage-engine";`, rules: ["arrows-core-cipher"] },
  { file: "packages/storage-engine/src/upward.ts", text: `import "@holdfast/realm";`, rules: ["arrows-storage-engine"] },
  { file: "packages/storage-engine/src/sideways.ts", text: `import "@holdfast/query";`, rules: ["arrows-storage-engine"] },
  { file: "packages/storage-engine/src/upward-type.ts", text: `import type { A } from "@holdfast/realm"; export type B = A;`, rules: ["arrows-storage-engine"] },
  { file: "packages/query/src/downward.ts", text: `import "@holdfast/core-cipher";`, rules: ["arrows-query"] },
  { file: "packages/realm/src/past-the-engine.ts", text: `import "@holdfast/core-cipher";`, rules: ["arrows-realm"] },
  { file: "packages/react/src/past-the-sdk.ts", text: `import "@holdfast/storage-engine";`, rules: ["arrows-react"] },
  { file: "packages/realm/src/upward.ts", text: `import "@holdfast/react";`, rules: ["arrows-realm"] },
  { file: "packages/key-store-node/src/sideways.ts", text: `import "@holdfast/realm";`, rules: ["arrows-key-store-node"] },
  { file: "packages/key-store-web/src/sideways.ts", text: `import "@holdfast/key-store-node";`, rules: ["arrows-key-store-web"] },
  { file: "packages/key-store-web/src/portable.ts", text: `import "node:fs";`, rules: ["node-only-in-node-files"] },
  { file: "packages/key-store/src/downward.ts", text: `import "@holdfast/core-cipher";`, rules: ["arrows-key-store"] },
  { file: "packages/realm/src/deep.ts", text: `import "../../storage-engine/src/good.ts";`, rules: ["no-deep-imports"] },
  { file: "packages/query/src/cycle-a.ts", text: `import { b } from "./cycle-b.ts"; export const a = () => b;`, rules: ["no-cycles"] },
  { file: "packages/query/src/cycle-b.ts", text: `import { a } from "./cycle-a.ts"; export const b = () => a;`, rules: [] },
  { file: "packages/query/src/portable.ts", text: `import "node:fs";`, rules: ["node-only-in-node-files"] },
  { file: "packages/query/src/missing.ts", text: `import "./nowhere.ts";`, rules: ["no-unresolvable"] },
  { file: "packages/query/src/from-test.ts", text: `import "../test/helper.ts";`, rules: ["no-relative-import-of-tools"] },
  { file: "packages/query/test/helper.ts", text: `export const helper = 1;`, rules: [] },
  { file: "packages/query/src/dev.ts", text: `import "vitest";`, rules: ["no-undeclared-dependency"] },
  { file: "packages/storage-engine/src/locks.ts", text: `import "fs-native-extensions";`, rules: ["native-locks-only-in-node-files"] },
  { file: "conformance/src/deep.ts", text: `import "../../packages/query/src/index.ts";`, rules: ["no-deep-imports-from-outside"] },
];

const packageNames = ["core-cipher", "key-store", "key-store-node", "key-store-web", "query", "react", "realm", "storage-engine"] as const;
let copy = "";
let violations: readonly { rule: string; from: string }[] = [];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "holdfast-arrows-"));
  layOutWorkspace();
  for (const plant of plants) writeFile(plant.file, plant.text);
  violations = runCruiser();
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

for (const plant of plants) {
  it(`${plant.file} ${plant.rules.length === 0 ? "is allowed" : `breaks ${plant.rules.join(", ")}`}`, () => {
    const found = violations.filter((violation) => violation.from === plant.file).map((violation) => violation.rule);
    expect([...new Set(found)].toSorted()).toEqual([...plant.rules].toSorted());
  });
}

function layOutWorkspace(): void {
  cpSync(join(root, ".dependency-cruiser.mjs"), join(copy, ".dependency-cruiser.mjs"));
  writeFile("package.json", JSON.stringify({ name: "copy", type: "module", devDependencies: { vitest: "*" } }));
  for (const name of packageNames) {
    cpSync(join(root, "packages", name, "package.json"), join(copy, "packages", name, "package.json"));
    writeFile(`packages/${name}/src/index.ts`, "export const one = 1;");
    for (const importer of packageNames) linkDirectory(join(copy, "packages", name), join(copy, "packages", importer, "node_modules/@holdfast", name));
  }
  linkDirectory(join(root, "node_modules/vitest"), join(copy, "node_modules/vitest"));
  const locks = join("packages/storage-engine/node_modules/fs-native-extensions");
  linkDirectory(join(root, locks), join(copy, locks));
}

function writeFile(path: string, text: string): void {
  const target = join(copy, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

function linkDirectory(target: string, link: string): void {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link, "junction");
}

function runCruiser(): { rule: string; from: string }[] {
  const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const options = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "packages", "conformance"];
  const run = spawnSync(process.execPath, [program, ...options], { cwd: copy, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const report = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  return report.summary.violations.map((violation) => ({ rule: violation.rule.name, from: violation.from }));
}
