// `npm run demo:web`: builds the notes application (docs/examples/web) from the sources and serves it on loopback.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = join(root, "docs", "examples", "web");

/**
 * Builds into a folder. An application of its own needs none of these settings: they read this repository's sources instead of the compiled packages.
 *
 * @param {string} folder
 */
export async function buildWebDemo(folder) {
  const vite = await loadVite();
  // A test runner has set it to "test", which would build the application for developers.
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  await vite.build({ root: example, logLevel: "error", resolve: { conditions: ["@holdfast/source", ...vite.defaultClientConditions] }, build: { outDir: folder, emptyOutDir: true } });
  process.env.NODE_ENV = before;
}

/**
 * Serves what was built.
 *
 * @param {string} folder @param {number} port 0 for any.
 * @returns {Promise<{ address: string, close: () => Promise<void> }>}
 */
export async function serveWebDemo(folder, port) {
  const vite = await loadVite();
  const server = await vite.preview({ root: example, logLevel: "error", build: { outDir: folder }, preview: { host: "127.0.0.1", port, strictPort: false } });
  const address = server.httpServer.address();
  const http = /** @type {import("node:http").Server} */ (server.httpServer);
  /** @type {Promise<void> | undefined} */
  let closed;
  return {
    address: `http://localhost:${typeof address === "object" && address !== null ? address.port : port}/`,
    close() {
      closed ??= new Promise((resolve) => http.close(() => resolve()));
      // Browsers keep connections open for a next request.
      http.closeAllConnections();
      return closed;
    },
  };
}

async function loadVite() {
  const path = createRequire(join(example, "package.json")).resolve("vite");
  /** @type {typeof import("vite")} */
  const vite = await import(pathToFileURL(path).href);
  return vite;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  if (!existsSync(join(example, "node_modules"))) throw new Error("the packages are not installed: npm run demo:web");
  const folder = join(root, "tmp", "demo-web");
  await buildWebDemo(folder);
  const { address } = await serveWebDemo(folder, 4173);
  process.stdout.write(`Holdfast Notes: ${address}\nOpen it in Chromium, Chrome, Edge or Firefox, in two tabs; Ctrl+C ends it. The notes stay in that browser.\n`);
}
