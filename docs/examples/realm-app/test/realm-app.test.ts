import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

it("the application prints what expected.txt holds", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@holdfast/source", join(root, "src/main.ts")]);
  expect(stdout.split("\n")).toEqual(readFileSync(join(root, "expected.txt"), "utf8").split("\n"));
});

it("the application imports nothing of Holdfast but its default export, as it would of realm", () => {
  for (const name of readdirSync(join(root, "src"))) {
    const imports = [...readFileSync(join(root, "src", name), "utf8").matchAll(/^import (.*) from "(@holdfast[^"]*)";$/gmu)].map(([, what, from]) => `${what} ${from}`);
    expect(imports.filter((line) => line !== "Realm @holdfast/realm")).toEqual([]);
  }
});
