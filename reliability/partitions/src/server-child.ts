/**
 * A process with one sync server.
 *
 * @module
 */
import { OPEN_RULES, PostgresStore, SqliteStore, SyncServer } from "@holdfast/sync-server";
import { serveRequests } from "./child.ts";
import type { Request, ServerMetrics } from "./messages.ts";
import { brokenStore } from "./mutants.ts";

let server: SyncServer | undefined;

/** Takes `test:USER`. */
const authenticator = {
  verify: (token: string) => Promise.resolve(token.startsWith("test:") ? { userId: token.slice(5), customData: {}, expiresAt: Date.now() + 3_600_000 } : { refused: "invalid" as const }),
};

async function serve({ place, skewMs, mutant }: Extract<Request, { do: "serve" }>): Promise<number> {
  const store = "sqlite" in place ? new SqliteStore(place.sqlite) : new PostgresStore({ connection: place.postgres, connections: 6, statementTimeoutMs: 3000 });
  const now = (): number => Date.now() + skewMs;
  server = new SyncServer({ store: brokenStore(store, mutant), authenticator, rules: OPEN_RULES, schemaPolicy: "clientsMayAdd", silenceMs: 2000, pollMs: 100, now });
  await server.start();
  return server.port;
}

function metricsOf({ metrics }: SyncServer): ServerMetrics {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics.text())?.[1] ?? 0);
  return { sessions: value("holdfast_sessions"), rssBytes: process.memoryUsage.rss(), transactions: metrics.count("holdfast_transactions_total"), flushFailures: metrics.count("holdfast_flush_failures_total"), bootstraps: metrics.count("holdfast_bootstraps_total") };
}

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case "serve":
      return serve(request);
    case "metrics":
      return metricsOf(server as SyncServer);
    case "stop": {
      const stopping = server;
      server = undefined;
      return stopping?.stop();
    }
    default:
      throw new Error(`a server cannot ${request.do}`);
  }
}

serveRequests(answer);
