/**
 * What React Native's tools make of Holdfast: Metro bundles it, the compiler of today's Hermes takes it, an older Hermes runs it.
 *
 *     npm run test:native [-- --device-tests]
 *
 * With --device-tests, and in CI, the application for phones (docs/examples/device-tests) is type-checked, bundled by Expo and compiled, too: an install of 500 packages.
 *
 * No phone and no native module: files are in memory, the cipher is the portable one. The tools are installed beside the workspace
 * (test-native/package.json), the packages are the built ones.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "..");
const scratch = mkdtempSync(join(tmpdir(), "holdfast-native-"));
const SYSTEM = { linux: "linux64-bin", darwin: "osx-bin", win32: "win64-bin" }[process.platform];
const isWindows = process.platform === "win32";
const EXPECTED = "15 tasks, first: Aufgabe 19 ✓, wrong key: KEY_WRONG";
const deviceTests = join(root, "docs/examples/device-tests");
const isWhole = process.env.CI === "true" || process.env.CI === "1" || process.argv.includes("--device-tests");
const counts = { passed: 0, failed: 0 };

try {
  if (!existsSync(join(here, "node_modules/metro/package.json"))) run(isWindows ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], here);
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--build"], root);
  await checkAll();
  if (isWhole) await checkDeviceTests();
  else process.stdout.write("not run the application for phones: npm run test:native -- --device-tests\n");
} catch (error) {
  fail("the tools run", error);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function checkAll() {
  const { bundle } = await import("./bundle.mjs");
  const out = join(scratch, "bundle.js");
  /** @type {string[]} */
  let modules = [];
  await test("Metro bundles an application without configuration", async () => {
    modules = await bundle({ entry: "index.js", out });
  });
  await test("nothing of Node is in the bundle", () => {
    const found = modules.filter((path) => path.startsWith("/packages/") && asksForNode(path));
    if (found.length > 0) throw new Error(found.join(", "));
    if (!asksForNode("/packages/storage-engine/dist/volume/node-volume.js")) throw new Error("this check finds nothing");
    if (!modules.some((path) => path.endsWith("/injected-platform.js"))) throw new Error("the platform that waits to be given one is not in it");
  });
  await test("the compiler of Hermes takes the bundle", () => compile(out));
  await test("and would say so if it did not", () => {
    const wrong = join(scratch, "wrong.js");
    writeFileSync(wrong, "async function* wrong() { yield 1; }");
    try {
      compile(wrong);
    } catch {
      return;
    }
    throw new Error("it took an async generator");
  });
  await test("Hermes opens, writes, closes and reads a realm", () => {
    const whole = join(scratch, "whole.js");
    writeFileSync(whole, readFileSync(join(here, "prelude.js"), "utf8") + readFileSync(out, "utf8"));
    const said = run(join(here, "node_modules/hermes-engine-cli", String(SYSTEM), "hermes"), ["-O", "-w", whole], scratch).trim();
    if (said !== EXPECTED) throw new Error(`it said: ${said}`);
  });
}

async function checkDeviceTests() {
  await test("the application for phones can be installed", () => run(isWindows ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], deviceTests));
  await test("and is well typed", () => run(process.execPath, [join(deviceTests, "node_modules/typescript/bin/tsc"), "--noEmit"], deviceTests));
  await test("Expo bundles it, and React Native's Hermes compiler takes it", () => {
    const out = join(scratch, "device-tests");
    const said = run(process.execPath, [join(deviceTests, "node_modules/expo/bin/cli"), "export", "--platform", "android", "--output-dir", out], deviceTests, { CI: "1", EXPO_OFFLINE: "1", EXPO_NO_TELEMETRY: "1" });
    if (!/index-\w+\.hbc/u.test(said)) throw new Error(`there is no bytecode: ${said.slice(-500)}`);
  });
}

/** Metro itself finds no module of Node and says so; this looks at the sources of what it took. @param {string} path */
function asksForNode(path) {
  const names = builtinModules.filter((name) => name !== "buffer").join("|");
  const asked = new RegExp(`(?:\\bfrom|\\bimport|\\brequire\\(|\\bimport\\()\\s*["'](?:node:.*|fs-native-extensions|${names})["']`);
  return asked.test(readFileSync(join(root, path), "utf8"));
}

/** @param {string} source */
function compile(source) {
  run(join(here, "node_modules/hermes-compiler/hermesc", String(SYSTEM), "hermesc"), ["-O", "-w", "-emit-binary", "-out", `${source}.hbc`, source], scratch);
}

/** @param {string} title @param {() => unknown} action */
async function test(title, action) {
  try {
    await action();
    counts.passed += 1;
    process.stdout.write(`ok      ${title}\n`);
  } catch (error) {
    fail(title, error);
  }
}

/** @param {string} title @param {unknown} error */
function fail(title, error) {
  counts.failed += 1;
  process.stdout.write(`FAILED  ${title}: ${error instanceof Error ? error.message : String(error)}\n`);
}

/** @param {string} program @param {string[]} options @param {string} cwd @param {Record<string, string>} [env] @returns {string} */
function run(program, options, cwd, env = {}) {
  const result = spawnSync(program, options, { cwd, env: { ...process.env, ...env }, encoding: "utf8", shell: isWindows && program.endsWith(".cmd"), timeout: 600_000, maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return result.stdout;
  throw new Error(`${program.split(/[\\/]/).at(-1)} ended with ${result.error?.message ?? result.signal ?? result.status}: ${`${result.stdout}${result.stderr}`.slice(0, 2000)}`);
}
