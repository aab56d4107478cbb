import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

it("[R-4.13] [R-11.2] models, plain forms, results and listeners have their types under strict", () => {
  const run = spawnSync(process.execPath, [path("../../../node_modules/typescript/bin/tsc"), "-p", path("types/tsconfig.json")], { encoding: "utf8" });
  expect(`${run.stdout}${run.stderr}`).toBe("");
  expect(run.status).toBe(0);
});
