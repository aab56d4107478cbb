/**
 * A server of users and devices that talk to it, in this process.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseKeys, MemoryEntries, MemoryKeyStore } from "@holdfast/key-store";
import { anonymousProvider, AuthService, createAuthHandler, functionProvider, localKeyProvider, openSqliteUserDatabase } from "@holdfast/sync-server";
import type { AuthLogEntry, AuthOptions } from "@holdfast/sync-server";
import { onTestFinished } from "vitest";
import { App } from "../../src/index.ts";
import type { AppConfiguration, Fetch } from "../../src/index.ts";

const WIDE = { burst: 100_000, perMinute: 100_000 };

/** A server that a test can switch off. */
export interface TestServer {
  readonly service: AuthService;
  readonly baseUrl: string;
  readonly log: AuthLogEntry[];
  readonly options: AuthOptions;
}

/** Starts a server with anonymous users and users by name. */
export async function startServer(options: Partial<AuthOptions> = {}): Promise<TestServer> {
  const database = openSqliteUserDatabase(":memory:");
  const log: AuthLogEntry[] = [];
  const all: AuthOptions = {
    appId: "clinic",
    database,
    secrets: [randomBytes(32)],
    providers: [anonymousProvider(), functionProvider(({ name }) => (typeof name === "string" ? { subject: name, profile: { name } } : undefined))],
    key: { mode: "issued", providers: [localKeyProvider({ key: randomBytes(32) })] },
    apiKeys: true,
    emailPassword: {},
    addressLimit: WIDE,
    accountLimit: WIDE,
    log: (entry) => log.push(entry),
    ...options,
  };
  const service = new AuthService(all);
  await service.start();
  const handler = createAuthHandler([service]);
  const server = createServer((request, response) => void handler(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await database.close();
  });
  return { service, baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, log, options: all };
}

/** A network that a test can cut, and listen to. */
export class TestNetwork {
  isCut = false;
  readonly asked: string[] = [];
  /** Requests that were sent, given up by the device, and still lie about somewhere; filled while it is set. */
  late: (() => Promise<unknown>)[] | undefined;
  /** Called between the server's answer and its arrival. */
  onAnswer: ((path: string) => void | Promise<void>) | undefined;

  readonly fetch: Fetch = async (url, init) => {
    const { pathname } = new URL(url);
    if (this.isCut) throw new TypeError("fetch failed");
    const { signal: _, ...parts } = init;
    if (this.late?.push(() => fetch(url, parts)) !== undefined) throw new TypeError("fetch failed");
    this.asked.push(`${init.method} ${pathname}`);
    const response = await fetch(url, init);
    await this.onAnswer?.(pathname);
    if (this.isCut) throw new TypeError("fetch failed");
    return response;
  };
}

/** A device: a folder and a key store, which outlive the app. */
export class TestDevice {
  readonly folder: string = mkdtempSync(join(tmpdir(), "holdfast-app-"));
  readonly entries: MemoryEntries = new MemoryEntries();
  readonly keys: DatabaseKeys = new DatabaseKeys({ store: new MemoryKeyStore(this.entries) });
  readonly network: TestNetwork = new TestNetwork();
  readonly #server: TestServer;
  #app: App | undefined;

  constructor(server: TestServer) {
    this.#server = server;
    onTestFinished(() => {
      this.#app?.close();
      rmSync(this.folder, { recursive: true });
    });
  }

  /** Starts the app, after ending the one before it. */
  async start(changes: Partial<AppConfiguration> = {}): Promise<App> {
    this.#app?.close();
    this.#app = this.make(changes);
    await this.#app.ready();
    return this.#app;
  }

  /** Ends the app. */
  async stop(): Promise<void> {
    this.#app?.close();
    this.#app = undefined;
  }

  /** An app that is not open yet. */
  make(changes: Partial<AppConfiguration> = {}): App {
    return new App({ id: "clinic", baseUrl: this.#server.baseUrl, baseFilePath: this.folder, keys: this.keys, fetch: this.network.fetch, ...changes });
  }

  get metadataPath(): string {
    return join(this.folder, "holdfast-app/clinic/metadata.realm");
  }

  /** Every byte of every file. */
  bytes(): Buffer {
    const paths = readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Buffer.concat(paths.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
  }
}

/** The code of what a promise or a call throws. */
export async function codeOf(run: Promise<unknown> | (() => unknown)): Promise<string | undefined> {
  try {
    await (typeof run === "function" ? run() : run);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
