/**
 * The compiled modules of this folder: what other runtimes run, since they shall run what users get.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const isSource = import.meta.url.endsWith(".ts");

/** Where a module of this folder is, compiled. */
export function compiled(name: string): string {
  return fileURLToPath(new URL(isSource ? `../../dist/src/platforms/${name}.js` : `./${name}.js`, import.meta.url));
}

/**
 * Compiles what has changed since it was compiled last: nothing, after a build.
 *
 * @throws {Error} With the compiler's words.
 */
export function compile(): void {
  if (!isSource) return;
  const compiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  if (!existsSync(compiler)) throw new Error("the compiler is not installed");
  const project = fileURLToPath(new URL("../..", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [compiler, "--build", project], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the compiled packages are needed, and the build failed: ${stdout.slice(0, 1000)}`);
}
