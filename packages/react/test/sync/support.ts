/**
 * A server with users by name and with passwords, and an app of theirs that keeps nothing.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "@holdfast/sync-client";
import { AuthService, FunctionError, functionProvider, openSqliteUserDatabase, OPEN_RULES, SqliteStore, SyncServer, usersOf } from "@holdfast/sync-server";
import type { MailRequest, Rules } from "@holdfast/sync-server";
import { Realm } from "@holdfast/realm";
import { act } from "@testing-library/react";
import { onTestFinished } from "vitest";

/** What a test talks to. */
export interface World {
  readonly folder: string;
  readonly baseUrl: string;
  readonly mails: MailRequest[];
  readonly service: AuthService;
  app(): App;
}

/** Starts all of it; it ends with the test. */
export async function world(rules: Rules = OPEN_RULES): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-react-sync-"));
  const database = openSqliteUserDatabase(":memory:");
  const mails: MailRequest[] = [];
  const service = new AuthService({
    appId: "tasks",
    database,
    secrets: [randomBytes(32)],
    providers: [functionProvider(({ name }) => (typeof name === "string" ? { subject: name, profile: { name } } : undefined))],
    key: { mode: "device" },
    emailPassword: { confirm: (mail) => ({ status: mails.push(mail) > 0 ? "pending" : "fail" }), sendReset: (mail) => void mails.push(mail) },
    functions: {
      countOf: (_, list) => (list as unknown[]).length,
      refuse: () => {
        throw new FunctionError("not today");
      },
    },
  });
  await service.start();
  const server = new SyncServer({ store: new SqliteStore(join(folder, "server.db")), authenticator: service.authenticator(), users: usersOf([service], { allowedOrigins: ["http://localhost:3000"] }), rules, schemaPolicy: "clientsMayAdd", pollMs: 20 });
  await server.start();
  const baseUrl = `http://127.0.0.1:${String(server.port)}`;
  const apps: App[] = [];
  Realm.defaultPath = join(folder, "default.realm");
  onTestFinished(async () => {
    Realm.shutdown();
    for (const app of apps) app.close();
    await server.stop();
    await database.close();
    rmSync(folder, { recursive: true });
  });
  const app = (): App => {
    const made = new App({ id: "tasks", baseUrl, baseFilePath: folder, metadata: { mode: "inMemory" } });
    apps.push(made);
    return made;
  };
  return { folder, baseUrl, mails, service, app };
}

/** Waits for what the network brings, while React renders. */
export async function shows(read: () => unknown, expected: unknown, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (JSON.stringify(read()) !== JSON.stringify(expected) && performance.now() < end) await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  const seen = read();
  if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error(`expected ${JSON.stringify(expected)}, seen ${JSON.stringify(seen)}`);
}
