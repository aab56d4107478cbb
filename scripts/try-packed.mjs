// What a new user gets: every package packed, installed from its tarball in an empty project with npm, and
// the README's examples type-checked and run there. Examples and README cannot drift: they are one text.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { extractExample } from "./readme-examples.mjs";

const root = resolve(import.meta.dirname, "..");
const isWindows = process.platform === "win32";
const folder = mkdtempSync(join(tmpdir(), "holdfast-packed-"));
const tarballs = join(folder, "tarballs");
const project = join(folder, "project");
const markdown = readFileSync(join(root, "README.md"), "utf8");
const counts = { passed: 0, failed: 0 };

try {
  run("the build", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--build"], root);
  const packed = packAll();
  installAll(packed);
  test("every package holds its license, readme, sources and build", () => checkContents(packed));
  const typescript = extractExample(markdown, "ts");
  const javascript = extractExample(markdown, "js");
  writeFileSync(join(project, "example.ts"), typescript.source);
  writeFileSync(join(project, "javascript.mjs"), javascript.source);
  test("the TypeScript example is well typed", () => typeCheck());
  test("the TypeScript example prints what it says", () => compare("example.js", typescript.expected));
  test("the JavaScript example prints what it says", () => compare("javascript.mjs", javascript.expected));
} catch (error) {
  counts.failed += 1;
  process.stdout.write(`FAILED ${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** @typedef {{ name: string, version: string, file: string }} Packed */

/** @returns {Packed[]} */
function packAll() {
  mkdirSync(tarballs);
  return readdirSync(join(root, "packages")).map((directory) => {
    const source = join(root, "packages", directory);
    const { name, version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    const file = join(tarballs, `${directory}.tgz`);
    run(`packing ${name}`, process.execPath, [join(root, "node_modules/pnpm/bin/pnpm.mjs"), "pack", "--out", file], source);
    return { name, version, file };
  });
}

/** npm would look for the workspace's versions on a registry, so each is overridden by its tarball. @param {Packed[]} packed */
function installAll(packed) {
  mkdirSync(project);
  const files = Object.fromEntries(packed.map(({ name, file }) => [name, `file:${file}`]));
  const manifest = { name: "empty", private: true, type: "module", dependencies: files, overrides: Object.fromEntries(packed.map(({ name }) => [name, `$${name}`])) };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  run("npm install", isWindows ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], project);
}

/** @param {Packed[]} packed */
function checkContents(packed) {
  for (const { name } of packed) {
    const names = readdirSync(join(project, "node_modules", name));
    for (const wanted of ["LICENSE", "README.md", "dist", "src"]) if (!names.includes(wanted)) throw new Error(`${name} was packed without ${wanted}`);
    const manifest = readFileSync(join(project, "node_modules", name, "package.json"), "utf8");
    if (manifest.includes("workspace:")) throw new Error(`${name} was packed with a workspace: version`);
  }
}

/** The compiler is the workspace's; the settings are a careful user's, and find no source of ours. */
function typeCheck() {
  const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, module: "nodenext", target: "es2022", lib: ["es2023", "dom"], types: [], rootDir: "." };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["example.ts"] }));
  run("tsc", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "tsconfig.json"], project);
}

/** @param {string} program @param {string[]} expected */
function compare(program, expected) {
  const printed = run(program, process.execPath, [program], project).trim().split(/\r?\n/);
  if (JSON.stringify(printed) !== JSON.stringify(expected)) throw new Error(`${program} printed ${JSON.stringify(printed)}, its comments say ${JSON.stringify(expected)}`);
}

/** @param {string} title @param {() => void} check */
function test(title, check) {
  try {
    check();
    counts.passed += 1;
    process.stdout.write(`passed ${title}\n`);
  } catch (error) {
    counts.failed += 1;
    process.stdout.write(`FAILED ${title}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** @param {string} what @param {string} program @param {string[]} options @param {string} directory */
function run(what, program, options, directory) {
  const result = spawnSync(program, options, { cwd: directory, encoding: "utf8", shell: isWindows && program.endsWith(".cmd"), stdio: ["ignore", "pipe", "pipe"] });
  if (result.status === 0) return result.stdout;
  throw new Error(`${what} ended with ${result.error?.message ?? result.signal ?? result.status}:\n${result.stdout}${result.stderr}`);
}
