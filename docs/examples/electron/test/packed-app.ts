/**
 * The application as a packager leaves it: `app.asar`, beside it `app.asar.unpacked` with what must be a file.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createPackageWithOptions, extractAll } from "@electron/asar";
import { build } from "esbuild";

const example = resolve(import.meta.dirname, "..");
const root = resolve(example, "../../..");

/** What was packed. */
export interface PackedApp {
  /** `resources/app.asar`. */
  readonly archive: string;
  /** `resources/app.asar.unpacked`. */
  readonly unpacked: string;
}

/** Compiles, bundles, copies the dependencies and packs. @param folder - An empty one. */
export async function packApp(folder: string): Promise<PackedApp> {
  const app = join(folder, "app");
  compile();
  mkdirSync(join(app, "dist/page"), { recursive: true });
  for (const name of ["main.js", "tasks-realm.js"]) cpSync(join(example, "dist", name), join(app, "dist", name));
  cpSync(join(example, "src/index.html"), join(app, "dist/page/index.html"));
  const usual = { bundle: true, absWorkingDir: example, logLevel: "silent" } as const;
  await build({ ...usual, entryPoints: ["src/preload.ts"], outfile: join(app, "dist/preload.cjs"), format: "cjs", platform: "node", external: ["electron"] });
  await build({ ...usual, entryPoints: ["src/page.ts", "src/drafts-worker.ts"], outdir: join(app, "dist/page"), format: "esm", platform: "browser" });
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "tasks", version: "1.0.0", type: "module", main: "dist/main.js" }));
  copyDependencies(app);
  const archive = join(folder, "resources/app.asar");
  mkdirSync(dirname(archive));
  // What docs/guides/electron.md says.
  await createPackageWithOptions(app, archive, { unpack: "**/*.node" });
  return { archive, unpacked: `${archive}.unpacked` };
}

/** The application out of the archive alone. Electron reads in it without unpacking; plain Node cannot. */
export function extractApp({ archive }: PackedApp, to: string): void {
  extractAll(archive, to);
}

function compile(): void {
  const { status, stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--build", example], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the example does not compile: ${stdout.slice(0, 2000)}`);
}

/** What the main process imports at run time, each once, as a flat `node_modules`. */
function copyDependencies(app: string): void {
  const done = new Set<string>();
  const visit = (names: readonly string[], from: string): void => {
    for (const name of names) {
      const place = find(name, from);
      if (place === undefined || done.has(name)) continue;
      done.add(name);
      const target = join(app, "node_modules", name);
      const manifest = JSON.parse(readFileSync(join(place, "package.json"), "utf8")) as { files?: string[]; dependencies?: object; optionalDependencies?: object };
      const isOurs = name.startsWith("@holdfast/");
      for (const entry of isOurs ? ["package.json", "dist"] : readdirSync(place).filter((one) => one !== "node_modules")) cpSync(join(place, entry), join(target, entry), { recursive: true, dereference: true });
      visit(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), place);
    }
  };
  // The page's packages are in its bundle.
  visit(["@holdfast/key-store", "@holdfast/key-store-node", "@holdfast/realm"], example);
}

/** As Node looks, through pnpm's links; a package for another system is not there. */
function find(name: string, from: string): string | undefined {
  for (let folder = realpathSync(from); folder !== dirname(folder); folder = dirname(folder)) {
    const place = join(folder, "node_modules", name);
    if (existsSync(join(place, "package.json"))) return realpathSync(place);
  }
  return undefined;
}
