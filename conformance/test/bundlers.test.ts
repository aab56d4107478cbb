/**
 * Applications for browsers, bundled without any configuration: nothing of Node is in them, no polyfill is asked for, nothing is complained about.
 *
 * The compiled packages are bundled, as they are published. Metro, for phones: `npm run test:native`.
 *
 * @module
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build as buildWithEsbuild } from "esbuild";
import { build as buildWithVite, type Plugin } from "vite";
import webpack from "webpack";
import { afterAll, beforeAll, expect, it } from "vitest";

const APP = join(import.meta.dirname, "bundlers/app");
const COMPILED = join(import.meta.dirname, "../../packages/realm/dist/index.js");
/** A sentence of the engine: whatever holds it has the engine in it. */
const ENGINE = "Realm file decryption failed";
/** Imports that a bundler has left for the browser to find. */
const LEFT = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["'`](?<name>[a-z][\w:/]*)["'`]/gu;

let folder: string;

beforeAll(() => {
  if (!existsSync(COMPILED)) throw new Error("the packages are not compiled: npx tsc --build");
  folder = mkdtempSync(join(tmpdir(), "holdfast-bundlers-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every script in a folder, as one text. */
function scriptsIn(place: string): string {
  const files = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  return files.map((name) => readFileSync(join(place, name), "utf8")).join("\n");
}

function expectForBrowsers(text: string): void {
  expect(text).toContain(ENGINE);
  expect(nodeModulesNamedIn(text)).toEqual([]);
}

function nodeModulesNamedIn(text: string): string[] {
  const names = [...text.matchAll(LEFT)].map((match) => match.groups?.["name"] ?? "");
  return names.filter((name) => name.startsWith("node:") || builtinModules.includes(name));
}

it("finds a module of Node that was left in a bundle", () => {
  expect(nodeModulesNamedIn(`import"node:path";import{readFileSync as e}from"node:fs";const a=await import("crypto"),b=require('path');import"./own.js"`)).toEqual(["node:path", "node:fs", "crypto", "path"]);
});

it("Vite", async () => {
  const complaints: string[] = [];
  const customLogger = { info: () => undefined, warn: (text: string) => complaints.push(text), warnOnce: (text: string) => complaints.push(text), error: (text: string) => complaints.push(text), clearScreen: () => undefined, hasErrorLogged: () => false, hasWarned: false };
  // For what Node has, Vite puts in an empty module, of a name of its own, and a worker's bundle does not even say so.
  const modules: string[] = [];
  const watching: Plugin = {
    name: "test:modules",
    generateBundle: (_options, output) => void modules.push(...Object.values(output).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []))),
  };
  // A chunk's size is Vite's to mention.
  await buildWithVite({ root: APP, configFile: false, logLevel: "warn", customLogger, plugins: [watching], worker: { plugins: () => [watching] }, build: { outDir: join(folder, "vite"), emptyOutDir: true, chunkSizeWarningLimit: 2000, target: "es2022" } });
  expectForBrowsers(scriptsIn(join(folder, "vite")));
  expect(modules.some((id) => id.includes("storage-engine/dist/browser-platform.js"))).toBe(true);
  expect(modules.filter((id) => id.includes("browser-external"))).toEqual([]);
  expect(complaints).toEqual([]);
});

it("webpack", async () => {
  const place = join(folder, "webpack");
  // As it is usually, but for the minifier, which takes most of its time and adds nothing here.
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    const configuration: webpack.Configuration = { mode: "production", context: APP, entry: "./page.js", output: { path: place }, performance: false, optimization: { minimize: false } };
    webpack(configuration, (error, done) => (error === null ? resolve(done) : reject(error)));
  });
  const { errors, warnings } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
  expect([...(errors ?? []), ...(warnings ?? [])].map(({ message }) => message)).toEqual([]);
  expectForBrowsers(scriptsIn(place));
});

it("esbuild", async () => {
  const { warnings } = await buildWithEsbuild({ entryPoints: [join(APP, "page.js"), join(APP, "worker.js")], bundle: true, minify: true, format: "esm", outdir: join(folder, "esbuild"), logLevel: "silent" });
  expect(warnings).toEqual([]);
  expectForBrowsers(scriptsIn(join(folder, "esbuild")));
});
