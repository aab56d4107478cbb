// What a new user gets: every package packed, installed from its tarball in an empty project with npm, and
// the README's examples type-checked and run there. Examples and README cannot drift: they are one text.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { extractExample, extractPrograms } from "./readme-examples.mjs";
import { postgresMissing, trySyncGuide } from "./sync-guide.mjs";

const root = resolve(import.meta.dirname, "..");
const isWindows = process.platform === "win32";
const folder = mkdtempSync(join(tmpdir(), "holdfast-packed-"));
const tarballs = join(folder, "tarballs");
const project = join(folder, "project");
const markdown = readFileSync(join(root, "README.md"), "utf8");
const counts = { passed: 0, failed: 0, skipped: 0 };

try {
  run("the build", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--build"], root);
  const packed = packAll();
  installAll(packed);
  test("every package holds its license, readme, sources and build", () => checkContents(packed));
  const typescript = extractExample(markdown, "ts");
  const javascript = extractExample(markdown, "js");
  writeFileSync(join(project, "example.ts"), typescript.source);
  writeFileSync(join(project, "javascript.mjs"), javascript.source);
  const stores = writeKeyStoreExamples();
  test("the TypeScript examples are well typed", () => typeCheck(["example.ts", ...stores]));
  test("the TypeScript example prints what it says", () => compare("example.js", typescript.expected));
  tryKeyStores();
  test("the JavaScript example prints what it says", () => compare("javascript.mjs", javascript.expected));
  const missing = postgresMissing();
  if (missing === undefined) await testAsync("the sync guide's two devices share tasks over a real PostgreSQL", () => trySyncGuide(join(project, "clinic")));
  else {
    counts.skipped += 1;
    process.stdout.write(`not run the sync guide: ${missing}\n`);
  }
  // Installs Vite and React from the registry: in CI, and when asked for.
  if (process.env.CI !== undefined || process.argv.includes("--web")) test("the browser guide's application is well typed, and Vite builds it without configuration", () => buildGuide(packed));
} catch (error) {
  counts.failed += 1;
  process.stdout.write(`FAILED ${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${counts.skipped === 0 ? "" : `, ${counts.skipped} not run`}\n`);
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

/** The compiler is the workspace's; the settings are a careful user's, and find no source of ours. @param {string[]} files */
function typeCheck(files) {
  const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, module: "nodenext", target: "es2022", lib: ["es2023", "dom"], types: [], rootDir: "." };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  run("tsc", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "tsconfig.json"], project);
}

/** The READMEs of the key stores that run on Node, each example a file of its own. @returns {string[]} */
function writeKeyStoreExamples() {
  const sources = {
    "keys-memory.ts": program("key-store", 0),
    "keys-keyring.ts": program("key-store-node", 0),
    "keys-file.ts": program("key-store-node", 1),
  };
  for (const [name, source] of Object.entries(sources)) writeFileSync(join(project, name), source);
  return Object.keys(sources);
}

/** @param {string} directory @param {number} index */
function program(directory, index) {
  const source = extractPrograms(readFileSync(join(root, "packages", directory, "README.md"), "utf8"), "ts")[index];
  if (source === undefined) throw new Error(`the README of ${directory} has no example number ${index + 1}`);
  return source;
}

