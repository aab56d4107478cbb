/** Deno without the right to call the C library has no kernel locks: a file is refused, and nothing is made. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRuntime, SERVER_RUNTIMES } from "../src/platforms/server-runtimes.ts";

const runtime = SERVER_RUNTIMES.find(({ name }) => name === "Deno");
const found = runtime === undefined ? { reason: "not listed" } : findRuntime(runtime);
const [program = ""] = "reason" in found ? [] : found;
const SCRIPT = fileURLToPath(new URL("./deno-opens.ts", import.meta.url));

describe.skipIf(program === "")("Deno", () => {
  it.each([
    { rights: [], said: "INTERPROCESS_UNSUPPORTED Deno needs --allow-ffi", left: [] },
    { rights: ["--allow-ffi"], said: "opened", left: ["a.realm"] },
  ])("with $rights: $said", ({ rights, said, left }) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-deno-"));
    try {
      const { stdout, stderr } = spawnSync(program, ["run", "--allow-read", "--allow-write", ...rights, "--conditions=@holdfast/source", SCRIPT, join(folder, "a.realm")], { encoding: "utf8" });
      expect({ said: stdout.trim(), stderr }).toMatchObject({ said });
      expect(readdirSync(folder).filter((name) => name === "a.realm")).toEqual(left);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
