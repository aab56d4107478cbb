/**
 * The keys of each user: one made at the first login, others when it is changed; kept wrapped, handed out to the user alone.
 *
 * The newest key stands in the user's row, former ones in a table of their own, until no device needs them: a device says under which
 * key all its files are. See docs/decisions/0020-changing-a-users-key.md.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import type { KeyContext, KeyProvider } from "./key-provider.ts";
import { unwrapBy, wrapUnder } from "./provider-chain.ts";
import { integerOf, tableName } from "./user-database.ts";
import type { SqlRow, SqlRunner, SqlValue, UserDatabase } from "./user-database.ts";

const KEY_BYTES = 64;
const PAGE_ROWS = 100;
const DAY_MS = 86_400_000;
/** Former keys of one user, at most. */
const MOST_FORMER = 100;
/** In the place of a device: those of users from before devices were noted. */
const UNKNOWN_DEVICES = "";

/** A key as it is stored. */
export interface WrappedKey {
  /** Names the key without telling anything about it. */
  readonly keyId: string;
  /** `<kind>:<payload>`. */
  readonly wrapped: string;
}

/** Which key: its id, and the how many-th of its user. A re-wrap changes neither. */
export interface KeyName {
  readonly keyId: string;
  readonly version: number;
}

/** A user's key in the clear. The bytes are the caller's to wipe. */
export interface IssuedKey extends KeyName {
  readonly key: Uint8Array;
  /** Versions of all keys of the user that are kept, newest first. */
  readonly versions: readonly number[];
}

/** What keys are made and kept with. */
export interface UserKeysOptions {
  readonly appId: string;
  readonly database: UserDatabase;
  /** The first one wraps; the others still open what they have wrapped. */
  readonly providers: readonly KeyProvider[];
  /** Days without a sign of a device after which no former key is kept for its sake. */
  readonly formerKeyDays: number;
  readonly now: () => number;
}

/** Makes, changes, wraps and unwraps users' keys. */
export class UserKeys {
  readonly #options: UserKeysOptions;
  readonly #database: UserDatabase;
  readonly #users: string;
  readonly #former: string;
  readonly #devices: string;

  constructor(options: UserKeysOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#users = tableName(options.database, "user");
    this.#former = tableName(options.database, "user_key");
    this.#devices = tableName(options.database, "device");
  }

