/**
 * What reaches a browser or React Native when an application is bundled: nothing of Node, and the platform that belongs there.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, type Metafile } from "esbuild";
import { describe, expect, it } from "vitest";

const PACKAGES = resolve(import.meta.dirname, "../..");

/** How bundlers look at a package: Vite, webpack and esbuild for the web; Metro for phones. A module of Node that is reached is an error in both. */
const BUNDLES: Readonly<Record<string, { readonly options: BuildOptions; readonly platform: string }>> = {
  browser: { options: { platform: "browser", conditions: ["@holdfast/source"] }, platform: "browser-platform.ts" },
  "React Native": {
    options: { platform: "browser", mainFields: ["react-native", "browser", "module", "main"], conditions: ["@holdfast/source", "react-native"] },
    platform: "injected-platform.ts",
  },
};
/** Fails in a browser even where the bundler lets it pass. */
const NODE_ONLY = ["fs-native-extensions", ...builtinModules.flatMap((name) => [name, `node:${name}`])];
/** Node's name for a package that its users install: bson brings it. */
const INSTALLED = new Set(["buffer"]);

async function bundle(options: BuildOptions): Promise<Metafile> {
  const contents = `export { default } from "@holdfast/realm";`;
  const { metafile } = await build({ ...options, stdin: { contents, resolveDir: join(PACKAGES, "react"), loader: "ts" }, bundle: true, write: false, metafile: true, format: "esm", logLevel: "silent" });
  return metafile;
}

describe.each(Object.entries(BUNDLES))("a bundle for %s", (_name, { options, platform }) => {
  it("imports nothing of Node", async () => {
    const { inputs } = await bundle(options);
    const named = Object.keys(inputs).filter((path) => NODE_ONLY.some((name) => !INSTALLED.has(name) && (path === `(disabled):${name}` || path.includes(`node_modules/${name}/`))));
    expect(named).toEqual([]);
  });

  it("holds its platform and no other", async () => {
    const { inputs } = await bundle(options);
    const platforms = Object.keys(inputs).filter((path) => path.endsWith("-platform.ts") && !/(current|portable)-platform\.ts$/.test(path));
    expect(platforms.map((path) => path.slice(path.lastIndexOf("/") + 1))).toEqual([platform]);
  });
});

describe("a page with openInWorker", () => {
  const LIMIT_BYTES = 10_240;

  it(`gets a client of at most ${LIMIT_BYTES} bytes, compressed, without the engine`, async () => {
    const contents = `export * from "@holdfast/realm/client";`;
    const { outputFiles, metafile } = await build({ stdin: { contents, resolveDir: join(PACKAGES, "react"), loader: "ts" }, conditions: ["@holdfast/source"], platform: "browser", bundle: true, write: false, metafile: true, minify: true, format: "esm" });
    const foreign = Object.keys(metafile.inputs).filter((path) => !/packages\/realm\/src\/(client|errors|async-write|notifications\/change-sets|remote\/[\w-]+)\.ts$|^<stdin>$/.test(path));
    expect(foreign).toEqual([]);
    expect(gzipSync(outputFiles[0]?.contents as Uint8Array).length).toBeLessThan(LIMIT_BYTES);
  });
});

it("the engine's sources and its build choose the same platform under each condition", () => {
  const { imports } = JSON.parse(readFileSync(join(PACKAGES, "storage-engine/package.json"), "utf8")) as { imports: { "#platform": Record<string, string | Record<string, string>> } };
  const { "@holdfast/source": sources, ...built } = imports["#platform"];
  expect(Object.keys(imports["#platform"])[0]).toBe("@holdfast/source");
  expect(Object.entries(built).map(([condition, path]) => [condition, String(path).replace("./dist/", "./src/").replace(/\.js$/, ".ts")])).toEqual(Object.entries(sources as object));
});
