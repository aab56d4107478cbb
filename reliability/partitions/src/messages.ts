/**
 * What the program says to its processes, and what they answer: one JSON object a line.
 *
 * @module
 */
import type { ViewName } from "./content.ts";
import type { MutantName } from "./mutants.ts";

/** A client, as its process is told to open it. */
export interface ClientJob {
  readonly id: string;
  readonly path: string;
  readonly url: string;
  /** Of the file, in hexadecimal digits; left out: a plain file. */
  readonly keyHex?: string;
  readonly view: ViewName;
  readonly seed: number;
  readonly writesPerSecond: number;
  /** Own transactions that had returned before. */
  readonly own: number;
  readonly isMaker: boolean;
  readonly mutant?: MutantName;
}

/** Where a server keeps its data. */
export type ServerPlace = { readonly sqlite: string } | { readonly postgres: object };

/** What a process is asked to do. */
export type Request =
  | { readonly do: "open"; readonly client: ClientJob }
  | { readonly do: "close" | "pause" | "resume" | "reconnect" | "status"; readonly id: string }
  | { readonly do: "load"; readonly id: string; readonly isOn: boolean }
  | { readonly do: "view"; readonly id: string; readonly view: ViewName; readonly patienceMs: number }
  | { readonly do: "uploaded" | "downloaded"; readonly id: string; readonly patienceMs: number }
  | { readonly do: "dump"; readonly id: string }
  | { readonly do: "clock"; readonly skewMs: number }
  | { readonly do: "serve"; readonly place: ServerPlace; readonly skewMs: number; readonly mutant?: MutantName }
  | { readonly do: "metrics" | "stop" };

/** What a process says by itself. */
export type Event =
  | { readonly say: "ready" }
  | { readonly say: "reply"; readonly number: number; readonly value?: unknown; readonly failure?: string }
  /** A transaction has returned. */
  | { readonly say: "wrote"; readonly id: string; readonly n: number }
  /** A guarantee does not hold. */
  | { readonly say: "wrong"; readonly id: string; readonly what: string }
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
