/**
 * Keeps a user's tokens fresh: one refresh at a time on the whole device, repeatable after a crash at any moment.
 *
 * The words of the next refresh (token and nonce) are stored before they are sent, and the server gives the same answer to the same
 * words until the answer was used. So it does not matter whether a request, its answer or the device was lost.
 *
 * @module
 */
import type { KeyStore } from "@holdfast/key-store";
import { AppError } from "./app-error.ts";
import type { AuthConnection } from "./auth-connection.ts";
import { inDeviceTurn } from "./device-turn.ts";
import type { MetadataFile, StoredUser } from "./metadata-file.ts";
import { newNonce } from "./nonce.ts";
import { sessionAnswer } from "./session-answer.ts";

/** An access token with less life than this is refreshed before it is used, in ms. */
const MARGIN_MS = 60_000;

/** A refresh holds its turn for as long as the server may take, and to store the answer: whoever waits has twice that, and this, in ms. */
const SLACK_MS = 10_000;

/** Answers after which only a new login helps. */
const OVER: ReadonlySet<string> = new Set(["SESSION_REVOKED", "SESSION_INVALID", "TOKEN_INVALID"]);

/** What a refresh needs. */
export interface TokensOfUserOptions {
  readonly userId: string;
  readonly metadata: MetadataFile;
  readonly connection: () => AuthConnection;
  /** Its lock keeps two tabs or workers from refreshing at once where neither files nor the browser have any. */
  readonly store: KeyStore | undefined;
  readonly lockName: string;
  /** New tokens are stored. */
  readonly onRefresh: () => void;
  /** The server has ended the session. `isRevoked`: on purpose. */
  readonly onSessionOver: (isRevoked: boolean) => Promise<void>;
}

/** The tokens of one user on this device. */
export class TokensOfUser {
  readonly #options: TokensOfUserOptions;
  #refreshing: Promise<string> | undefined;

  constructor(options: TokensOfUserOptions) {
    this.#options = options;
  }

  /** An access token that is good now. @throws {AppError} `USER_NOT_LOGGED_IN`, `NETWORK_UNAVAILABLE`, the server's codes */
  async access(): Promise<string> {
    const user = this.#user(this.#options.metadata.user(this.#options.userId));
    return this.#isFresh(user) ? user.accessToken : this.refresh();
  }

  /** How long the access token still lives; undefined if there is none. */
  get leftMs(): number | undefined {
    const user = this.#options.metadata.user(this.#options.userId);
    return user?.state === "LoggedIn" ? user.accessExpiresMs - this.#options.metadata.serverNow() : undefined;
  }

  /** Another access token, whatever the present one says of itself. Callers at one time share one refresh. */
  refresh(): Promise<string> {
    this.#refreshing ??= this.#refreshInTurn().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refreshInTurn(): Promise<string> {
    const { connection, metadata, store, lockName, userId } = this.#options;
    const before = this.#user(metadata.user(userId));
    const patienceMs = 2 * connection().timeoutMs + SLACK_MS;
    return inDeviceTurn({ lockPath: metadata.lockPath, store, storeLockName: lockName, patienceMs }, () => this.#refreshAlone(before));
  }

  async #refreshAlone(before: StoredUser): Promise<string> {
    const { connection, metadata, onRefresh, onSessionOver, userId } = this.#options;
    // Another process may have done it while this one waited for its turn.
    const user = this.#user(metadata.newestUser(userId));
    if (user.refreshToken !== before.refreshToken && this.#isFresh(user)) return user.accessToken;
    try {
      const answer = sessionAnswer(await connection().ask({ method: "POST", path: "/session", body: { refresh_token: user.refreshToken, next_nonce: user.nextNonce } }));
      if (answer.userId !== userId) throw new AppError("ANSWER_INVALID", "the server has answered for another user");
      metadata.putRefresh(answer, newNonce());
      onRefresh();
      return answer.accessToken;
    } catch (error) {
      const { code } = error as Partial<AppError>;
      if (code === undefined || !OVER.has(code)) throw error;
      await onSessionOver(code === "SESSION_REVOKED");
      throw new AppError("USER_NOT_LOGGED_IN", "the session of this user has ended: log in again", { cause: error });
    }
  }

  #user(user: StoredUser | undefined): StoredUser {
    if (user?.state !== "LoggedIn") throw new AppError("USER_NOT_LOGGED_IN", "The specified user is not logged in.");
    return user;
  }

  #isFresh(user: StoredUser): boolean {
    return user.accessExpiresMs - this.#options.metadata.serverNow() > MARGIN_MS;
  }
}
