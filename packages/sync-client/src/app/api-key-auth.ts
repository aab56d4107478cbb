/**
 * `user.apiKeys` and `app.emailPasswordAuth`, in realm-js's shape.
 *
 * @module
 */
import { BSON, TypeAssertionError } from "@holdfast/realm";
import { AppError } from "./app-error.ts";
import type { Answer, AuthConnection, AuthRequest } from "./auth-connection.ts";
import { textOf } from "./session-answer.ts";

/** An API key. `key` is its secret, in the answer to `create` alone. */
export interface ApiKey {
  readonly _id: string;
  readonly key?: string;
  readonly name: string;
  readonly disabled: boolean;
}

/** Asks the server in the name of one user. */
export type AskAsUser = (request: Omit<AuthRequest, "accessToken">) => Promise<Answer>;

/** The API keys of a user. */
export class ApiKeyAuth {
  readonly #ask: AskAsUser;

  constructor(ask: AskAsUser) {
    this.#ask = ask;
  }

  /** Makes a key. Its secret is shown this once. */
  async create(name: string): Promise<ApiKey> {
    if (typeof name !== "string") throw new TypeAssertionError("a string", name, "name");
    return view(await this.#ask({ method: "POST", path: "/api-keys", body: { name } }));
  }

  /** One key, without its secret. */
  async fetch(id: string): Promise<ApiKey> {
    return view(await this.#ask({ method: "GET", path: `/api-keys/${checked(id)}` }));
  }

  /** All keys, without their secrets. */
  async fetchAll(): Promise<ApiKey[]> {
    const { keys } = await this.#ask({ method: "GET", path: "/api-keys" });
    if (!Array.isArray(keys)) throw new AppError("ANSWER_INVALID", "the server's answer has no usable 'keys'");
    return keys.map(view);
  }

  async delete(id: string): Promise<void> {
    await this.#ask({ method: "DELETE", path: `/api-keys/${checked(id)}` });
  }

  async enable(id: string): Promise<void> {
    await this.#ask({ method: "PUT", path: `/api-keys/${checked(id)}/enable` });
  }

  async disable(id: string): Promise<void> {
    await this.#ask({ method: "PUT", path: `/api-keys/${checked(id)}/disable` });
  }
}

/** Registration with e-mail address and password. */
export class EmailPasswordAuth {
  readonly #connection: () => AuthConnection;

  constructor(connection: () => AuthConnection) {
    this.#connection = connection;
  }

  /** Registers an address. */
  async registerUser({ email, password }: { email: string; password: string }): Promise<void> {
    if (typeof email !== "string") throw new TypeAssertionError("a string", email, "email");
    if (typeof password !== "string") throw new TypeAssertionError("a string", password, "password");
    await this.#connection().ask({ method: "POST", path: "/register", body: { email, password } });
  }

  /** Confirms an address with what the server's hook was given for it. */
  async confirmUser({ token, tokenId }: { token: string; tokenId: string }): Promise<void> {
    await this.#send("/confirm", { token: checkedText(token, "token"), token_id: checkedText(tokenId, "tokenId") });
  }

  /** Asks the server's hook for another message. Answers alike whether there is such an address or not. */
  async resendConfirmationEmail({ email }: { email: string }): Promise<void> {
    await this.#send("/confirm/send", { email: checkedText(email, "email") });
  }

  /** Realm's other name for it: here one hook serves messages and functions. */
  async retryCustomConfirmation({ email }: { email: string }): Promise<void> {
    await this.#send("/confirm/send", { email: checkedText(email, "email") });
  }

  /** Sets a new password with what the server's hook was given for it; all sessions of the user end. */
  async resetPassword({ password, token, tokenId }: { password: string; token: string; tokenId: string }): Promise<void> {
    await this.#send("/reset", { password: checkedText(password, "password"), token: checkedText(token, "token"), token_id: checkedText(tokenId, "tokenId") });
  }

  /** Asks the server's hook for a message. Answers alike whether there is such an address or not. */
  async sendResetPasswordEmail({ email }: { email: string }): Promise<void> {
    await this.#send("/reset/send", { email: checkedText(email, "email") });
  }

  /** Asks a function of the server for another password. */
  async callResetPasswordFunction({ email, password }: { email: string; password: string }, ...args: unknown[]): Promise<void> {
    await this.#send("/reset/call", { email: checkedText(email, "email"), password: checkedText(password, "password"), arguments: JSON.parse(BSON.EJSON.stringify(args, { relaxed: true })) as unknown });
  }

  async #send(path: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#connection().ask({ method: "POST", path, body });
  }
}

function checkedText(value: unknown, name: string): string {
  if (typeof value !== "string") throw new TypeAssertionError("a string", value, name);
  return value;
}

function view(answer: Answer): ApiKey {
  const key = answer["key"];
  return { _id: textOf(answer, "id"), name: textOf(answer, "name"), disabled: answer["disabled"] === true, ...(typeof key === "string" ? { key } : {}) };
}

function checked(id: string): string {
  if (typeof id !== "string" || !/^[0-9a-f]{24}$/u.test(id)) throw new TypeAssertionError("the id of an API key", id, "id");
  return id;
}
