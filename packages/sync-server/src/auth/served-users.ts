/**
 * What a listener needs of users: answers to their requests, and word of sessions that end.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createAuthHandler } from "./auth-handler.ts";
import type { AuthHandlerOptions } from "./auth-handler.ts";
import type { AuthService } from "./auth-service.ts";

/** Users behind a sync server's port. */
export interface ServedUsers {
  /** @returns False, and nothing done, for a request that is none of users */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** @returns How to end it */
  onSessionEnd(listener: (ended: { readonly userId: string }) => void): () => void;
}

/** The users of applications, for `users` of a `SyncServer`. */
export function usersOf(services: readonly AuthService[], options: AuthHandlerOptions = {}): ServedUsers {
  return {
    answer: createAuthHandler(services, options),
    onSessionEnd(listener) {
      const ends = services.map((service) => service.onSessionEnd(listener));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
