/**
 * The operator's port: `/metrics` for Prometheus, `/healthz` and `/healthz/SHARD`, and a page for people. Loopback only; numbers only.
 *
 * @module
 */
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

/** What the page is about. */
export interface AdminServerOptions {
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  /** By name; empty for a server with one database. */
  readonly shardsReady?: () => ReadonlyMap<string, boolean>;
  /** Lines of the page beside the metrics. */
  readonly facts: () => Readonly<Record<string, string>>;
  readonly port: number;
}

/** A listener on 127.0.0.1. */
export class AdminServer {
  readonly #server: Server;
  readonly #options: AdminServerOptions;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      // A page of a browser on this machine may not read it under another name (DNS rebinding).
      const host = (request.headers.host ?? "").replace(/:\d+$/, "");
      const [status, type, text] = request.method !== "GET" || !["127.0.0.1", "localhost"].includes(host) ? ([403, "text/plain", "forbidden\n"] as const) : this.#page(request.url ?? "/");
      response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'", "x-content-type-options": "nosniff" });
      response.end(text);
    });
  }

  /** Begins to listen. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, "127.0.0.1", resolve);
    });
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #page(url: string): readonly [status: number, type: string, text: string] {
    const { metrics, isReady, shardsReady, facts } = this.#options;
    const shards = shardsReady?.() ?? new Map<string, boolean>();
    const shard = url.startsWith("/healthz/") ? shards.get(url.slice("/healthz/".length)) : undefined;
    if (shard !== undefined) return shard ? [200, "text/plain", "ok\n"] : [503, "text/plain", "not ready\n"];
    switch (url) {
      case "/metrics":
        return [200, "text/plain; version=0.0.4", metrics.text()];
      case "/healthz":
        if (isReady() && shards.size > 0) return [200, "text/plain", [...shards].map(([name, ready]) => `${name}: ${ready ? "ok" : "not ready"}\n`).join("")];
        return isReady() ? [200, "text/plain", "ok\n"] : [503, "text/plain", "not ready\n"];
      case "/":
        return [200, "text/html", html([...Object.entries(facts()), ...[...shards].map(([name, ready]) => [`shard ${name}`, ready ? "ready" : "not ready"] as const), ...metrics.values().map(([name, value]) => [name, String(Math.round(value * 10_000) / 10_000)] as const)])];
      default:
        return [404, "text/plain", "not found\n"];
    }
  }
}

function html(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(([name, value]) => `<tr><td>${escaped(name)}<td>${escaped(value)}`).join("\n");
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Holdfast sync server</title><style>body{font:16px system-ui;margin:2rem}td{padding:.2rem 1rem .2rem 0}</style><h1>Holdfast sync server</h1><table>${cells}</table>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
