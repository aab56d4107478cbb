/**
 * One browser bundle of a TypeScript file and what answers calls to its exports.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { build } from "esbuild";

/**
 * Bundles for browsers, from the sources of this workspace.
 *
 * @returns The text of one ES module, for windows and for dedicated workers.
 * @throws {Error} What esbuild says; also where a module of Node would have been reached.
 */
export async function bundleEntry(entry: string): Promise<string> {
  const client = join(import.meta.dirname, "client.ts");
  const source = `import * as exported from ${JSON.stringify(resolve(entry))};\nimport { answerCalls } from ${JSON.stringify(client)};\nanswerCalls(exported);\n`;
  const result = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@holdfast/source"],
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}
