/**
 * `@holdfast/realm/worker`: what an application's worker module calls, so that pages reach the realm with `openInWorker`.
 *
 * @module
 */
import { Candidate } from "./remote/candidate.ts";
import type { ServeOptions } from "./remote/candidate.ts";
import { currentHost } from "./remote/host.ts";
import type { StartMessage } from "./remote/messages.ts";

export type { ServeOptions } from "./remote/candidate.ts";
export type { Procedure, Procedures } from "./remote/owner.ts";

/** The global scope of a worker, as far as it is used. */
export interface WorkerScope {
  readonly document?: unknown;
  addEventListener?(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * Serves a realm to pages. Call it once, while the worker's module is evaluated: a page's first message does not wait.
 *
 * Each tab starts such a worker; one of them opens the file, and the others wait for their turn.
 *
 * @param scope - The worker's; another one in tests without a browser.
 * @throws {TypeError} Outside of a worker.
 */
export function serve(options: ServeOptions, scope: WorkerScope = globalThis as unknown as WorkerScope): void {
  if (scope.document !== undefined || scope.addEventListener === undefined) throw new TypeError("serve() is for a dedicated worker: start one from the page with openInWorker.");
  const host = currentHost();
  scope.addEventListener("message", ({ data }) => {
    if ((data as Partial<StartMessage> | null)?.holdfast === "start") new Candidate(host, options, data as StartMessage).start();
  });
}
