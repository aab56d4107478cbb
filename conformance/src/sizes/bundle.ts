/**
 * What an application's bundle would hold: esbuild's, minified, from the sources of this workspace.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

/** For what a bundle is made. */
export type BundleTarget = "browser" | "React Native" | "Node";

/** A bundle to make. */
export interface BundleOptions {
  /** What the application writes. */
  readonly source: string;
  readonly target: BundleTarget;
  /** Packages that are left out: native ones, and those that the application has anyway. */
  readonly external?: readonly string[];
}

/** A bundle. */
export interface Bundle {
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  readonly brotliBytes: number;
  /** Modules of which something is in the bundle, by path from the repository, and how many bytes of each. */
  readonly modules: ReadonlyMap<string, number>;
  readonly text: string;
}

/** Imports resolve as this workspace's own do. */
const RESOLVE_FOLDER = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../../" : "../../../", import.meta.url));

/**
 * Bundles a source.
 *
 * @throws {Error} What esbuild says; for browsers also where a module of Node would have been reached.
 */
export async function bundle({ source, target, external = [] }: BundleOptions): Promise<Bundle> {
  const result = await build({
    stdin: { contents: source, resolveDir: RESOLVE_FOLDER, loader: "ts" },
    absWorkingDir: RESOLVE_FOLDER,
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    format: "esm",
    platform: target === "Node" ? "node" : "browser",
    target: "es2022",
    conditions: ["@holdfast/source", ...(target === "React Native" ? ["react-native"] : [])],
    external: [...external],
    logLevel: "silent",
  });
  const [output] = result.outputFiles;
  const [inputs] = Object.values(result.metafile.outputs).map((each) => each.inputs);
  if (output === undefined || inputs === undefined) throw new Error("esbuild made nothing");
  const modules = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return {
    minifiedBytes: output.contents.length,
    gzipBytes: gzipSync(output.contents, { level: 9 }).length,
    brotliBytes: brotliCompressSync(output.contents).length,
    modules: new Map(modules.map(([path, { bytesInOutput }]) => [path.replaceAll("\\", "/").replace(/^(?:\.\.\/)+/u, ""), bytesInOutput])),
    text: output.text,
  };
}
