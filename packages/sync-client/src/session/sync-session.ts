/**
 * A realm's connection to its server, as applications see it: realm-js's `SyncSession`.
 *
 * @module
 */
import { TypeAssertionError } from "@holdfast/realm";
import { SyncError } from "../errors.ts";
import { isOneOf, ProgressDirection, ProgressMode } from "../names.ts";
import type { SyncConfiguration } from "../opening/configuration.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import type { SyncUser } from "../user.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionState } from "./connection-options.ts";

/** Hears of connections. */
export type ConnectionCallback = (newState: ConnectionState, oldState: ConnectionState) => void;

/** Hears of progress, 0 to 1; a callback with two parameters hears of hundredths of 100, since bytes are not counted. */
export type ProgressCallback = (estimate: number, transferable: number) => void;

interface ProgressEntry {
  readonly direction: "upload" | "download";
  readonly isForNow: boolean;
  readonly callback: ProgressCallback;
  /** Transactions that waited when the listener was added, or since there were none. */
  total: number;
  /** The place of the newest of them: what comes later is not outstanding now. */
  readonly newest: number;
}

/** The session of a realm. */
export class SyncSession {
  readonly config: SyncConfiguration;
  readonly #file: SyncedFile;
  readonly #connection: Connection;
  readonly #connectionCallbacks = new Set<ConnectionCallback>();
  #progress: ProgressEntry[] = [];
  #isClosed = false;

  /** @internal */
  constructor(parts: { config: SyncConfiguration; file: SyncedFile; connection: Connection }) {
    this.config = parts.config;
    this.#file = parts.file;
    this.#connection = parts.connection;
  }

  get user(): SyncUser {
    return this.config.user;
  }
  get url(): string {
    return this.#connection.url;
  }
  /** `inactive`: paused, or ended by an error; `invalid`: the realm was closed, and what goes on after that has ended. */
  get state(): "active" | "inactive" | "invalid" {
    if (this.#isClosed) return "invalid";
    return this.#connection.isRunning ? "active" : "inactive";
  }
  get connectionState(): ConnectionState {
    return this.#connection.state;
  }
  isConnected(): boolean {
    return this.#connection.state === "connected";
  }

  /** Ends the connection until `resume`. Writes go on. */
  pause(): void {
    this.#connection.stop();
  }
  resume(): void {
    if (!this.#isClosed) this.#connection.start();
  }
  /** Connects now, instead of at the end of the wait after a failure. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  /**
   * Waits until the server has acknowledged everything that was written before the call, also if a client reset comes between.
   *
   * What a reset drops counts as done if `clientReset.mode` is `discardUnsyncedChanges`.
   *
   * @throws {SyncError} `TIMEOUT`; `CHANGES_DISCARDED` if a reset has dropped a part of it in another mode
   */
  uploadAllLocalChanges(timeoutMs?: number): Promise<void> {
    const places = this.#file.outboxPlaces;
    if (places === undefined) return Promise.resolve();
    const isDone = (): boolean | SyncError => {
      const fate = this.#file.fateOf(places);
      return fate === "dropped" ? new SyncError("CHANGES_DISCARDED", "A client reset has dropped local changes before they were uploaded.") : fate === "acknowledged";
    };
    return this.#connection.waits.until(isDone, "Uploading local changes", timeoutMs);
  }

  /** Waits until everything is here that the server had at the time of the call. @throws {SyncError} `TIMEOUT` */
  downloadAllServerChanges(timeoutMs?: number): Promise<void> {
    return this.#connection.downloadAll(timeoutMs);
  }

  addConnectionNotification(callback: ConnectionCallback): void {
    checkCallback(callback);
    this.#connectionCallbacks.add(callback);
  }
  removeConnectionNotification(callback: ConnectionCallback): void {
    this.#connectionCallbacks.delete(callback);
  }

  /** Hears how much of what is outstanding is done: now and then, until it is, or for ever. */
  addProgressNotification(direction: "upload" | "download", mode: "reportIndefinitely" | "forCurrentlyOutstandingWork", callback: ProgressCallback): void {
    if (!isOneOf(ProgressDirection, direction)) throw new SyncError("CONFIGURATION_INVALID", "Expected 'direction' to be 'download' or 'upload'.");
    if (!isOneOf(ProgressMode, mode)) throw new SyncError("CONFIGURATION_INVALID", "Expected 'mode' to be 'reportIndefinitely' or 'forCurrentlyOutstandingWork'.");
    checkCallback(callback);
    const entry: ProgressEntry = { direction, isForNow: mode === "forCurrentlyOutstandingWork", callback, total: this.#file.outboxCount, newest: this.#file.outboxPlaces?.last ?? 0 };
    this.#progress.push(entry);
    queueMicrotask(() => this.#tell(entry));
  }
  removeProgressNotification(callback: ProgressCallback): void {
    this.#progress = this.#progress.filter((entry) => entry.callback !== callback);
  }

  /** @internal */
  _stateChanged(now: ConnectionState, before: ConnectionState): void {
    for (const callback of [...this.#connectionCallbacks]) callback(now, before);
  }

  /** @internal */
  _progressed(direction: "upload" | "download"): void {
    for (const entry of [...this.#progress]) if (entry.direction === direction) this.#tell(entry);
  }

  #tell(entry: ProgressEntry): void {
    if (!this.#progress.includes(entry)) return;
    const estimate = entry.direction === "upload" ? this.#uploadEstimate(entry) : this.#connection.downloader.estimate;
    if (entry.isForNow && estimate >= 1) this.#progress = this.#progress.filter((other) => other !== entry);
    if (entry.callback.length < 2) entry.callback(estimate, 1);
    else entry.callback(Math.round(estimate * 100), 100);
  }

  #uploadEstimate(entry: ProgressEntry): number {
    const left = entry.isForNow ? this.#file.outboxCountUpTo(entry.newest) : this.#file.outboxCount;
    entry.total = left === 0 ? 0 : Math.max(entry.total, left);
    return left === 0 ? 1 : 1 - left / entry.total;
  }

  /** @internal */
  _close(): void {
    this.#isClosed = true;
    this.#connection.stop();
    this.#connectionCallbacks.clear();
    this.#progress = [];
  }
}

function checkCallback(callback: unknown): void {
  if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
}
