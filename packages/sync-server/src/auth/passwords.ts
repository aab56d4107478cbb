/**
 * E-mail addresses and passwords: argon2id through `hash-wasm`, and the same work and words whether there is such a user or not.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { argon2id, argon2Verify } from "hash-wasm";
import { AuthError } from "./auth-error.ts";
import { refused, textField } from "./credential-provider.ts";
import { tableName } from "./user-database.ts";
import type { EmailPasswordOptions } from "./email-password.ts";
import type { SqlRunner, UserDatabase } from "./user-database.ts";

/** OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane. */
const COST = { memorySize: 19_456, iterations: 2, parallelism: 1, hashLength: 32 } as const;
const SALT_BYTES = 16;
const MIN_LENGTH = 6;
const MAX_LENGTH = 128;
const MAX_EMAIL = 254;
/** Passwords that wait for their turn, or have it: more would wait longer than anybody does. */
const MAX_WAITING = 32;
const RETRY_SECONDS = 5;

/** The passwords of one application. */
export class Passwords {
  readonly #appId: string;
  readonly #database: UserDatabase;
  readonly #options: Pick<EmailPasswordOptions, "mayRegister">;
  readonly #table: string;
  /** A hash that no password has: compared with where there is no user. */
  #decoy: Promise<string> | undefined;
  /** Hashing takes its memory and the thread: one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ appId, database, options }: { readonly appId: string; readonly database: UserDatabase; readonly options: Pick<EmailPasswordOptions, "mayRegister"> }) {
    this.#appId = appId;
    this.#database = database;
    this.#options = options;
    this.#table = tableName(database, "password");
  }

  /** Registers an address; `also` is done with it or not at all. @throws {AuthError} `NAME_TAKEN`, `PASSWORD_INVALID`, `CREDENTIALS_REFUSED` */
  async register(payload: Readonly<Record<string, unknown>>, also?: (runner: SqlRunner) => Promise<void>): Promise<void> {
    const { email, password } = read(payload);
    this.check(password);
    if (email.length > MAX_EMAIL || !/^[^\s@]+@[^\s@]+$/u.test(email)) throw new AuthError("REQUEST_INVALID", "expected 'email' to be an e-mail address");
    if ((await this.#options.mayRegister?.(email)) === false) throw refused();
    const hash = await this.#hash(password);
    await this.#database.transaction(async (runner) => {
      const rows = await runner.query(`INSERT INTO ${this.#table} (app, email, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING email`, [this.#appId, email, hash]);
      if (rows.length === 0) throw new AuthError("NAME_TAKEN", "name already in use");
      await also?.(runner);
    });
  }

  /** @throws {AuthError} `PASSWORD_INVALID` */
  check(password: string): void {
    if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) throw new AuthError("PASSWORD_INVALID", `password must be between ${MIN_LENGTH} and ${MAX_LENGTH} characters`);
  }

  /** Whether an address is registered. */
  async has(email: string): Promise<boolean> {
    return (await this.#database.query(`SELECT email FROM ${this.#table} WHERE app = $1 AND email = $2`, [this.#appId, email])).length > 0;
  }

  /** Takes a registration back. */
  async remove(email: string): Promise<void> {
    await this.#database.query(`DELETE FROM ${this.#table} WHERE app = $1 AND email = $2`, [this.#appId, email]);
  }

  /** The address, if the password is its own. @throws {AuthError} `CREDENTIALS_REFUSED` */
  async verify(payload: Readonly<Record<string, unknown>>): Promise<string> {
    const { email, password } = read(payload);
    const [row] = await this.#database.query(`SELECT hash FROM ${this.#table} WHERE app = $1 AND email = $2`, [this.#appId, email]);
    // Not in turn: it is made once, and must not be refused.
    this.#decoy ??= hashOf(randomBytes(32).toString("hex"));
    const hash = row === undefined ? await this.#decoy : String(row["hash"]);
    const isRight = await this.#inTurn(() => argon2Verify({ password: password.slice(0, MAX_LENGTH), hash }));
    if (row === undefined || !isRight || password.length > MAX_LENGTH) throw new AuthError("CREDENTIALS_REFUSED", "invalid username/password");
    return email;
  }

  /** Puts another password in the place of the old one; for the operator, who has made sure who asks. @returns False without such a user. */
  async replace(email: string, password: string): Promise<boolean> {
    this.check(password);
    const hash = await this.#hash(password.normalize("NFC"));
    const rows = await this.#database.query(`UPDATE ${this.#table} SET hash = $3 WHERE app = $1 AND email = $2 RETURNING email`, [this.#appId, normalized(email), hash]);
    return rows.length === 1;
  }

  #hash(password: string): Promise<string> {
    return this.#inTurn(() => hashOf(password));
  }

  /** @throws {AuthError} `RATE_LIMITED` if too many wait already */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MAX_WAITING) throw new AuthError("RATE_LIMITED", "too many attempts: try again later", { retryAfterSeconds: RETRY_SECONDS });
    this.#waiting += 1;
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function hashOf(password: string): Promise<string> {
  return argon2id({ password, salt: randomBytes(SALT_BYTES), ...COST, outputType: "encoded" });
}

/** One address, one spelling. */
export function normalized(email: string): string {
  return email.normalize("NFC").trim().toLowerCase();
}

function read(payload: Readonly<Record<string, unknown>>): { readonly email: string; readonly password: string } {
  return { email: normalized(textField(payload, "email")), password: textField(payload, "password").normalize("NFC") };
}
