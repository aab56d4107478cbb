/**
 * Hints over NATS, for databases without LISTEN and NOTIFY. Messages are empty; the subject holds the random epoch of the database.
 *
 * @module
 */
import { SyncServerError } from "../errors.ts";
import type { HintBus, HintChannel } from "./hint-bus.ts";

/** How to reach NATS. */
export interface NatsHintsOptions {
  /** `host:port`. Off loopback over TLS only. */
  readonly servers: readonly string[];
  /** PEM. An empty object: TLS with the authorities that Node knows. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** What subjects begin with. Default `holdfast`. */
  readonly prefix?: string;
}

/** The part of `@nats-io/transport-node` that is used. */
interface NatsConnection {
  publish(subject: string): void;
  subscribe(subject: string, options: { readonly callback: () => void }): { unsubscribe(): void };
  isClosed(): boolean;
  close(): Promise<void>;
}
interface NatsModule {
  connect(options: object): Promise<NatsConnection>;
}

const LOOPBACK = /^(?:nats:\/\/|tls:\/\/)?(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;
const RECONNECT_MS = 500;

/** A bus over one connection, which is made when the first channel is opened and ends with the last one. @throws {SyncServerError} `TLS_REQUIRED` */
export function natsHints(options: NatsHintsOptions): HintBus {
  if (options.tls === undefined && options.servers.some((server) => !LOOPBACK.test(server))) throw new SyncServerError("TLS_REQUIRED", "NATS on another machine is reached over TLS only: give `tls`");
  let connecting: Promise<NatsConnection> | undefined;
  let users = 0;
  return {
    async open(channel, listener): Promise<HintChannel> {
      const natsModule = await loadNats();
      users++;
      connecting ??= connect(natsModule, options);
      const mine = connecting;
      const subject = `${options.prefix ?? "holdfast"}.hints.${channel}`;
      let nats: NatsConnection | undefined;
      let end: (() => void) | undefined;
      let isClosed = false;
      // Its own hints come back as well: they say nothing new, and cost a look at most.
      void mine.then(
        (connection) => {
          if (isClosed) return;
          nats = connection;
          const subscription = connection.subscribe(subject, { callback: listener });
          end = () => subscription.unsubscribe();
          listener();
        },
        () => undefined,
      );
      return {
        send() {
          // Publishing buffers while the connection is being made anew; what is lost is found by looking.
          if (nats?.isClosed() === false) nats.publish(subject);
        },
        async close() {
          if (isClosed) return;
          isClosed = true;
          end?.();
          if (--users > 0) return;
          connecting = undefined;
          await stop(mine);
        },
      };
    },
  };
}

/** Tries for as long as it takes: the first connection too. */
async function connect({ connect: dial }: NatsModule, { servers, tls, user, password, token }: NatsHintsOptions): Promise<NatsConnection> {
  return dial({
    servers: [...servers], name: "holdfast-sync", maxReconnectAttempts: -1, waitOnFirstConnect: true, reconnectTimeWait: RECONNECT_MS, ignoreClusterUpdates: true,
    ...(tls === undefined ? {} : { tls }), ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { pass: password }), ...(token === undefined ? {} : { token }),
  });
}

/** A connection that never came cannot be waited for. */
async function stop(connecting: Promise<NatsConnection>): Promise<void> {
  const connection = await Promise.race([connecting.catch(() => undefined), Promise.resolve(undefined)]);
  if (connection === undefined) void connecting.then((late) => late.close(), () => undefined);
  else await connection.close();
}

async function loadNats(): Promise<NatsModule> {
  const name = "@nats-io/transport-node";
  try {
    return (await import(name)) as NatsModule;
  } catch (cause) {
    throw new SyncServerError("CONFIGURATION_INVALID", `hints over NATS need the package ${name}: "npm install ${name}@3"`, { cause });
  }
}
