import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

it("the hooks take class models under strict, and give their objects", () => {
  const run = spawnSync(process.execPath, [path("../../../node_modules/typescript/bin/tsc"), "-p", path("types/tsconfig.json")], { encoding: "utf8" });
  expect(`${run.stdout}${run.stderr}`).toBe("");
  expect(run.status).toBe(0);
});
