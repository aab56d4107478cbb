/**
 * Sessions of users: a sequence of refresh tokens each, of which the newest works, and the one before it until the newest was used.
 *
 * A device that was ended between receiving a token and storing it presents the one before again, with the nonce that it had stored
 * beforehand, and is given the very same token. A token from further back, or one whose place in the sequence was given to
 * somebody with another nonce, was copied: the whole session ends.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import type { RefreshClaims } from "./tokens.ts";
import { integerOf, tableName } from "./user-database.ts";
import type { SqlRow, UserDatabase } from "./user-database.ts";

/** What a session belongs to. */
export interface SessionOwner {
  readonly sessionId: string;
  readonly userId: string;
}

/** How long sessions live. */
export interface UserSessionsOptions {
  readonly appId: string;
  readonly database: UserDatabase;
  /** Days without a refresh after which a session is over. */
  readonly idleDays: number;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

/** The sessions of an application's users. */
export class UserSessions {
  readonly #options: UserSessionsOptions;
  readonly #table: string;

  constructor(options: UserSessionsOptions) {
    this.#options = options;
    this.#table = tableName(options.database, "session");
  }

  /** Begins one, if the user is still there. @returns What the first refresh token says. */
  async begin({ userId, deviceId, nonce }: { readonly userId: string; readonly deviceId: string; readonly nonce: string }): Promise<RefreshClaims> {
    const { appId, database, now } = this.#options;
    const sessionId = randomBytes(16).toString("base64url");
    await database.query(
      `INSERT INTO ${this.#table} (id, app, user_id, device_id, seq, nonce, created_ms, expires_ms) VALUES ($1, $2, $3, $4, 1, $5, $6, $7)`,
      [sessionId, appId, userId, deviceId, nonce, now(), this.#expiryMs()],
    );
    return { sessionId, seq: 1, nonce };
  }

  /**
   * Takes a genuine refresh token and gives what the next one says.
   *
   * @param nextNonce - Chosen and stored by the client before it asked.
   * @throws {AuthError} `SESSION_INVALID`, `SESSION_REVOKED`
   */
  async rotate({ sessionId, seq, nonce }: RefreshClaims, nextNonce: string): Promise<RefreshClaims & SessionOwner & { readonly deviceId: string }> {
    const { database, now } = this.#options;
    const next = await database.transaction(async (runner) => {
      // One statement that changes the row only if the token is the newest, or the one before a newest that nobody has used.
      const [row] = await runner.query(
        `UPDATE ${this.#table} SET seq = $2 + 1, nonce = $4, previous_nonce = $3, expires_ms = $6
         WHERE id = $1 AND app = $7 AND revoked_ms IS NULL AND expires_ms > $5 AND ((seq = $2 AND nonce = $3) OR (seq = $2 + 1 AND previous_nonce = $3)) RETURNING user_id, device_id`,
        [sessionId, seq, nonce, nextNonce, now(), this.#expiryMs(), this.#options.appId],
      );
      if (row !== undefined) return row;
      return (await runner.query(`SELECT revoked_ms, expires_ms FROM ${this.#table} WHERE id = $1 AND app = $2`, [sessionId, this.#options.appId]))[0];
    });
    if (next?.["user_id"] !== undefined) return { sessionId, seq: seq + 1, nonce: nextNonce, userId: String(next["user_id"]), deviceId: String(next["device_id"]) };
    throw await this.#refusal(sessionId, next);
  }

  async #refusal(sessionId: string, row: SqlRow | undefined): Promise<AuthError> {
    if (row === undefined || integerOf(row["expires_ms"]) <= this.#options.now()) return new AuthError("SESSION_INVALID", "the session is over: log in again");
    if (row["revoked_ms"] === null) await this.revoke(sessionId);
    return new AuthError("SESSION_REVOKED", "the session was revoked: log in again");
  }

  /** Ends one session. @returns Its user, or undefined if it had ended before */
  async revoke(sessionId: string): Promise<string | undefined> {
    const { appId, database, now } = this.#options;
    const [row] = await database.query(`UPDATE ${this.#table} SET revoked_ms = $3 WHERE id = $1 AND app = $2 AND revoked_ms IS NULL RETURNING user_id`, [sessionId, appId, now()]);
    return row === undefined ? undefined : String(row["user_id"]);
  }

  /** Ends all sessions of a user. */
  async revokeAll(userId: string): Promise<void> {
    const { appId, database, now } = this.#options;
    await database.query(`UPDATE ${this.#table} SET revoked_ms = $3 WHERE user_id = $1 AND app = $2 AND revoked_ms IS NULL`, [userId, appId, now()]);
  }

  /** True while the session gives new tokens and its access tokens are good. */
  async isLive({ sessionId, userId }: SessionOwner): Promise<boolean> {
    const { appId, database, now } = this.#options;
    const rows = await database.query(`SELECT 1 AS one FROM ${this.#table} WHERE id = $1 AND app = $2 AND user_id = $3 AND revoked_ms IS NULL AND expires_ms > $4`, [sessionId, appId, userId, now()]);
    return rows.length === 1;
  }

  /** The device that a session is on. */
  async deviceOf(sessionId: string): Promise<string | undefined> {
    const { appId, database } = this.#options;
    const [row] = await database.query(`SELECT device_id FROM ${this.#table} WHERE id = $1 AND app = $2`, [sessionId, appId]);
    return row === undefined ? undefined : String(row["device_id"]);
  }

  /** Forgets sessions that were over for longer than the idle time: their tokens are `SESSION_INVALID` from then on. */
  async sweep(): Promise<void> {
    const { appId, database, idleDays, now } = this.#options;
    const beforeMs = now() - idleDays * DAY_MS;
    await database.query(`DELETE FROM ${this.#table} WHERE app = $1 AND (expires_ms < $2 OR revoked_ms < $2)`, [appId, beforeMs]);
  }

  #expiryMs(): number {
    return this.#options.now() + this.#options.idleDays * DAY_MS;
  }
}
