/**
 * A process with one sync server.
 *
 * @module
 */
import { PostgresStore, SqliteStore, SyncServer } from "@holdfast/sync-server";
import type { Rules } from "@holdfast/sync-server";
import { serveRequests } from "./child.ts";
import type { Request, Roles, ServerMetrics } from "./messages.ts";
import { brokenStore } from "./mutants.ts";
import type { MutantName } from "./mutants.ts";

const EVERYTHING = { read: true, insert: true, update: true, delete: true } as const;
const RULES: Rules = {
  classes: {
    Thing: [
      { name: "outsider", applyWhen: "%%user.custom_data.role == 'outsider'", ...EVERYTHING, read: "isHidden == false" },
      { name: "others", ...EVERYTHING },
    ],
    Secret: [
      { name: "insider", applyWhen: "%%user.custom_data.role == 'insider'", ...EVERYTHING },
      { name: "clerk", applyWhen: "%%user.custom_data.role == 'clerk'", ...EVERYTHING, fields: { body: { read: false, write: false } } },
    ],
  },
  others: [{ name: "everybody", ...EVERYTHING }],
};

let server: SyncServer | undefined;
let roles: Roles = {};
let mutant: MutantName | undefined;

/** Takes `test:USER`. */
const authenticator = {
  verify: (token: string) => Promise.resolve(token.startsWith("test:") ? verified(token.slice(5)) : { refused: "invalid" as const }),
};

function verified(userId: string): Parameters<SyncServer["userChanged"]>[0] {
  return { userId, customData: { role: roles[userId] ?? "outsider" }, expiresAt: Date.now() + 3_600_000 };
}

async function serve({ place, skewMs, schema, roles: known, mutant: planted }: Extract<Request, { do: "serve" }>): Promise<number> {
  roles = known;
  mutant = planted;
  const store = "sqlite" in place ? new SqliteStore(place.sqlite) : new PostgresStore({ connection: place.postgres, connections: 6, statementTimeoutMs: 3000 });
  const now = (): number => Date.now() + skewMs;
  server = new SyncServer({ store: brokenStore(store, mutant), authenticator, rules: RULES, schema, silenceMs: 2000, pollMs: 100, now });
  await server.start();
  return server.port;
}

function metricsOf({ metrics }: SyncServer): ServerMetrics {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics.text())?.[1] ?? 0);
  return { sessions: value("holdfast_sessions"), rssBytes: process.memoryUsage.rss(), transactions: metrics.count("holdfast_transactions_total"), flushFailures: metrics.count("holdfast_flush_failures_total"), bootstraps: metrics.count("holdfast_bootstraps_total") };
}

/** As a server does that hears of it from the table of users. */
function setRoles(now: Roles): void {
  const changed = Object.keys(now).filter((id) => now[id] !== roles[id]);
  roles = now;
  if (mutant === "tells-no-roles") return;
  for (const id of changed) server?.userChanged(verified(id));
}

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case "serve":
      return serve(request);
    case "metrics":
      return metricsOf(server as SyncServer);
    case "roles":
      return setRoles(request.roles);
    case "compact":
      return server?.compact();
    case "stop": {
      // Until it is through, its clients hear of their roles like those of the others.
      await server?.stop();
      server = undefined;
      return undefined;
    }
    default:
      throw new Error(`a server cannot ${request.do}`);
  }
}

serveRequests(answer);
