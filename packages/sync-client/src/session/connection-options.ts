/**
 * What a connection is made of, and its limits of time.
 *
 * @module
 */
import type { SyncError } from "../errors.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import type { SyncUser } from "../user.ts";
import { BACK_OFF } from "./back-off.ts";
import type { BackOffOptions } from "./back-off.ts";
import type { NetworkConfiguration } from "./network.ts";
import type { Transport } from "./transport.ts";
import type { Waits } from "./waits.ts";

/** Limits of time; all in milliseconds. */
export interface ConnectionTiming {
  /** From the first byte to the server's welcome. */
  readonly connectTimeoutMs: number;
  /** After this long without a word the server is asked whether it is there. */
  readonly pingAfterMs: number;
  /** After this long without a word the connection is dead. */
  readonly silenceTimeoutMs: number;
  readonly backOff: BackOffOptions;
  /** A session whose realm was closed ends after this long without an acknowledgement; `Infinity` for never. Default a minute. */
  readonly backgroundTimeoutMs?: number;
  /** How long a part of a bootstrap's page may hold the event loop, its commit aside. Default 25. */
  readonly turnMs?: number;
}

/** What holds unless it is configured otherwise. */
export const TIMING: ConnectionTiming = { connectTimeoutMs: 30_000, pingAfterMs: 30_000, silenceTimeoutMs: 60_000, backOff: BACK_OFF, backgroundTimeoutMs: 60_000 };

/** Whether there is a connection: Realm's words. */
export type ConnectionState = "disconnected" | "connecting" | "connected";

/** Why the file and the server do not fit any more. */
export interface ResetReason {
  readonly code: string;
  readonly message: string;
  readonly mayRecover: boolean;
  /** True if the server may have more of the file than it has acknowledged. False if the file may be a copy of one that went on elsewhere. */
  readonly namesFormer: boolean;
}

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly file: SyncedFile;
  readonly user: SyncUser;
  readonly transport: Transport;
  /** Asked for before every connection. */
  readonly network?: () => NetworkConfiguration;
  readonly timing?: Partial<ConnectionTiming>;
  /** Takes the right to sync the file, which one process at a time has; undefined if another one has it. */
  readonly takeTurn: () => { giveBack(): void } | undefined;
  /** Whoever waits for something of the server. Fails with the session, and is revived with it. */
  readonly waits: Waits;
  readonly onError: (error: SyncError) => void;
  /** The file and the server do not fit any more. The connection is closed and stays so until `start`. */
  readonly onReset: (reason: ResetReason) => void;
  /** The connection does not go on before `start`. */
  readonly onStop?: () => void;
  readonly onState: (now: ConnectionState, before: ConnectionState) => void;
  readonly onProgress: (direction: "upload" | "download") => void;
}