  /** Wraps and unwraps a made-up key: a wrapping key that is disabled or gone is found at the start, not at the first login. */
  async check(): Promise<void> {
    const { keyId, wrapped } = await this.make("start-check");
    (await this.#unwrap("start-check", keyId, wrapped)).fill(0);
  }

  /**
   * Notes for users of whom no device is known that they may have some: their logins were before devices were noted, and one that has
   * logged out meanwhile has a file and no key.
   */
  async adoptOldUsers(): Promise<void> {
    await this.#database.query(
      `INSERT INTO ${this.#devices} (app, user_id, device_id, key_version, seen_ms) SELECT app, id, '${UNKNOWN_DEVICES}', 0, ${String(this.#options.now())} FROM ${this.#users} AS owner
       WHERE app = $1 AND key_wrapped IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${this.#devices} AS known WHERE known.app = owner.app AND known.user_id = owner.id) ON CONFLICT (app, user_id, device_id) DO NOTHING`,
      [this.#options.appId],
    );
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

  /**
   * A key of a user; makes one for a user who has none yet, and however many ask at once, all get the same.
   *
   * @param version - Of a former key; without it the newest.
   * @throws {AuthError} `KEY_UNKNOWN`
   */
  async fetch(userId: string, version?: number): Promise<IssuedKey> {
    const newest = (await this.#row(userId)) ?? (await this.#makeMissing(userId));
    // After the row: a change in between moves a key from there to here, and shows it twice rather than not at all.
    const former = await this.#database.query(`SELECT version, key_id, key_wrapped FROM ${this.#former} WHERE app = $1 AND user_id = $2 ORDER BY version DESC`, [this.#options.appId, userId]);
    const newestVersion = integerOf(newest["key_version"]);
    const found = version === undefined || version === newestVersion ? newest : former.find((row) => integerOf(row["version"]) === version);
    if (found === undefined) throw new AuthError("KEY_UNKNOWN", "the user has no key of this number, or no longer");
    const keyId = String(found["key_id"]);
    return {
      key: await this.#unwrap(userId, keyId, String(found["key_wrapped"])),
      keyId,
      version: version ?? newestVersion,
      versions: [newestVersion, ...former.map((row) => integerOf(row["version"])).filter((each) => each < newestVersion)],
    };
  }

  /**
   * Gives a user another key; the one before is kept. Changes at one time come one after the other.
   *
   * @param presentKeyId - Only if this is the newest: otherwise nothing happens, and the newest is named.
   * @throws {AuthError} `TOKEN_INVALID` without such a user, `KEY_HISTORY_FULL`
   */
  async change(userId: string, presentKeyId?: string): Promise<KeyName & { readonly isNew: boolean }> {
    // Before the transaction: the key provider may be far away.
    const next = await this.make(userId);
    return this.#database.transaction(async (runner) => {
      // Held until the end, so that changes have an order.
      const [row] = await runner.query(`UPDATE ${this.#users} SET key_version = key_version WHERE app = $1 AND id = $2 RETURNING key_id, key_wrapped, key_version`, [this.#options.appId, userId]);
      if (row === undefined) throw new AuthError("TOKEN_INVALID", "there is no such user any more");
      const version = integerOf(row["key_version"]);
      if (presentKeyId !== undefined && row["key_id"] !== null && row["key_id"] !== presentKeyId) return { keyId: String(row["key_id"]), version, isNew: false };
      if (row["key_wrapped"] !== null) await this.#keep(runner, userId, row);
      await runner.query(`UPDATE ${this.#users} SET key_id = $3, key_wrapped = $4, key_version = $5 WHERE app = $1 AND id = $2`, [this.#options.appId, userId, next.keyId, next.wrapped, version + 1]);
      return { keyId: next.keyId, version: version + 1, isNew: true };
    });
  }

  async #keep(runner: SqlRunner, userId: string, row: SqlRow): Promise<void> {
    const { appId, now } = this.#options;
    await this.#forget(runner, userId);
    const [kept] = await runner.query(`SELECT count(*) AS count FROM ${this.#former} WHERE app = $1 AND user_id = $2`, [appId, userId]);
    if (integerOf(kept?.["count"]) >= MOST_FORMER) throw new AuthError("KEY_HISTORY_FULL", `${String(MOST_FORMER)} former keys of this user are kept for devices that have not been here since: the key is not changed once more`);
    await runner.query(`INSERT INTO ${this.#former} (app, user_id, version, key_id, key_wrapped, ended_ms) VALUES ($1, $2, $3, $4, $5, $6)`, [
      appId, userId, integerOf(row["key_version"]), String(row["key_id"]), String(row["key_wrapped"]), now(),
    ]);
  }

  /** Notes that a device is there. What it has nobody knows until it says so: for its sake every former key is kept. */
  async noteDevice(userId: string, deviceId: string): Promise<void> {
    const { appId, now } = this.#options;
    await this.#database.query(
      `INSERT INTO ${this.#devices} (app, user_id, device_id, key_version, seen_ms) VALUES ($1, $2, $3, 0, $4) ON CONFLICT (app, user_id, device_id) DO UPDATE SET seen_ms = excluded.seen_ms`,
      [appId, userId, deviceId, now()],
    );
  }

  /** Notes that all files of a device are under a key, and forgets former keys that nobody needs now. @throws {AuthError} `KEY_UNKNOWN` */
  async settled({ userId, deviceId, keyId }: { readonly userId: string; readonly deviceId: string; readonly keyId: string }): Promise<void> {
    const { appId, now } = this.#options;
    await this.#database.transaction(async (runner) => {
      const values: SqlValue[] = [appId, userId, keyId];
      const [row] = await runner.query(
        `SELECT key_version AS version FROM ${this.#users} WHERE app = $1 AND id = $2 AND key_id = $3 UNION ALL SELECT version FROM ${this.#former} WHERE app = $1 AND user_id = $2 AND key_id = $3`,
        values,
      );
      if (row === undefined) throw new AuthError("KEY_UNKNOWN", "the user has no such key, or no longer");
      await runner.query(
        `INSERT INTO ${this.#devices} (app, user_id, device_id, key_version, seen_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (app, user_id, device_id) DO UPDATE SET key_version = excluded.key_version, seen_ms = excluded.seen_ms`,
        [appId, userId, deviceId, integerOf(row["version"]), now()],
      );
      await this.#forget(runner, userId);
    });
  }

  /** Forgets the former keys that no device needs that was here lately. */
  async #forget(runner: SqlRunner, userId: string): Promise<void> {
    const { appId, formerKeyDays, now } = this.#options;
    const [needed] = await runner.query(`SELECT min(key_version) AS version FROM ${this.#devices} WHERE app = $1 AND user_id = $2 AND seen_ms > $3`, [appId, userId, Math.max(0, Math.floor(now() - formerKeyDays * DAY_MS))]);
    // Nobody was here for so long: nothing that is kept for a device that may yet come is to go by itself.
    if (needed?.["version"] === null || needed?.["version"] === undefined) return;
    await runner.query(`DELETE FROM ${this.#former} WHERE app = $1 AND user_id = $2 AND version < $3`, [appId, userId, integerOf(needed["version"])]);
  }

