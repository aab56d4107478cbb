/**
 * One action at a time on the whole device, which gives up before its caller is sent away with an error that ends something.
 *
 * The lock lies beside a file of the app's, so that those who share the file share the lock, whether or not they have a key store. It is the
 * kernel's: a process that is killed has given it back. In a browser it is the origin's, which ends with the tab.
 *
 * @module
 */
import type { KeyStore } from "@holdfast/key-store";
import { hasFileTurns, takeFileTurn } from "@holdfast/realm/replica";
import type { FileTurn } from "@holdfast/realm/replica";
import { AppError } from "./app-error.ts";

const LONGEST_PAUSE_MS = 50;

/** Timers cannot be set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whose turn it is. */
export interface DeviceTurnOptions {
  /** The file whose lock it is; undefined if what is done concerns nothing on the disk. */
  readonly lockPath: string | undefined;
  /** Its lock is taken where there is no other one. */
  readonly store: KeyStore | undefined;
  readonly storeLockName: string;
  /** Has to be longer than an action may take. */
  readonly patienceMs: number;
}

/** The part of a browser's locks that is used. */
interface OriginLocks {
  request<Result>(name: string, options: { readonly signal: AbortSignal }, action: () => Promise<Result>): Promise<Result>;
}

/** Runs an action in its turn. @throws {AppError} `NETWORK_UNAVAILABLE` if the turn does not come: an action waits for the network, and so did its caller */
export async function inDeviceTurn<Result>({ lockPath, store, storeLockName, patienceMs }: DeviceTurnOptions, action: () => Promise<Result>): Promise<Result> {
  if (lockPath !== undefined && hasFileTurns()) {
    const turn = await fileTurn(lockPath, patienceMs);
    return action().finally(() => turn.giveBack());
  }
  const locks = (globalThis as { navigator?: { locks?: OriginLocks } }).navigator?.locks;
  if (lockPath !== undefined && locks !== undefined) return inOriginTurn({ locks, name: lockPath, patienceMs }, action);
  return store === undefined ? action() : store.exclusively(storeLockName, action);
}

async function fileTurn(lockPath: string, patienceMs: number): Promise<FileTurn> {
  const endsAtMs = performance.now() + patienceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const turn = takeFileTurn(lockPath);
    if (turn !== undefined) return turn;
    if (performance.now() > endsAtMs) throw tooLong(patienceMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function inOriginTurn<Result>({ locks, name, patienceMs }: { readonly locks: OriginLocks; readonly name: string; readonly patienceMs: number }, action: () => Promise<Result>): Promise<Result> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(tooLong(patienceMs)), Math.min(patienceMs, LONGEST_TIMER_MS));
  try {
    return await locks.request(`holdfast ${name}`, { signal: aborter.signal }, () => {
      clearTimeout(timer);
      return action();
    });
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(patienceMs: number): AppError {
  return new AppError("NETWORK_UNAVAILABLE", `others on this device have been asking the server for the same thing for ${String(Math.round(patienceMs / 1000))} seconds: try again later`);
}
