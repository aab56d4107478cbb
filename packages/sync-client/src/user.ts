/**
 * What a session needs of whoever is logged in.
 *
 * @module
 */
import type { Configuration } from "@holdfast/realm";
import type { NetworkConfiguration } from "./session/network.ts";

/** A user, as sessions see one. */
export interface SyncUser {
  /** The same for ever: files belong to it. */
  readonly id: string;
  /** Where the user's server is. */
  readonly url: string;
  readonly isLoggedIn: boolean;
  /** A token that is good now. Realm's `user.accessToken` is the one that is stored, fresh or not. */
  freshAccessToken(): Promise<string>;
  /** Another token: the server did not take the last one. @throws if the user has to log in again. */
  refreshAccessToken(): Promise<string>;
  /** How long the stored token still lives; undefined if that is not known. A session renews it in place before it ends. */
  accessTokenLeftMs?(): number | undefined;
  /** The server says that the user's session has ended. */
  loggedOutByServer?(): void;
  /** Headers, proxy and authorities for all connections of the user's app. */
  readonly network?: NetworkConfiguration;
  /** Gets the keys of this user that opening a file may need. @returns Undefined if there is nothing to wait for */
  prepareKey?(path: string, given: Uint8Array): Promise<void> | undefined;
  /** The key that a file is under, if `given` is one of this user's; the file may get a newer one first. @returns Undefined if `given` is to be used */
  keyFor?(file: Pick<Configuration, "path" | "freshness" | "readOnly">, given: Uint8Array): Uint8Array | undefined;
  /** A file of this user is open: it goes when the user is removed, but not before it is closed. @returns What to call then */
  holdFile?(path: string): () => void;
}
