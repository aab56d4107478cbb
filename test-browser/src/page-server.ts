/**
 * Serves bundles to the browser, on loopback, isolated from other origins as an engine that shares memory needs it.
 *
 * @module
 */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestPageOptions } from "./browser.ts";
import { bundleEntry } from "./bundle.ts";

/** WebAssembly has to be allowed by name; `eval` is not. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const HEADERS = {
  "cache-control": "no-store",
  // A page without an origin is a stranger to its own server.
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"><script type="module" src="bundle.js"></script>`;

/** A server and the bundles that it knows. */
export class PageServer {
  readonly #server: Server;
  readonly #bundles: Promise<string>[] = [];
  readonly #numbers = new Map<string, number>();

  readonly #policy: string;

  private constructor(server: Server, connectsTo: readonly string[]) {
    this.#server = server;
    this.#policy = connectsTo.length === 0 ? POLICY : `${POLICY}; connect-src 'self' ${connectsTo.join(" ")}`;
    server.on("request", ({ url = "/" }, response) => void this.#answer(url, response));
  }

  /** Listens on a free port of the loopback interface. `connectsTo`: origins that pages may ask besides their own. */
  static async start(connectsTo: readonly string[] = []): Promise<PageServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PageServer(server, connectsTo);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The path of a page with a file's exports; the file is bundled once. */
  async pathOf({ entry, isSandboxed = false }: TestPageOptions): Promise<string> {
    let number = this.#numbers.get(entry);
    if (number === undefined) {
      number = this.#bundles.push(bundleEntry(entry)) - 1;
      this.#numbers.set(entry, number);
    }
    await this.#bundles[number];
    return `/${number}/${isSandboxed ? "sandboxed/" : ""}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const match = /^\/(?<number>\d+)\/(?<mode>sandboxed\/)?(?<file>bundle\.js)?$/u.exec(url);
    const bundle = this.#bundles[Number(match?.groups?.["number"] ?? -1)];
    if (bundle === undefined) return void response.writeHead(404, HEADERS).end();
    const isScript = match?.groups?.["file"] !== undefined;
    const policy = match?.groups?.["mode"] === undefined ? this.#policy : `${this.#policy}; sandbox allow-scripts`;
    response.writeHead(200, { ...HEADERS, "content-security-policy": policy, "content-type": isScript ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8" });
    response.end(isScript ? await bundle : PAGE);
  }
}
