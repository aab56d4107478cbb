/**
 * A copy of the packages in a temporary folder, in which faults are put and taken out again.
 *
 * The working tree is never changed. What the packages depend on is linked; the packages themselves are copied, so that
 * child processes of the tests run the mutated sources too.
 *
 * @module
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mutate } from "./mutant.ts";
import type { Mutant } from "./mutant.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Any of them may be mutated, or depend on one that is. */
const PACKAGES = readdirSync(join(ROOT, "packages"));
const NOT_COPIED = ["node_modules", "dist", ".turbo"];
const CONFIG = `const conditions = ["@holdfast/source"];
export default {
  cacheDir: "cache",
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["packages/*/test/**/*.test.ts"], pool: "forks", testTimeout: 0, hookTimeout: 0 },
};
`;

/** The source that a fault belongs into, as it is in the working tree. */
export function sourceOf(mutant: Mutant): string {
  return readFileSync(join(ROOT, "packages", mutant.file), "utf8");
}

/** A copy that is gone when it is closed. */
export class Workspace {
  readonly path: string;
  /** The test runner's program. */
  readonly vitest: string = join(ROOT, "node_modules/vitest/vitest.mjs");

  constructor() {
    this.path = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-mutants-")));
    writeFileSync(join(this.path, "vitest.config.mjs"), CONFIG);
    writeFileSync(join(this.path, "package.json"), '{ "private": true, "type": "module" }\n');
    cpSync(join(ROOT, "tsconfig.base.json"), join(this.path, "tsconfig.base.json"));
    symlinkSync(join(ROOT, "node_modules"), join(this.path, "node_modules"));
    for (const name of PACKAGES) this.#copyPackage(name);
  }

  #copyPackage(name: string): void {
    const [source, target] = [join(ROOT, "packages", name), join(this.path, "packages", name)];
    mkdirSync(target, { recursive: true });
    for (const part of readdirSync(source)) if (!NOT_COPIED.includes(part)) cpSync(join(source, part), join(target, part), { recursive: true });
    if (existsSync(join(source, "node_modules"))) this.#linkDependencies(join(source, "node_modules"), join(target, "node_modules"));
  }

  #linkDependencies(source: string, target: string): void {
    mkdirSync(target);
    for (const name of readdirSync(source)) {
      if (name.startsWith(".")) continue;
      if (name.startsWith("@")) this.#linkDependencies(join(source, name), join(target, name));
      else symlinkSync(this.#placeOf(join(source, name), name), join(target, name));
    }
  }

  /** A package of ours is the copied one. */
  #placeOf(link: string, name: string): string {
    return link.includes("@holdfast") && PACKAGES.includes(name) ? join(this.path, "packages", name) : realpathSync(link);
  }

  /** Runs something while the fault is in the copy. */
  with<T>(mutant: Mutant, run: () => T): T {
    const path = join(this.path, "packages", mutant.file);
    const source = readFileSync(path, "utf8");
    writeFileSync(path, mutate(source, mutant));
    try {
      return run();
    } finally {
      writeFileSync(path, source);
    }
  }

  close(): void {
    if (existsSync(this.path)) rmSync(this.path, { recursive: true, force: true });
  }
}
