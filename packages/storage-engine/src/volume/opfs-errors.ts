/**
 * What a browser says when it gives no files, in the engine's words.
 *
 * @module
 */
import { StoreError } from "../errors.ts";
import { VolumeError } from "./volume.ts";
import type { OpfsFolderHandle } from "./opfs-api.ts";

/** How browsers name the errors of files, and the system's names for the same. */
const SYSTEM_CODES: Readonly<Record<string, string>> = { QuotaExceededError: "ENOSPC", InvalidStateError: "EBADF", NotFoundError: "ENOENT" };

/** Runs a synchronous call of the browser; its error comes out as a {@link VolumeError}. */
export function call<Result>(what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof VolumeError) throw error;
    const { name = "Error", message = "" } = error as Partial<Error>;
    throw new VolumeError(SYSTEM_CODES[name] ?? "EIO", `${what}: ${name}: ${message}`, { cause: error });
  }
}

/** What of the browser's surroundings matters. */
interface Surroundings {
  readonly isSecureContext?: boolean;
  readonly navigator?: { readonly storage?: { getDirectory?(): Promise<OpfsFolderHandle> } };
  readonly document?: unknown;
}

/**
 * The folder in which all of an origin's private files are.
 *
 * @throws {StoreError} `STORAGE_INSECURE`, `STORAGE_UNSUPPORTED`, `STORAGE_DENIED`, `WORKER_NEEDED`.
 */
export async function openRoot(surroundings: Surroundings = globalThis as Surroundings): Promise<OpfsFolderHandle> {
  const { isSecureContext, navigator, document } = surroundings;
  if (isSecureContext === false) throw new StoreError("STORAGE_INSECURE", "this page was not loaded over https (or from localhost), and browsers keep files for no other");
  const storage = navigator?.storage;
  if (typeof storage?.getDirectory !== "function") throw new StoreError("STORAGE_UNSUPPORTED", "this browser has no origin private file system (navigator.storage.getDirectory)");
  if (document !== undefined) throw new StoreError("WORKER_NEEDED", "a page has no synchronous files: open the database in a dedicated worker");
  try {
    return await storage.getDirectory();
  } catch (error) {
    throw asDenied(error);
  }
}

/** A browser that refuses: in a private window, under a setting that blocks all storage, in a sandboxed frame. */
export function asDenied(error: unknown): StoreError {
  const { name = "Error", message = "" } = error as Partial<Error>;
  return new StoreError("STORAGE_DENIED", `the browser refuses this page its files, as in a private window or where the user blocks storage (${name}: ${message})`, { cause: error });
}

/** What getting hold of a file came to, for the errors that are not about this one file. */
export function asPrepareError(path: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const { name = "Error", message = "" } = error as Partial<Error>;
  const reason = `${name}: ${message}`;
  if (name === "NoModificationAllowedError") {
    // Realm's words for the nearest thing that it knows, for code which matches on them.
    return new StoreError("STORE_LOCKED", `Encrypted interprocess sharing is currently unsupported: '${path}' is open in another tab or worker (${reason})`, { cause: error });
  }
  if (name === "QuotaExceededError") return new StoreError("DISK_FULL", `the browser gives this origin no more room for '${path}' (${reason})`, { cause: error });
  if (name === "SecurityError" || name === "NotAllowedError") return asDenied(error);
  if (name === "NotSupportedError") return new StoreError("STORAGE_UNSUPPORTED", `this browser has no synchronous files (${reason})`, { cause: error });
  if (name === "TypeMismatchError") return new StoreError("NOT_A_FILE", `'${path}' is a folder, or a file stands where one of its folders should (${reason})`, { cause: error });
  return new StoreError("IO_FAILED", `preparing '${path}' failed: ${reason}`, { cause: error });
}
