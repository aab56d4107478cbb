/**
 * API keys of users: random secrets, kept as hashes, that can be disabled and deleted.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import { refused, textField } from "./credential-provider.ts";
import { isSameText } from "./tokens.ts";
import { integerOf, tableName } from "./user-database.ts";
import type { SqlRow, UserDatabase } from "./user-database.ts";

/** An API key as its user sees it. */
export interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly disabled: boolean;
  /** Only in the answer to its creation. */
  readonly key?: string;
}

const MAX_NAME = 128;
const MAX_KEYS = 20;

/** The API keys of an application's users. */
export class ApiKeys {
  readonly #appId: string;
  readonly #database: UserDatabase;
  readonly #now: () => number;
  readonly #table: string;

  constructor({ appId, database, now }: { readonly appId: string; readonly database: UserDatabase; readonly now: () => number }) {
    this.#appId = appId;
    this.#database = database;
    this.#now = now;
    this.#table = tableName(database, "api_key");
  }

  /** Makes one. @throws {AuthError} `NAME_TAKEN`, `REQUEST_INVALID` */
  async create(userId: string, name: string): Promise<ApiKeyView> {
    if (name === "" || name.length > MAX_NAME) throw new AuthError("REQUEST_INVALID", `an API key's name has 1 to ${MAX_NAME} characters`);
    if ((await this.list(userId)).length >= MAX_KEYS) throw new AuthError("REQUEST_INVALID", `a user can have ${MAX_KEYS} API keys at the most`);
    const id = randomBytes(12).toString("hex");
    const secret = randomBytes(32).toString("base64url");
    const rows = await this.#database.query(
      `INSERT INTO ${this.#table} (app, id, user_id, name, secret_hash, created_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
      [this.#appId, id, userId, name, hashOf(secret), this.#now()],
    );
    if (rows.length === 0) throw new AuthError("NAME_TAKEN", "the user has an API key of this name already");
    return { id, name, disabled: false, key: `hfk_${id}_${secret}` };
  }

  /** All of a user's keys, without their secrets. */
  async list(userId: string): Promise<readonly ApiKeyView[]> {
    const rows = await this.#database.query(`SELECT id, name, is_disabled FROM ${this.#table} WHERE app = $1 AND user_id = $2 ORDER BY created_ms, id`, [this.#appId, userId]);
    return rows.map(view);
  }

  /** One of a user's keys. @throws {AuthError} `API_KEY_UNKNOWN` */
  async fetch(userId: string, id: string): Promise<ApiKeyView> {
    const [row] = await this.#database.query(`SELECT id, name, is_disabled FROM ${this.#table} WHERE app = $1 AND user_id = $2 AND id = $3`, [this.#appId, userId, id]);
    if (row === undefined) throw unknown();
    return view(row);
  }

  /** @throws {AuthError} `API_KEY_UNKNOWN` */
  async setDisabled(userId: string, id: string, isDisabled: boolean): Promise<void> {
    const rows = await this.#database.query(`UPDATE ${this.#table} SET is_disabled = $4 WHERE app = $1 AND user_id = $2 AND id = $3 RETURNING id`, [this.#appId, userId, id, isDisabled ? 1 : 0]);
    if (rows.length === 0) throw unknown();
  }

  /** @throws {AuthError} `API_KEY_UNKNOWN` */
  async delete(userId: string, id: string): Promise<void> {
    const rows = await this.#database.query(`DELETE FROM ${this.#table} WHERE app = $1 AND user_id = $2 AND id = $3 RETURNING id`, [this.#appId, userId, id]);
    if (rows.length === 0) throw unknown();
  }

  /** The user whose key this is. @throws {AuthError} `CREDENTIALS_REFUSED` */
  async verify(payload: Readonly<Record<string, unknown>>): Promise<string> {
    const match = /^hfk_(?<id>[0-9a-f]{24})_(?<secret>[\w-]{43})$/u.exec(textField(payload, "key"));
    const { id = "", secret = "" } = match?.groups ?? {};
    const [row] = await this.#database.query(`SELECT user_id, secret_hash, is_disabled FROM ${this.#table} WHERE app = $1 AND id = $2`, [this.#appId, id]);
    // The secret has 256 random bits, so one hash keeps it; and it is compared whether there is such a key or not.
    const isRight = isSameText(hashOf(secret), String(row?.["secret_hash"] ?? hashOf("")));
    if (match === null || row === undefined || !isRight || integerOf(row["is_disabled"]) === 1) throw refused();
    return String(row["user_id"]);
  }
}

function hashOf(secret: string): string {
  return createHash("sha256").update("holdfast api key v1").update(secret).digest("base64url");
}

function view(row: SqlRow): ApiKeyView {
  return { id: String(row["id"]), name: String(row["name"]), disabled: integerOf(row["is_disabled"]) === 1 };
}

function unknown(): AuthError {
  return new AuthError("API_KEY_UNKNOWN", "API key not found");
}
