/**
 * What all sessions of a server share, and what those of one shard share.
 *
 * @module
 */
import type { Limits, Stamp, SyncSchema } from "@holdfast/sync-protocol";
import type { Authenticator, VerifiedUser } from "../auth/authenticator.ts";
import type { Log } from "../operations/log.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { SchemaLayout } from "../schema/table-layout.ts";
import type { Store, Upload } from "../store/store.ts";
import type { Feed } from "./feed.ts";
import type { ResumeTokens } from "./resume-token.ts";
import type { Gate } from "./gate.ts";
import type { Session } from "./session.ts";
import type { UserRights } from "./user-rights.ts";
import type { Writer } from "./writer.ts";

/** Who decides on the schema: the server's configuration alone, or in development clients too, who may add to it. */
export type SchemaPolicy = "fixed" | "clientsMayAdd";

/** What a session has before it is known whose it is. */
export interface SessionFront {
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The shard of a verified user. @throws {SyncServerError} `SHARD_UNKNOWN`, `STORE_UNAVAILABLE`, `SERVER_STOPPING` */
  readonly contextOf: (user: VerifiedUser) => SessionContext;
  /** Counts a session as its user's; false if that user has as many as one may have. */
  readonly admits: (session: Session, user: string) => boolean;
}

/** Shared by the sessions of a shard. */
export interface SessionContext {
  readonly store: Store;
  readonly writer: Writer;
  readonly feed: Feed;
  readonly tokens: ResumeTokens;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly schemaPolicy: SchemaPolicy;
  readonly uploadsInFlight: number;
  readonly uploadBytesInFlight: number;
  /** Bootstraps that may run at once. */
  readonly bootstraps: Gate;
  /** With whose rights a transaction came. */
  readonly uploadRights: WeakMap<Upload, { readonly rights: () => UserRights; readonly layout: SchemaLayout }>;
  /** Up to where clients have everything, until it is written down. */
  readonly seen: Map<string, number>;
  readonly now: () => number;
  /** Up to where states are folded, as far as this server has heard. */
  readonly folded: () => Stamp;
  readonly layout: () => SchemaLayout;
  readonly newClientId: () => string;
  readonly rightsOf: (user: VerifiedUser) => UserRights;
  readonly extendSchema: (schema: SyncSchema) => Promise<void>;
  readonly greeted: (session: Session) => void;
  readonly closed: (session: Session) => void;
}
