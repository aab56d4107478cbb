/**
 * Users and what they log in with, as they are stored.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import { integerOf, jsonOf, tableName } from "./user-database.ts";
import type { SqlRow, SqlRunner, UserDatabase } from "./user-database.ts";
import type { WrappedKey } from "./user-keys.ts";

/** JSON that an application keeps with a user, and that permissions can ask for. */
export type CustomData = Readonly<Record<string, unknown>>;

/** One of the things that a user logs in with. */
export interface Identity {
  /** Name of the provider, such as `anon-user` or `oidc`. */
  readonly provider: string;
  /** Who this is to the provider. */
  readonly subject: string;
}

/** A user as the application sees one. */
export interface UserRecord {
  readonly id: string;
  readonly customData: CustomData;
  readonly profile: CustomData;
  readonly identities: readonly Identity[];
  readonly isDisabled: boolean;
  readonly isTriggerDone: boolean;
  /** Which key is the newest one; undefined while the server has made none. */
  readonly key?: { readonly keyId: string; readonly version: number };
}

/** The users of one application. */
export class UserRecords {
  readonly #appId: string;
  readonly #database: UserDatabase;
  readonly #now: () => number;
  readonly #users: string;
  readonly #identities: string;

  constructor({ appId, database, now }: { readonly appId: string; readonly database: UserDatabase; readonly now: () => number }) {
    this.#appId = appId;
    this.#database = database;
    this.#now = now;
    this.#users = tableName(database, "user");
    this.#identities = tableName(database, "identity");
  }

  /**
   * The user behind an identity; at the first login a new one, with a key if `makeKey` is given.
   *
   * However many logins arrive at once, on however many servers: one of them stores identity, user and key in one transaction, and
   * all get that user.
   */
  async findOrCreate(identity: Identity, makeKey: ((userId: string) => Promise<WrappedKey>) | undefined): Promise<{ readonly userId: string; readonly isNew: boolean }> {
    for (;;) {
      const known = await this.findByIdentity(identity);
      if (known !== undefined) return { userId: known, isNew: false };
      // The key is wrapped before the transaction begins: a service may take its time, and a transaction may not.
      const candidateId = randomBytes(12).toString("hex");
      const key = await makeKey?.(candidateId);
      const userId = await this.#database.transaction((runner) => this.#insert(runner, { identity, candidateId, key }));
      if (userId !== undefined) return { userId, isNew: userId === candidateId };
    }
  }

