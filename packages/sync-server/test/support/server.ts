/**
 * Servers for tests, and tokens that they take.
 *
 * @module
 */
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { Authenticator } from "../../src/auth/authenticator.ts";
import { OPEN_RULES } from "../../src/permissions/rules.ts";
import type { SyncServerOptions } from "../../src/sync-server.ts";
import { SyncServer } from "../../src/sync-server.ts";
import type { Store } from "../../src/store/store.ts";
import { TASKS } from "./operations.ts";
import { RawClient } from "./raw-client.ts";
import type { Place } from "./stores.ts";

/** Takes tokens that say who somebody is: for tests alone. */
export class TestAuthenticator implements Authenticator {
  /** By user; those that are not there have no custom data. */
  readonly customData = new Map<string, Readonly<Record<string, unknown>>>();

  async verify(token: string): ReturnType<Authenticator["verify"]> {
    const [kind, userId = "", lifeMs = "3600000"] = token.split(":");
    if (kind === "expired") return { refused: "expired" };
    if (kind !== "test") return { refused: "invalid" };
    return { userId, customData: this.customData.get(userId) ?? {}, expiresAt: Date.now() + Number(lifeMs) };
  }
}

/** The token of a user. */
export function tokenOf(user: string): string {
  return `test:${user}`;
}

/** What a test has running. */
export class Bench {
  readonly authenticator: TestAuthenticator = new TestAuthenticator();
  readonly logged: string[] = [];
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  /** Starts a server on a place's database. */
  async serve(place: Place, options: Partial<SyncServerOptions> = {}): Promise<SyncServer & { readonly store: Store }> {
    const store = await place.openStore();
    const write = (level: string) => (message: string, fields: object = {}): void => void this.logged.push(JSON.stringify({ level, message, ...fields }));
    const server = new SyncServer({ store, authenticator: this.authenticator, rules: OPEN_RULES, schema: TASKS, pollMs: 50, log: { info: write("info"), warn: write("warn"), error: write("error") }, ...options });
    await server.start();
    this.#cleanups.push(() => server.stop());
    return Object.assign(server, { store });
  }

  /** Connects a user's device. */
  async connect(server: { readonly url: string }, user: string, options: { readonly previous?: RawClient; readonly ca?: string; readonly schema?: SyncSchema } = {}): Promise<RawClient> {
    const client = await RawClient.connect({ url: server.url, token: tokenOf(user), ...options });
    this.#cleanups.push(() => client.close());
    return client;
  }

  /** Runs when the test ends, last one first. */
  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) await cleanup();
  }
}