/** The application "From nothing" of the browser's guide, in a folder that has what `npm create vite` puts there. @param {Packed[]} packed */
function buildGuide(packed) {
  const guide = readFileSync(join(root, "docs/guides/browser.md"), "utf8");
  const files = [...guide.slice(guide.indexOf("## From nothing")).matchAll(/```tsx?\n\/\/ (?<name>src\/\S+)\n(?<source>[^]*?)```/gu)];
  if (files.length !== 3) throw new Error(`the guide's application has ${files.length} files`);
  const place = join(folder, "web");
  mkdirSync(join(place, "src"), { recursive: true });
  for (const { groups } of files) writeFileSync(join(place, groups?.name ?? ""), groups?.source ?? "");
  writeFileSync(join(place, "index.html"), `<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>`);
  writeFileSync(join(place, "src/main.tsx"), `import { createRoot } from "react-dom/client";\nimport App from "./App.tsx";\n\ncreateRoot(document.getElementById("root")!).render(<App />);\n`);
  const names = ["core-cipher", "query", "storage-engine", "realm", "react", "key-store", "key-store-web"].map((name) => `@holdfast/${name}`);
  const ours = packed.filter(({ name }) => names.includes(name));
  const dependencies = { ...Object.fromEntries(ours.map(({ name, file }) => [name, `file:${file}`])), react: "19.3.1", "react-dom": "19.3.1", "@types/react": "19.3.0", "@types/react-dom": "19.3.0", vite: "8.3.8" };
  writeFileSync(join(place, "package.json"), JSON.stringify({ name: "web", private: true, type: "module", dependencies, overrides: Object.fromEntries(ours.map(({ name }) => [name, `$${name}`])) }));
  run("npm install", isWindows ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], place);
  const compilerOptions = { strict: true, target: "es2023", lib: ["ES2023", "DOM"], module: "esnext", moduleResolution: "bundler", types: ["vite/client"], skipLibCheck: true, allowImportingTsExtensions: true, verbatimModuleSyntax: true, noEmit: true, jsx: "react-jsx" };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  run("tsc", process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "tsconfig.json"], place);
  run("vite build", process.execPath, [join(place, "node_modules/vite/bin/vite.js"), "build"], place);
  const scripts = readdirSync(join(place, "dist/assets")).filter((name) => name.endsWith(".js"));
  if (!scripts.some((name) => name.includes("worker"))) throw new Error(`Vite made no worker: ${scripts.join(", ")}`);
}

/** Each program is started twice: the second start opens what the first has made. */
function tryKeyStores() {
  test("a key in memory encrypts a realm", () => counted("keys-memory.js", [], ["1"]));
  test("a key in files opens its realm again after a restart", () => counted("keys-file.js", [], ["1", "2"]));
  if (spawnSync("dbus-run-session", ["--version"]).error !== undefined || spawnSync("gnome-keyring-daemon", ["--version"]).error !== undefined) {
    counts.skipped += 1;
    process.stdout.write("not run a key in the keyring opens its realm again: apt-get install dbus gnome-keyring\n");
    return;
  }
  const session = ["dbus-run-session", "--", "bash", "-c", 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec "$@"', "bash"];
  test("a key in a real keyring opens its realm again after a restart, of the keyring, too", () => counted("keys-keyring.js", session, ["1", "2"]));
}

/** @param {string} name @param {string[]} before What starts Node. @param {string[]} expected What each start prints. */
function counted(name, before, expected) {
  const home = join(folder, "home");
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const environment = { HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_STATE_HOME: join(home, "state"), XDG_CONFIG_HOME: join(home, "config"), XDG_RUNTIME_DIR: join(home, "run"), DISPLAY: undefined, WAYLAND_DISPLAY: undefined, DBUS_SESSION_BUS_ADDRESS: undefined };
  const place = mkdtempSync(join(folder, "application-"));
  for (const text of expected) {
    const [first = "", ...rest] = [...before, process.execPath, join(project, name)];
    const printed = run(name, first, rest, place, before.length === 0 ? {} : environment).trim();
    if (printed !== text) throw new Error(`${name} printed ${JSON.stringify(printed)} instead of ${text}`);
  }
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
    passed(title);
  } catch (error) {
    failed(title, error);
  }
}

/** @param {string} title @param {() => Promise<void>} check */
async function testAsync(title, check) {
  try {
    await check();
    passed(title);
  } catch (error) {
    failed(title, error);
  }
}

/** @param {string} title */
function passed(title) {
  counts.passed += 1;
  process.stdout.write(`passed ${title}\n`);
}

/** @param {string} title @param {unknown} error */
function failed(title, error) {
  counts.failed += 1;
  process.stdout.write(`FAILED ${title}: ${error instanceof Error ? error.message : String(error)}\n`);
}

/** @param {string} what @param {string} program @param {string[]} options @param {string} directory @param {NodeJS.ProcessEnv} [environment] */
function run(what, program, options, directory, environment = {}) {
  const result = spawnSync(program, options, { cwd: directory, env: { ...process.env, ...environment }, encoding: "utf8", shell: isWindows && program.endsWith(".cmd"), stdio: ["ignore", "pipe", "pipe"] });
  if (result.status === 0) return result.stdout;
  throw new Error(`${what} ended with ${result.error?.message ?? result.signal ?? result.status}:\n${result.stdout}${result.stderr}`);
}
