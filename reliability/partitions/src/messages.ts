/**
 * What the program says to its processes, and what they answer: one JSON object a line.
 *
 * @module
 */
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { Role, ViewName } from "./content.ts";
import type { MutantName } from "./mutants.ts";

/** A client, as its process is told to open it. */
export interface ClientJob {
  readonly id: string;
  readonly path: string;
  readonly url: string;
  /** Of the file, in hexadecimal digits; left out: a plain file. */
  readonly keyHex?: string;
  readonly view: ViewName;
  /** What its user may read; undefined while that changes. */
  readonly role: Role | undefined;
  /** True if its file may still show what it could read before it was closed. */
  readonly isRoleChanging: boolean;
  /** True for one that hides things and writes secrets. */
  readonly isHiding: boolean;
  /** All clients of the run, for the one that makes what everybody works on. */
  readonly everybody: readonly string[];
  readonly seed: number;
  readonly writesPerSecond: number;
  /** Own transactions that had returned before. */
  readonly own: number;
  readonly isMaker: boolean;
  /** True if what it says and hears is to be written down. */
  readonly isTraced: boolean;
  readonly mutant?: MutantName;
}

/** Users and what they may read. */
export type Roles = Readonly<Record<string, Role>>;

/** Where a server keeps its data. */
export type ServerPlace = { readonly sqlite: string } | { readonly postgres: object };

/** What a process is asked to do. */
export type Request =
  | { readonly do: "open"; readonly client: ClientJob }
  | { readonly do: "close" | "pause" | "resume" | "reconnect" | "status"; readonly id: string }
  | { readonly do: "load"; readonly id: string; readonly isOn: boolean }
  | { readonly do: "view"; readonly id: string; readonly view: ViewName; readonly patienceMs: number }
  /** Without a role: one that it has now is about to change. */
  | { readonly do: "role"; readonly id: string; readonly role: Role | undefined; readonly patienceMs: number }
  /** Closes the client, and looks for these texts in the keys of its file, and for secrets anywhere in it. */
  | { readonly do: "scan"; readonly id: string; readonly names: readonly string[] }
  | { readonly do: "uploaded" | "downloaded"; readonly id: string; readonly patienceMs: number }
  | { readonly do: "dump"; readonly id: string }
  | { readonly do: "clock"; readonly skewMs: number }
  | { readonly do: "serve"; readonly place: ServerPlace; readonly skewMs: number; readonly schema: SyncSchema; readonly roles: Roles; readonly mutant?: MutantName }
  | { readonly do: "roles"; readonly roles: Roles }
  | { readonly do: "metrics" | "stop" | "compact" };

/** What a process says by itself. */
export type Event =
  | { readonly say: "ready" }
  | { readonly say: "reply"; readonly number: number; readonly value?: unknown; readonly failure?: string }
  /** A transaction has returned. */
  | { readonly say: "wrote"; readonly id: string; readonly n: number }
  /** A guarantee does not hold. */
  | { readonly say: "wrong"; readonly id: string; readonly what: string }
  /** A client reset has begun, or is through. */
  | { readonly say: "reset"; readonly id: string; readonly isThrough: boolean }
  /** A page of a bootstrap came that was not the first, and whether a connection began with it. */
  | { readonly say: "page"; readonly id: string; readonly isContinued: boolean }
  /** The session reported an error. */
  | { readonly say: "error"; readonly id: string; readonly code: string; readonly message: string };

/** How a client is when everything is quiet. */
export interface ClientStatus {
  readonly isConnected: boolean;
  readonly isOutboxEmpty: boolean;
  readonly reads: number;
}

/** Objects by class, sorted by key. */
export type Dump = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** What a server says of itself. */
export interface ServerMetrics {
  readonly sessions: number;
  readonly rssBytes: number;
  readonly transactions: number;
  readonly flushFailures: number;
  readonly bootstraps: number;
}
