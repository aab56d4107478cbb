/**
 * Nothing of this is for Holdfast: it needs no configuration. It makes the application start without a network, and allows it nothing that it does not need.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";
import type { Plugin, UserConfig } from "vite";

const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; object-src 'none'; base-uri 'none'";

/** The service worker with the names of all files, and the content security policy. */
function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    transformIndexHtml: (html) => html.replace("<title>", `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />\n    <title>`),
    generateBundle(_options, bundle) {
      const files = ["/", ...Object.keys(bundle).filter((name) => name !== "index.html").map((name) => `/${name}`), ...readdirSync(join(import.meta.dirname, "public")).map((name) => `/${name}`)];
      const contents = Object.values(bundle).map((file) => (file.type === "chunk" ? file.code : file.source));
      const version = createHash("sha256").update(JSON.stringify(files)).update(contents.map(String).join("\0")).digest("hex").slice(0, 12);
      const source = readFileSync(join(import.meta.dirname, "service-worker.js"), "utf8").replace("ASSETS = []", `ASSETS = ${JSON.stringify(files)}`).replace('"holdfast-notes"', `"holdfast-notes-${version}"`);
      this.emitFile({ type: "asset", fileName: "service-worker.js", source });
    },
  };
}

const configuration: UserConfig = defineConfig({ plugins: [offline()], build: { target: "es2022", chunkSizeWarningLimit: 1000 } });
export default configuration;
