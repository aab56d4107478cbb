/**
 * Tokens that travel by e-mail: they show that whoever brings one back reads the mail of an address.
 *
 * The server sends no mail. It makes a token, hands it to a hook of the application, and keeps its hash; a token is good once.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import { integerOf, tableName } from "./user-database.ts";
import type { SqlRunner, UserDatabase } from "./user-database.ts";

/** What a token is for. */
export type MailTokenKind = "confirm" | "reset";

/** What goes into the message; both parts come back. */
export interface MailToken {
  readonly token: string;
  readonly tokenId: string;
}

const LIFE_MS: Readonly<Record<MailTokenKind, number>> = { confirm: 86_400_000, reset: 1_800_000 };

/** Open tokens: one of a kind for each address. */
export class MailTokens {
  readonly #appId: string;
  readonly #database: UserDatabase;
  readonly #now: () => number;
  readonly #table: string;

  constructor({ appId, database, now }: { readonly appId: string; readonly database: UserDatabase; readonly now: () => number }) {
    this.#appId = appId;
    this.#database = database;
    this.#now = now;
    this.#table = tableName(database, "mail_token");
  }

  /** Makes a token; an older one of the kind is not good any more. */
  async make(email: string, kind: MailTokenKind, runner: SqlRunner = this.#database): Promise<MailToken> {
    const token = randomBytes(32).toString("base64url");
    const tokenId = randomBytes(12).toString("hex");
    await runner.query(
      `INSERT INTO ${this.#table} (app, email, kind, token_id, token_hash, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (app, email, kind) DO UPDATE SET token_id = excluded.token_id, token_hash = excluded.token_hash, expires_ms = excluded.expires_ms`,
      [this.#appId, email, kind, tokenId, hashOf(token), this.#now() + LIFE_MS[kind]],
    );
    return { token, tokenId };
  }

  /** Uses a token up. @returns The address. @throws {AuthError} `MAIL_TOKEN_INVALID` */
  async take({ token, tokenId }: MailToken, kind: MailTokenKind): Promise<string> {
    const [row] = await this.#database.query(`SELECT email, token_hash, expires_ms FROM ${this.#table} WHERE app = $1 AND kind = $2 AND token_id = $3`, [this.#appId, kind, tokenId]);
    const isGood = row !== undefined && timingSafeEqual(Buffer.from(String(row["token_hash"])), Buffer.from(hashOf(token))) && integerOf(row["expires_ms"]) > this.#now();
    if (!isGood) throw invalid();
    const email = String(row["email"]);
    // Of two who bring one token at once, one gets it.
    const taken = await this.#database.query(`DELETE FROM ${this.#table} WHERE app = $1 AND kind = $2 AND token_id = $3 RETURNING email`, [this.#appId, kind, tokenId]);
    if (taken.length === 0) throw invalid();
    return email;
  }

  /** Whether an address waits for a message to be answered. */
  async isOpen(email: string, kind: MailTokenKind): Promise<boolean> {
    const rows = await this.#database.query(`SELECT email FROM ${this.#table} WHERE app = $1 AND email = $2 AND kind = $3`, [this.#appId, email, kind]);
    return rows.length > 0;
  }

  async forget(email: string, kind: MailTokenKind): Promise<void> {
    await this.#database.query(`DELETE FROM ${this.#table} WHERE app = $1 AND email = $2 AND kind = $3`, [this.#appId, email, kind]);
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function invalid(): AuthError {
  return new AuthError("MAIL_TOKEN_INVALID", "the token is not good any more: ask for another message");
}
