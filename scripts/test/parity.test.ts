import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

it("docs/parity.md is what rows and tests say, and no row is without a test or a reason", () => {
  const run = spawnSync(process.execPath, [resolve(import.meta.dirname, "../parity.mjs"), "--check"], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
});
