/**
 * The key of each user: made at the first login, kept wrapped, handed out to its user alone.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import type { KeyContext, KeyProvider } from "./key-provider.ts";
import { unwrapBy, wrapUnder } from "./provider-chain.ts";
import { integerOf, tableName } from "./user-database.ts";
import type { SqlRow, UserDatabase } from "./user-database.ts";

const KEY_BYTES = 64;
const PAGE_ROWS = 100;

/** A key as it is stored. */
export interface WrappedKey {
  /** Names the key without telling anything about it. */
  readonly keyId: string;
  /** `<kind>:<payload>`. */
  readonly wrapped: string;
}

/** A user's key in the clear. The bytes are the caller's to wipe. */
export interface IssuedKey {
  readonly key: Uint8Array;
  readonly keyId: string;
  /** Counts changes of the 64 bytes themselves; a re-wrap is none. */
  readonly version: number;
}

/** Makes, wraps and unwraps users' keys. */
export class UserKeys {
  readonly #appId: string;
  readonly #database: UserDatabase;
  readonly #providers: readonly KeyProvider[];

  /** @param providers - The first one wraps; the others still open what they have wrapped. */
  constructor({ appId, database, providers }: { readonly appId: string; readonly database: UserDatabase; readonly providers: readonly KeyProvider[] }) {
    this.#appId = appId;
    this.#database = database;
    this.#providers = providers;
  }

  /** Wraps and unwraps a made-up key: a wrapping key that is disabled or gone is found at the start, not at the first login. */
  async check(): Promise<void> {
    const { keyId, wrapped } = await this.make("start-check");
    (await this.#unwrap("start-check", keyId, wrapped)).fill(0);
  }

  /** A new key from the system's random generator, wrapped for one user. Writes nothing. */
  async make(userId: string): Promise<WrappedKey> {
    const key = randomBytes(KEY_BYTES);
    try {
      const keyId = randomBytes(16).toString("base64url");
      return { keyId, wrapped: await this.#wrap(userId, keyId, key) };
    } finally {
      key.fill(0);
    }
  }

  /** The key of a user; makes one for a user who has none yet, and however many ask at once, all get the same. */
  async fetch(userId: string): Promise<IssuedKey> {
    const row = (await this.#row(userId)) ?? (await this.#makeMissing(userId));
    const keyId = String(row["key_id"]);
    return { key: await this.#unwrap(userId, keyId, String(row["key_wrapped"])), keyId, version: integerOf(row["key_version"]) };
  }

  /**
   * Wraps every key of the application anew, under the first provider. Devices notice nothing. May be ended and run again.
   *
   * @param onProgress - Told how many were wrapped so far, now and then.
   * @returns How many keys were wrapped anew.
   */
  async rewrapAll(onProgress?: (count: number) => void): Promise<number> {
    let count = 0;
    for (let last = ""; ; ) {
      const rows = await this.#database.query(
        `SELECT id, key_id, key_wrapped FROM ${tableName(this.#database, "user")} WHERE app = $1 AND id > $2 AND key_wrapped IS NOT NULL ORDER BY id LIMIT ${PAGE_ROWS}`,
        [this.#appId, last],
      );
      for (const row of rows) if (await this.#rewrap(row)) count++;
      if (rows.length < PAGE_ROWS) return count;
      onProgress?.(count);
      last = String(rows.at(-1)?.["id"]);
    }
  }

  async #rewrap(row: SqlRow): Promise<boolean> {
    const userId = String(row["id"]);
    const keyId = String(row["key_id"]);
    const before = String(row["key_wrapped"]);
    const key = await this.#unwrap(userId, keyId, before);
    try {
      const after = await this.#wrap(userId, keyId, key);
      // Only if nobody else was faster: what they wrapped is as good.
      const changed = await this.#database.query(`UPDATE ${tableName(this.#database, "user")} SET key_wrapped = $4 WHERE app = $1 AND id = $2 AND key_wrapped = $3 RETURNING id`, [this.#appId, userId, before, after]);
      return changed.length === 1;
    } finally {
      key.fill(0);
    }
  }

  async #row(userId: string): Promise<SqlRow | undefined> {
    const [row] = await this.#database.query(`SELECT key_id, key_wrapped, key_version FROM ${tableName(this.#database, "user")} WHERE app = $1 AND id = $2`, [this.#appId, userId]);
    if (row === undefined) throw new AuthError("TOKEN_INVALID", "there is no such user any more");
    return row["key_wrapped"] === null ? undefined : row;
  }

  /** For users from before the application issued keys. The first to write wins, in one statement. */
  async #makeMissing(userId: string): Promise<SqlRow> {
    const { keyId, wrapped } = await this.make(userId);
    await this.#database.query(`UPDATE ${tableName(this.#database, "user")} SET key_id = $3, key_wrapped = $4, key_version = 1 WHERE app = $1 AND id = $2 AND key_wrapped IS NULL`, [this.#appId, userId, keyId, wrapped]);
    const row = await this.#row(userId);
    if (row === undefined) throw new AuthError("AUTH_FAILED", "the key was not stored");
    return row;
  }

  async #wrap(userId: string, keyId: string, key: Uint8Array): Promise<string> {
    const [provider] = this.#providers;
    if (provider === undefined) throw new AuthError("KEY_NOT_ISSUED", "this application keeps its users' keys on their devices");
    return wrapUnder(provider, key, this.#context(userId, keyId));
  }

  async #unwrap(userId: string, keyId: string, stored: string): Promise<Uint8Array> {
    const answer = await unwrapBy(this.#providers, stored, this.#context(userId, keyId));
    if ("key" in answer) return answer.key;
    throw new AuthError("KEY_UNREADABLE", "the user's key cannot be unwrapped by any provider that is configured", { cause: answer.refusal });
  }

  #context(userId: string, keyId: string): KeyContext {
    return { databaseName: `${this.#appId}/user/${userId}`, keyId };
  }
}
