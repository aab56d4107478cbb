import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("an application's tests run in vitest without mocks, and the run ends by itself", () => {
  const project = fileURLToPath(new URL("sample-project", import.meta.url));
  const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
  const run = spawnSync(process.execPath, [vitest, "run", "--root", project], { encoding: "utf8", timeout: 100_000, env: { ...process.env, VITEST: undefined, NO_COLOR: "1" } });
  expect(`${run.stdout}${run.stderr}`).toContain("2 passed");
  expect(run.status).toBe(0);
});