  async #insert(runner: SqlRunner, { identity, candidateId, key }: { readonly identity: Identity; readonly candidateId: string; readonly key: WrappedKey | undefined }): Promise<string | undefined> {
    // DO UPDATE and not DO NOTHING: only so does the loser of a race see the winner's row in its own statement.
    const [row] = await runner.query(
      `INSERT INTO ${this.#identities} AS known (app, provider, subject, user_id, created_ms) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (app, provider, subject) DO UPDATE SET subject = excluded.subject RETURNING user_id`,
      [this.#appId, identity.provider, identity.subject, candidateId, this.#now()],
    );
    const userId = String(row?.["user_id"]);
    if (userId !== candidateId) return userId;
    await runner.query(
      `INSERT INTO ${this.#users} (app, id, created_ms, last_login_ms, custom_data, profile, key_version, key_id, key_wrapped) VALUES ($1, $2, $3, $3, '{}', '{}', $4, $5, $6)`,
      [this.#appId, userId, this.#now(), key === undefined ? 0 : 1, key?.keyId ?? null, key?.wrapped ?? null],
    );
    return userId;
  }

  /** The id of the user who has an identity. */
  async findByIdentity({ provider, subject }: Identity): Promise<string | undefined> {
    const [row] = await this.#database.query(`SELECT user_id FROM ${this.#identities} WHERE app = $1 AND provider = $2 AND subject = $3`, [this.#appId, provider, subject]);
    return row === undefined ? undefined : String(row["user_id"]);
  }

  /** Gives a user one more identity. @throws {AuthError} `IDENTITY_TAKEN` if it is another user's */
  async link(userId: string, { provider, subject }: Identity): Promise<void> {
    await this.#database.transaction(async (runner) => {
      // Held until the end, so that the user is not deleted meanwhile.
      const held = await runner.query(`UPDATE ${this.#users} SET last_login_ms = last_login_ms WHERE app = $1 AND id = $2 RETURNING id`, [this.#appId, userId]);
      if (held.length === 0) throw new AuthError("TOKEN_INVALID", "there is no such user any more");
      const [row] = await runner.query(
        `INSERT INTO ${this.#identities} AS known (app, provider, subject, user_id, created_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (app, provider, subject) DO UPDATE SET subject = excluded.subject RETURNING user_id`,
        [this.#appId, provider, subject, userId, this.#now()],
      );
      if (row?.["user_id"] !== userId) throw new AuthError("IDENTITY_TAKEN", "a user already exists with the specified provider");
    });
  }

  /** A user, or undefined. */
  async read(userId: string): Promise<UserRecord | undefined> {
    const [row] = await this.#database.query(`SELECT id, custom_data, profile, is_disabled, trigger_done, key_id, key_version FROM ${this.#users} WHERE app = $1 AND id = $2`, [this.#appId, userId]);
    if (row === undefined) return undefined;
    const identities = await this.#database.query(`SELECT provider, subject FROM ${this.#identities} WHERE app = $1 AND user_id = $2 ORDER BY created_ms, provider, subject`, [this.#appId, userId]);
    return {
      id: String(row["id"]),
      customData: jsonOf(row["custom_data"]),
      profile: jsonOf(row["profile"]),
      identities: identities.map((identity: SqlRow) => ({ provider: String(identity["provider"]), subject: String(identity["subject"]) })),
      isDisabled: integerOf(row["is_disabled"]) === 1,
      isTriggerDone: integerOf(row["trigger_done"]) === 1,
      ...(row["key_id"] === null ? {} : { key: { keyId: String(row["key_id"]), version: integerOf(row["key_version"]) } }),
    };
  }

  /** Notes a login; a profile that came with it takes the place of the last one. */
  async noteLogin(userId: string, profile: CustomData | undefined): Promise<void> {
    const set = profile === undefined ? "" : ", profile = $4";
    await this.#database.query(`UPDATE ${this.#users} SET last_login_ms = $3${set} WHERE app = $1 AND id = $2`, [this.#appId, userId, this.#now(), ...(profile === undefined ? [] : [JSON.stringify(profile)])]);
  }

  /** Replaces a user's custom data. @returns False if there is no such user. */
  async setCustomData(userId: string, customData: CustomData): Promise<boolean> {
    return this.#update(userId, "custom_data = $3", JSON.stringify(customData));
  }

  /** Keeps a user from logging in and from syncing, or lets it again. */
  async setDisabled(userId: string, isDisabled: boolean): Promise<boolean> {
    return this.#update(userId, "is_disabled = $3", isDisabled ? 1 : 0);
  }

  /** Takes the turn to run the first login's trigger, for a while. @returns False if it has run, or somebody else has the turn. */
  async takeTrigger(userId: string, leaseMs: number): Promise<boolean> {
    const nowMs = this.#now();
    const rows = await this.#database.query(
      `UPDATE ${this.#users} SET trigger_lease_ms = $4 WHERE app = $1 AND id = $2 AND trigger_done = 0 AND trigger_lease_ms < $3 RETURNING id`,
      [this.#appId, userId, nowMs, nowMs + leaseMs],
    );
    return rows.length === 1;
  }

  /** Ends the turn: the trigger has run, or has failed and is free for the next login. */
  async endTrigger(userId: string, isDone: boolean): Promise<void> {
    await this.#database.query(`UPDATE ${this.#users} SET trigger_done = $3, trigger_lease_ms = 0 WHERE app = $1 AND id = $2`, [this.#appId, userId, isDone ? 1 : 0]);
  }

  /** Deletes a user with keys, identities, sessions, API keys and passwords. Its objects are the application's to delete. */
  async delete(userId: string): Promise<void> {
    const table = (name: Parameters<typeof tableName>[1]): string => tableName(this.#database, name);
    await this.#database.transaction(async (runner) => {
      await runner.query(`DELETE FROM ${this.#users} WHERE app = $1 AND id = $2`, [this.#appId, userId]);
      for (const name of ["password", "mail_token"] as const) {
        await runner.query(`DELETE FROM ${table(name)} WHERE app = $1 AND email IN (SELECT subject FROM ${this.#identities} WHERE app = $1 AND user_id = $2 AND provider = 'local-userpass')`, [this.#appId, userId]);
      }
      for (const name of ["identity", "session", "api_key", "user_key", "device"] as const) await runner.query(`DELETE FROM ${table(name)} WHERE app = $1 AND user_id = $2`, [this.#appId, userId]);
    });
  }

  async #update(userId: string, assignment: string, value: string | number): Promise<boolean> {
    const rows = await this.#database.query(`UPDATE ${this.#users} SET ${assignment} WHERE app = $1 AND id = $2 RETURNING id`, [this.#appId, userId, value]);
    return rows.length === 1;
  }
}