  /** All users who have a key. */
  async *owners(): AsyncGenerator<string> {
    for (let last = ""; ; ) {
      const rows = await this.#database.query(`SELECT id FROM ${this.#users} WHERE app = $1 AND id > $2 AND key_wrapped IS NOT NULL ORDER BY id LIMIT ${String(PAGE_ROWS)}`, [this.#options.appId, last]);
      for (const row of rows) yield String(row["id"]);
      if (rows.length < PAGE_ROWS) return;
      last = String(rows.at(-1)?.["id"]);
    }
  }

  /**
   * Wraps every key of the application anew, former ones too, under the first provider. Devices notice nothing. May be ended and run again.
   *
   * @param onProgress - Told how many were wrapped so far, now and then.
   * @returns How many keys were wrapped anew.
   */
  async rewrapAll(onProgress?: (count: number) => void): Promise<number> {
    let count = 0;
    let users = 0;
    for await (const userId of this.owners()) {
      count += await this.#rewrapUser(userId);
      if (++users % PAGE_ROWS === 0) onProgress?.(count);
    }
    return count;
  }

  async #rewrapUser(userId: string): Promise<number> {
    const { appId } = this.#options;
    const wraps = async (): Promise<readonly string[]> => {
      const rows = await this.#database.query(`SELECT key_wrapped FROM ${this.#users} WHERE app = $1 AND id = $2 UNION ALL SELECT key_wrapped FROM ${this.#former} WHERE app = $1 AND user_id = $2`, [appId, userId]);
      return rows.map((row) => String(row["key_wrapped"]));
    };
    const done = new Set<string>();
    // Until there is none that was not seen: a change at the same time moves a wrap from one table to the other.
    for (let count = 0; ; ) {
      const left = (await wraps()).filter((wrap) => !done.has(wrap));
      if (left.length === 0) return count;
      for (const before of left) {
        const after = await this.#rewrap(userId, before);
        done.add(before);
        if (after === undefined) continue;
        done.add(after);
        count++;
      }
    }
  }

  /** @returns The new wrap; undefined if somebody else was faster: what they wrapped is as good. */
  async #rewrap(userId: string, before: string): Promise<string | undefined> {
    const { appId } = this.#options;
    const [row] = await this.#database.query(`SELECT key_id FROM ${this.#users} WHERE app = $1 AND id = $2 AND key_wrapped = $3 UNION ALL SELECT key_id FROM ${this.#former} WHERE app = $1 AND user_id = $2 AND key_wrapped = $3`, [appId, userId, before]);
    if (row === undefined) return undefined;
    const keyId = String(row["key_id"]);
    const key = await this.#unwrap(userId, keyId, before);
    try {
      const after = await this.#wrap(userId, keyId, key);
      for (const [table, owner] of [[this.#users, "id"], [this.#former, "user_id"]] as const) {
        const changed = await this.#database.query(`UPDATE ${table} SET key_wrapped = $4 WHERE app = $1 AND ${owner} = $2 AND key_wrapped = $3 RETURNING key_id`, [appId, userId, before, after]);
        if (changed.length > 0) return after;
      }
      return undefined;
    } finally {
      key.fill(0);
    }
  }

  async #row(userId: string): Promise<SqlRow | undefined> {
    const [row] = await this.#database.query(`SELECT key_id, key_wrapped, key_version FROM ${this.#users} WHERE app = $1 AND id = $2`, [this.#options.appId, userId]);
    if (row === undefined) throw new AuthError("TOKEN_INVALID", "there is no such user any more");
    return row["key_wrapped"] === null ? undefined : row;
  }

  /** For users from before the application issued keys. The first to write wins, in one statement. */
  async #makeMissing(userId: string): Promise<SqlRow> {
    const { keyId, wrapped } = await this.make(userId);
    await this.#database.query(`UPDATE ${this.#users} SET key_id = $3, key_wrapped = $4, key_version = 1 WHERE app = $1 AND id = $2 AND key_wrapped IS NULL`, [this.#options.appId, userId, keyId, wrapped]);
    const row = await this.#row(userId);
    if (row === undefined) throw new AuthError("AUTH_FAILED", "the key was not stored");
    return row;
  }

  async #wrap(userId: string, keyId: string, key: Uint8Array): Promise<string> {
    const [provider] = this.#options.providers;
    if (provider === undefined) throw new AuthError("KEY_NOT_ISSUED", "this application keeps its users' keys on their devices");
    return wrapUnder(provider, key, this.#context(userId, keyId));
  }

  async #unwrap(userId: string, keyId: string, stored: string): Promise<Uint8Array> {
    const answer = await unwrapBy(this.#options.providers, stored, this.#context(userId, keyId));
    if ("key" in answer) return answer.key;
    throw new AuthError("KEY_UNREADABLE", "the user's key cannot be unwrapped by any provider that is configured", { cause: answer.refusal });
  }

  #context(userId: string, keyId: string): KeyContext {
    return { databaseName: `${this.#options.appId}/user/${userId}`, keyId };
  }
}
