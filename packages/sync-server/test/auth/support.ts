/**
 * A server of users in this process, over whichever database, and what talks to it.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { anonymousProvider, AuthService, createAuthHandler, localKeyProvider, openSqliteUserDatabase } from "../../src/index.ts";
import type { AuthLogEntry, AuthOptions, UserDatabase } from "../../src/index.ts";

const WIDE = { burst: 100_000, perMinute: 100_000 };

/** Runs when the test has ended, last one first. */
export function atEnd(close: () => Promise<unknown> | void): void {
  onTestFinished(async () => void (await close()));
}

/** A clock that a test turns. */
export class TestClock {
  ms = Date.parse("2026-03-01T12:00:00Z");
  readonly now = (): number => this.ms;
}

/** A started service with defaults of tests, and what it logged. */
export async function startService(options: Partial<AuthOptions> & { readonly database?: UserDatabase } = {}): Promise<{ service: AuthService; log: AuthLogEntry[]; options: AuthOptions }> {
  const log: AuthLogEntry[] = [];
  const database = options.database ?? openSqliteUserDatabase(":memory:");
  if (options.database === undefined) atEnd(() => database.close());
  const all: AuthOptions = {
    appId: "clinic",
    secrets: [randomBytes(32)],
    providers: [anonymousProvider()],
    key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
    addressLimit: WIDE,
    accountLimit: WIDE,
    log: (entry) => log.push(entry),
    ...options,
    database,
  };
  const service = new AuthService(all);
  await service.start();
  return { service, log, options: all };
}

/** A listener for services. */
export async function listen(services: readonly AuthService[], options: Parameters<typeof createAuthHandler>[1] = {}): Promise<string> {
  const handler = createAuthHandler(services, options);
  const server: Server = createServer((request, response) => {
    void handler(request, response).then((isTaken) => isTaken || response.writeHead(404).end("not of users"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** A nonce as clients make it. */
export function nonce(): string {
  return randomBytes(16).toString("base64url");
}

/** Logs in without HTTP. */
export function logIn(service: AuthService, provider: string, payload: Record<string, unknown> = {}): ReturnType<AuthService["logIn"]> {
  return service.logIn({ provider, payload, nonce: nonce(), address: "192.0.2.1" });
}

/** The code of what a promise throws; undefined if it throws nothing. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}
